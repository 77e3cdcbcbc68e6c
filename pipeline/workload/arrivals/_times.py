"""One entry for every process whose arrivals do not depend on what the fleet does."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ParamsError
from pipeline.params import (
    ArrivalParams,
    ClosedParams,
    DiurnalParams,
    GammaParams,
    PoissonParams,
    RampParams,
    ReferenceGammaParams,
    ReferenceSquareParams,
    SquareParams,
    TraceParams,
)
from pipeline.workload.arrivals._intensity import diurnal_times, ramp_times, square_times
from pipeline.workload.arrivals._reference import reference_gamma_times, reference_square_times
from pipeline.workload.arrivals._trace import Trace, replay

__all__ = ["arrival_times"]


def arrival_times(
    params: ArrivalParams,
    rate: float,
    n: int,
    rng: np.random.Generator,
    trace: Trace | None = None,
) -> NDArray[np.float64]:
    """Draw the first n arrivals after time 0.

    Args:
        params: the process.
        rate: the named rate, requests/s: the long-run mean of Poisson, gamma and diurnal arrivals,
            what multiples of square and ramp refer to, the rate of the replayed part of a trace
            that is scaled; a trace that keeps its own time ignores it.
        n: how many, at least 1.
        rng: the stream that belongs to arrivals.
        trace: what `read_trace` returned, for the process trace.

    Returns:
        (n,) seconds from 0, never decreasing.

    Raises:
        ParamsError: a closed loop, whose arrivals depend on completions (see `ClosedLoop`), or
            explicit rates that do not average to `rate`.
        DataError: the trace is too short, or its stamps contradict the parameters.
        ValueError: n or rate is out of range, or the trace was not handed over.
    """
    _check(rate, n)
    match params:
        case PoissonParams():
            times = np.cumsum(rng.exponential(1 / rate, n))
        case GammaParams(burstiness=shape):
            times = np.cumsum(rng.gamma(shape, 1 / (rate * shape), n))
        case SquareParams():
            times = square_times(params, rate, n, rng)
        case RampParams():
            times = ramp_times(params, rate, n, rng)
        case DiurnalParams():
            times = diurnal_times(params, rate, n, rng)
        case ReferenceGammaParams():
            times = reference_gamma_times(params, rate, n, rng)
        case ReferenceSquareParams():
            times = reference_square_times(params, rate, n, rng)
        case TraceParams():
            times = replay(params, rate, n, rng, trace).times
        case ClosedParams():
            raise ParamsError(
                "arrivals: process closed has no arrival times of its own, each request waits for "
                "the one before; name an open process here"
            )
    return times


def _check(rate: float, n: int) -> None:
    if n < 1 or not 0 < rate < np.inf:
        raise ValueError(f"at least 1 arrival at a finite rate above 0, got {n} at {rate}")
