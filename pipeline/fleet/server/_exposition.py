"""The text of /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isinf

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from pipeline.fleet import BLOCK_TOKENS, Telemetry
from pipeline.fleet.server._metrics import Counts, Histogram

__all__ = ["CacheConfig", "exposition"]

_LABELS = ["model_name", "engine"]
_ENGINE = "0"


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """What `vllm:cache_config_info` says."""

    kv_tokens: int
    prefix_caching: bool


def exposition(model: str, cache: CacheConfig, counts: Counts, state: Telemetry) -> bytes:
    """Return what one instance exposes, in the Prometheus text format.

    Args:
        model: value of the label model_name.
        cache: size and kind of the KV cache.
        counts: counters and histograms.
        state: of the engine now; counters in it must count since the instance came up.
    """
    registry = CollectorRegistry()
    registry.register(_Page(model, cache, counts, state))
    return generate_latest(registry)


class _Page(Collector):
    def __init__(self, model: str, cache: CacheConfig, counts: Counts, state: Telemetry) -> None:
        self._labels = [model, _ENGINE]
        self._cache, self._counts, self._state = cache, counts, state

    def collect(self) -> Iterator[Metric]:
        yield from self._gauges()
        yield from self._counters()
        for name, meaning, histogram in self._counts.histograms():
            yield self._histogram(name, meaning, histogram)
        yield self._cache_info()

    def _gauges(self) -> Iterator[Metric]:
        state = self._state
        waiting = "Requests waiting to be served"
        yield self._gauge("num_requests_running", "Requests being served.", state.running)
        yield self._gauge("num_requests_waiting", f"{waiting}.", state.waiting)
        yield self._gauge(
            "kv_cache_usage_perc", "Share of the KV cache in use.", state.kv_utilisation
        )
        name = "vllm:num_requests_waiting_by_reason"
        split = GaugeMetricFamily(name, f"{waiting}, by reason.", labels=[*_LABELS, "reason"])
        split.add_metric([*self._labels, "capacity"], state.waiting)
        split.add_metric([*self._labels, "deferred"], 0)
        yield split

    def _counters(self) -> Iterator[Metric]:
        counts, state = self._counts, self._state
        for name, meaning, value in (
            ("prompt_tokens", "Prompt tokens computed.", counts.prompt_tokens),
            ("generation_tokens", "Output tokens.", counts.generation_tokens),
            ("num_preemptions", "Preemptions.", state.preemptions),
            ("prefix_cache_queries", "Prompt tokens looked up.", state.prefix_queries),
            ("prefix_cache_hits", "Prompt tokens found.", state.prefix_hits),
        ):
            family = CounterMetricFamily(f"vllm:{name}", meaning, labels=_LABELS)
            family.add_metric(self._labels, value)
            yield family
        success = CounterMetricFamily(
            "vllm:request_success", "Requests that ended.", labels=[*_LABELS, "finished_reason"]
        )
        for reason, number in counts.success.items():
            success.add_metric([*self._labels, reason], number)
        yield success
        refused = CounterMetricFamily(
            "vllm:admission_rejections", "Requests refused.", labels=["model_name", "reason"]
        )
        refused.add_metric([self._labels[0], "max_num_queued_reqs"], counts.rejections)
        yield refused

    def _gauge(self, name: str, meaning: str, value: float) -> Metric:
        family = GaugeMetricFamily(f"vllm:{name}", meaning, labels=_LABELS)
        family.add_metric(self._labels, value)
        return family

    def _histogram(self, name: str, meaning: str, histogram: Histogram) -> Metric:
        family = HistogramMetricFamily(f"vllm:{name}", meaning, labels=_LABELS)
        buckets: list[tuple[str, float]] = []
        below = 0
        for bound, count in zip((*histogram.bounds, inf), histogram.counts, strict=True):
            below += count
            buckets.append(("+Inf" if isinf(bound) else repr(bound), below))
        family.add_metric(self._labels, buckets, histogram.total)
        return family

    def _cache_info(self) -> Metric:
        cache = self._cache
        labels = {
            "block_size": str(BLOCK_TOKENS),
            "num_gpu_blocks": str(cache.kv_tokens // BLOCK_TOKENS),
            "enable_prefix_caching": str(cache.prefix_caching),
            "engine": _ENGINE,
        }
        info = GaugeMetricFamily(
            "vllm:cache_config_info", "The KV cache, as labels.", labels=list(labels)
        )
        info.add_metric(list(labels.values()), 1)
        return info
