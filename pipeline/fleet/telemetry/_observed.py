"""What the outside can know of an instance, and what a router has to add to it."""

from dataclasses import dataclass

from pipeline.fleet.telemetry._link import State
from pipeline.fleet.telemetry._sample import MetricsSample

__all__ = ["Observed", "ObservedState", "to_telemetry"]


@dataclass(frozen=True, slots=True)
class Observed:
    """One instance as its reader sees it at one moment.

    Attributes:
        name: the instance.
        state: unknown (never heard of yet), fresh, stale or unreachable.
        sample: the last answer, however old; None if there never was one.
        age_s: seconds since that answer was asked for.
        failures, since, error: polls that failed in a row, when the first of them was sent (time of
            the reader's clock), and the sentence of the last.
    """

    name: str
    state: State
    sample: MetricsSample | None
    age_s: float | None
    failures: int
    since: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ObservedState:
    """`pipeline.fleet.Telemetry` as far as a server tells it. None is unknown, never zero.

    Attributes:
        running, waiting: sequences.
        pending_prefill_tokens, pending_decode_tokens: None as it comes from a server. The router's
            ledger fills them in: prompt tokens of the requests it sent there that have no first
            token yet; predicted output tokens of those under way, less what came back.
        context_tokens: tokens in the cache, estimated as the share in use times what the cache
            holds, so up to a block per sequence too many; the ledger's own count where None.
        kv_utilisation: share of KV blocks in use, 0..1.
        preemptions, prefix_queries, prefix_hits: since the server started.
    """

    running: int | None
    waiting: int | None
    pending_prefill_tokens: int | None
    pending_decode_tokens: float | None
    context_tokens: int | None
    kv_utilisation: float | None
    preemptions: int | None
    prefix_queries: int | None
    prefix_hits: int | None


def to_telemetry(sample: MetricsSample, kv_tokens: int | None = None) -> ObservedState:
    """Return what a sample tells a scheduler.

    Args:
        sample: one reading.
        kv_tokens: what the tier declares its cache to hold, used where the server does not say.
    """
    holds = kv_tokens if sample.kv_tokens is None else sample.kv_tokens
    return ObservedState(
        running=sample.running,
        waiting=sample.waiting,
        pending_prefill_tokens=None,
        pending_decode_tokens=None,
        context_tokens=_context(sample.kv_utilisation, holds),
        kv_utilisation=sample.kv_utilisation,
        preemptions=sample.preemptions,
        prefix_queries=sample.prefix_queries,
        prefix_hits=sample.prefix_hits,
    )


def _context(share: float | None, holds: int | None) -> int | None:
    return None if share is None or holds is None else round(share * holds)
