"""Why a request went where it went."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.scheduling._filter import Passed
from pipeline.scheduling._latency import Times
from pipeline.scheduling._score import Terms
from pipeline.scheduling._state import FleetState

__all__ = ["Trace", "explanation"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """One decision, with everything that went into it, per instance, (I,).

    Attributes:
        chosen: the instance.
        allowed: who might have served it, after `relaxations` of the filter.
        terms, total: parts of the score and their sum, -inf where not allowed.
        times: predictions; None without a latency source.
        queue, pending_decode, age: believed state just before the request was added.
    """

    chosen: int
    allowed: NDArray[np.bool_]
    relaxations: int
    terms: Terms
    total: Floats
    times: Times | None
    queue: Floats
    pending_decode: Floats
    age: Floats

    @classmethod
    def of(
        cls,
        chosen: int,
        passed: Passed,
        terms: Terms,
        total: Floats,
        times: Times | None,
        state: FleetState,
    ) -> "Trace":
        """Copy what later decisions of the batch will change."""
        kept = None
        if times is not None:
            kept = Times(times.ttft.copy(), times.tpot.copy(), times.e2e.copy())
        return cls(
            chosen,
            passed.allowed,
            passed.relaxations,
            terms,
            total,
            kept,
            state.queue,
            state.pending_decode.copy(),
            state.age,
        )


def explanation(trace: Trace, names: tuple[str, ...]) -> Iterator[str]:
    """Yield lines: one sentence of reason, a header, and one line per instance, best first."""
    yield _reason(trace, names)
    yield (
        f"{'instance':14} {'score':>9} {'quality':>8} {'latency':>8} {'cost':>8} {'balance':>8} "
        f"{'TTFT s':>7} {'TPOT ms':>8} {'E2E s':>7} {'queue':>6} {'tokens':>7} {'age s':>6}"
    )
    for i in np.argsort(-trace.total, kind="stable"):
        yield _line(trace, int(i), names[i])


def _reason(trace: Trace, names: tuple[str, ...]) -> str:
    best = trace.total[trace.chosen]
    equal = int((trace.total == best).sum())
    told = f"{names[trace.chosen]} has the highest score, {best:.4f}"
    if equal > 1:
        told += f", as have {equal - 1} others, among whom the dispatcher picked it"
    rest = trace.total[(trace.total < best) & trace.allowed]
    if rest.size:
        told += f"; {best - rest.max():.4f} ahead of the next"
    barred = int((~trace.allowed).sum())
    if barred:
        told += f"; {barred} instances were barred after {trace.relaxations} relaxations"
    return told


def _line(trace: Trace, i: int, name: str) -> str:
    terms, times = trace.terms, trace.times
    parts = (terms.quality, terms.latency, terms.cost, terms.balance)
    shown = " ".join(f"{'-':>8}" if part is None else f"{part[i]:8.4f}" for part in parts)
    seconds = f"{'-':>7} {'-':>8} {'-':>7}"
    if times is not None:
        seconds = f"{times.ttft[i]:7.3f} {1e3 * times.tpot[i]:8.2f} {times.e2e[i]:7.3f}"
    score = f"{trace.total[i]:9.4f}" if trace.allowed[i] else f"{'barred':>9}"
    mark = "*" if i == trace.chosen else " "
    return (
        f"{mark}{name:13} {score} {shown} {seconds} {trace.queue[i]:6.0f} "
        f"{trace.pending_decode[i]:7.0f} {trace.age[i]:6.2f}"
    )
