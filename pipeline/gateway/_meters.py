"""What the gateway tells Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.fleet import Fleet
from pipeline.gateway._ticket import Decided, Ticket
from pipeline.scheduling import told_values

__all__ = ["Gauge", "Meters"]

_SECONDS = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0,
)  # fmt: skip
_ERRORS = (-20.0, -5.0, -2.0, -1.0, -0.5, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
           5.0, 20.0)  # fmt: skip
_TOKENS = (-500.0, -200.0, -100.0, -50.0, -20.0, 0.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Gauge(NamedTuple):
    """A number of the present, of one instance or of the gateway."""

    name: str
    meaning: str
    value: float
    instance: str = ""


class Meters:
    """Counts what has ended, and asks for the rest when it is read.

    Args:
        gauges: reads the present.
        fleet: the instances.
    """

    def __init__(self, gauges: Callable[[], Iterable[Gauge]], fleet: Fleet) -> None:
        self._registry = CollectorRegistry()
        self._fleet = fleet
        self._registry.register(_Present(gauges))
        ProcessCollector(registry=self._registry)
        self._requests = self._counter("requests", "Requests that ended.", "arm", "http", "outcome")
        self._retries = self._counter("retries", "Attempts after the first.", "arm")
        self._tokens = self._counter("output_tokens", "Tokens that came.", "arm", "model")
        self._decision = self._histogram(
            "decision_seconds", "From the close of a batch to its decision.", _SECONDS, "arm"
        )
        self._wait = self._histogram(
            "wait_seconds", "From the arrival of a request to its decision.", _SECONDS, "arm"
        )
        self._batch = self._histogram("batch_size", "Requests decided together.", _SIZES, "arm")
        each = "arm", "model"
        self._ttft = self._histogram(
            "ttft_seconds", "From dispatch to the first token.", _SECONDS, *each
        )
        self._quality = self._histogram(
            "predicted_quality", "Of what was chosen.", [i / 10 for i in range(1, 11)], *each
        )
        self._errors = {
            name: self._histogram(f"{name}_error", f"Predicted less actual {what}.", buckets, *each)
            for name, what, buckets in (
                ("ttft", "time to first token, s", _ERRORS),
                ("e2e", "time to the last token, s", _ERRORS),
                ("length", "output tokens", _TOKENS),
            )
        }

    def page(self) -> bytes:
        """The text of /metrics."""
        return generate_latest(self._registry)

    def ended(self, ticket: Ticket, arm: str) -> None:
        """Count a request."""
        decided = ticket.decided
        arm = arm if decided is None else decided.parts.choice.arm
        self._requests.labels(
            arm, "none" if ticket.http is None else str(ticket.http), ticket.outcome
        ).inc()
        if decided is None:
            return
        self._retries.labels(arm).inc(ticket.attempts - 1)
        self._decision.labels(arm).observe(decided.at - decided.started)
        self._wait.labels(arm).observe(decided.at - ticket.came)
        self._batch.labels(arm).observe(decided.batch_size)
        self._compare(ticket, decided, arm)

    def _compare(self, ticket: Ticket, decided: Decided, arm: str) -> None:
        """Hold what was predicted against what came of it."""
        labels = arm, self._fleet.models[decided.instance]
        self._tokens.labels(*labels).inc(ticket.tokens)
        if ticket.outcome != "ok" or ticket.first_token is None:
            return
        assert ticket.dispatched is not None
        assert ticket.done is not None
        told = self._predicted(decided)
        actual = {"length": float(ticket.tokens), "e2e": ticket.done - ticket.dispatched}
        if ticket.asked.stream:
            actual["ttft"] = ticket.first_token - ticket.dispatched
            self._ttft.labels(*labels).observe(actual["ttft"])
        for name, value in actual.items():
            predicted = told.get(f"predicted_{name}")
            if predicted is not None:
                self._errors[name].labels(*labels).observe(predicted - value)
        quality = told.get("predicted_quality")
        if quality is not None:
            self._quality.labels(*labels).observe(quality)

    def _predicted(self, decided: Decided) -> dict[str, float | None]:
        reads = decided.parts.arm.reads_prompt
        model = self._fleet.model_index[decided.instance] if reads else None
        return told_values(decided.assignment, decided.estimates, model)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"routebalance_{name}", meaning, labels, registry=self._registry)

    def _histogram(
        self, name: str, meaning: str, buckets: Sequence[float], *labels: str
    ) -> Histogram:
        return Histogram(
            f"routebalance_{name}", meaning, labels, buckets=buckets, registry=self._registry
        )


class _Present(Collector):
    def __init__(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, meaning, value, instance in self._gauges():
            labels = ["instance"] if instance else []
            if name not in families:
                families[name] = GaugeMetricFamily(f"routebalance_{name}", meaning, labels=labels)
            families[name].add_metric([instance] if instance else [], value)
        yield from families.values()
