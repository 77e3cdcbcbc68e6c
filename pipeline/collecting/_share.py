"""How shards become jobs: all in one process, or each in its own with its share of the caps."""

from collections.abc import Sequence

from pipeline.collecting._answers import Job
from pipeline.collecting._question import worst_usd
from pipeline.collecting._shard import Shard
from pipeline.engine import Engine
from pipeline.params import LiveParams

__all__ = ["jobs_of"]


def jobs_of(shards: Sequence[Shard], live: LiveParams, engine: Engine) -> list[Job]:
    """Return what the processes have to do.

    In one process all shards draw on the caps together. On a cluster nobody counts for all, so
    each endpoint gets a part of its own: of dollars by the worst case of its questions, of requests
    by their number. The parts never add up to more than the cap.
    """
    if engine == "process":
        return [Job(tuple(shards), live.max_usd, live.max_requests)]
    dollars = _parts(live.max_usd, [_worst(shard) for shard in shards])
    counts = _parts(live.max_requests, [len(shard.questions) for shard in shards])
    return [
        Job((shard,), usd, None if most is None else int(most))
        for shard, usd, most in zip(shards, dollars, counts, strict=True)
    ]


def _worst(shard: Shard) -> float:
    costs = (worst_usd(shard.target, shard.live, question.text) for question in shard.questions)
    return sum(cost or 0.0 for cost in costs)


def _parts(cap: float | None, weights: Sequence[float]) -> list[float | None]:
    if cap is None:
        return [None] * len(weights)
    whole = sum(weights)
    return [cap if whole == 0 else cap * weight / whole for weight in weights]
