"""What one page of /metrics says, and what happened between two of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.fleet.telemetry._histogram import Histogram

__all__ = ["Interval", "MetricsSample", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSample:
    """One reading of /metrics, all engines of the server together. None is unknown, never zero.

    Attributes:
        model_names: every `model_name` label, sorted.
        engines: engines behind the server (data parallel ranks).
        running, waiting, swapped: sequences now, summed over engines.
        waiting_by_reason: waiting sequences by reason (capacity, deferred), where it is told apart.
        kv_utilisation: share of KV blocks in use, 0..1, mean over engines.
        kv_blocks: KV blocks of the server. vLLM counts one that it never uses.
        block_tokens: tokens a block holds.
        kv_tokens: tokens the KV cache holds, as the server says it, else blocks times block size.
        prompt_tokens, generation_tokens: tokens since the start.
        preemptions: since the start.
        prefix_queries, prefix_hits: looked up and found in the prefix cache since the start;
            tokens, but blocks in 0.8, so that only their ratio compares across versions.
        ttft, itl, tpot, e2e, queue: seconds since the start. `itl` is one value per gap between
            tokens (called time_per_output_token in 0.6 and 0.8), `tpot` one per request.
    """

    model_names: tuple[str, ...] = ()
    engines: int = 1
    running: int | None = None
    waiting: int | None = None
    swapped: int | None = None
    waiting_by_reason: Mapping[str, int] | None = None
    kv_utilisation: float | None = None
    kv_blocks: int | None = None
    block_tokens: int | None = None
    kv_tokens: int | None = None
    prompt_tokens: int | None = None
    generation_tokens: int | None = None
    preemptions: int | None = None
    prefix_queries: int | None = None
    prefix_hits: int | None = None
    ttft: Histogram | None = None
    itl: Histogram | None = None
    tpot: Histogram | None = None
    e2e: Histogram | None = None
    queue: Histogram | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """What happened between two readings; the fields mean what they mean in `MetricsSample`.

    Attributes:
        restarted: a counter ran back, so the server started again in between, and the fields hold
            what happened since then. What it did between the earlier reading and its end is lost.
    """

    restarted: bool
    prompt_tokens: int | None
    generation_tokens: int | None
    preemptions: int | None
    prefix_queries: int | None
    prefix_hits: int | None
    ttft: Histogram | None
    itl: Histogram | None
    tpot: Histogram | None
    e2e: Histogram | None
    queue: Histogram | None


def difference(later: MetricsSample, earlier: MetricsSample) -> Interval:
    """Return what one server did between two readings.

    A field is None where either reading lacks it: how much of the later value belongs to the
    interval is then unknown. After a restart all of the later value does.
    """
    again = _restarted(later, earlier)
    return Interval(
        restarted=again,
        prompt_tokens=_gain(later.prompt_tokens, earlier.prompt_tokens, again),
        generation_tokens=_gain(later.generation_tokens, earlier.generation_tokens, again),
        preemptions=_gain(later.preemptions, earlier.preemptions, again),
        prefix_queries=_gain(later.prefix_queries, earlier.prefix_queries, again),
        prefix_hits=_gain(later.prefix_hits, earlier.prefix_hits, again),
        ttft=_observed(later.ttft, earlier.ttft, again),
        itl=_observed(later.itl, earlier.itl, again),
        tpot=_observed(later.tpot, earlier.tpot, again),
        e2e=_observed(later.e2e, earlier.e2e, again),
        queue=_observed(later.queue, earlier.queue, again),
    )


def _restarted(later: MetricsSample, earlier: MetricsSample) -> bool:
    counters = zip(_counters(later), _counters(earlier), strict=True)
    histograms = zip(_histograms(later), _histograms(earlier), strict=True)
    fell = any(now is not None and then is not None and now < then for now, then in counters)
    return fell or any(
        now is not None and then is not None and not now.continues(then) for now, then in histograms
    )


def _counters(sample: MetricsSample) -> tuple[int | None, ...]:
    tokens = (sample.prompt_tokens, sample.generation_tokens)
    return (*tokens, sample.preemptions, sample.prefix_queries, sample.prefix_hits)


def _histograms(sample: MetricsSample) -> tuple[Histogram | None, ...]:
    return sample.ttft, sample.itl, sample.tpot, sample.e2e, sample.queue


def _gain(now: int | None, then: int | None, restarted: bool) -> int | None:
    if now is None or restarted:
        return now
    return None if then is None else now - then


def _observed(now: Histogram | None, then: Histogram | None, restarted: bool) -> Histogram | None:
    if now is None or restarted:
        return now
    return None if then is None else now.since(then)
