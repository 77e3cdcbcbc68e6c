"""Poisson arrivals whose rate moves in time, by time rescaling.

If L(t) is the integral of the rate, L(arrival times) is a Poisson process of rate 1 (Brown et al.,
Neural Computation 14, 2002). So unit-rate events are drawn and L is inverted, in closed form:
exact, one draw per arrival, nothing thinned and no time step.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.params import DiurnalParams, RampParams, SquareParams

__all__ = ["diurnal_times", "ramp_times", "square_times"]

Floats = NDArray[np.float64]


def square_times(params: SquareParams, rate: float, n: int, rng: np.random.Generator) -> Floats:
    """(n,) arrival times, s, at a rate that is high for `high_share` of every period, then low."""
    high, low = params.levels(rate)
    high_s = params.high_share * params.period_s
    in_high = high * high_s
    in_period = in_high + low * (params.period_s - high_s)
    periods, rest = np.divmod(_unit_events(n, rng), in_period)
    within = np.interp(rest, [0.0, in_high, in_period], [0.0, high_s, params.period_s])
    return _in_order(periods * params.period_s + within)


def ramp_times(params: RampParams, rate: float, n: int, rng: np.random.Generator) -> Floats:
    """(n,) arrival times, s, at a rate linear in time over `over_s` and constant afterwards.

    While the rate is a + g t, L(t) = a t + g t^2 / 2; its inverse is written so that nothing
    cancels where the slope g is small.
    """
    start, end = params.from_multiple * rate, params.to_multiple * rate
    slope = (end - start) / params.over_s
    in_ramp = (start + end) / 2 * params.over_s
    events = _unit_events(n, rng)
    on_ramp = np.minimum(events, in_ramp)
    speed = np.sqrt(np.maximum(start * start + 2 * slope * on_ramp, 0.0))
    return _in_order(2 * on_ramp / (start + speed) + (events - on_ramp) / end)


def diurnal_times(params: DiurnalParams, rate: float, n: int, rng: np.random.Generator) -> Floats:
    """(n,) arrival times, s, of a cyclic MMPP that is stationary from time 0.

    States follow one another, so a state's stationary probability is its share of the mean cycle.
    The first state is drawn by it; an exponential stay has no memory, so a whole stay is left.
    """
    level = np.array([state.level for state in params.states.values()])
    dwell = np.array([state.dwell_s for state in params.states.values()])
    probability = dwell / dwell.sum()
    rates = rate * level / (probability @ level)
    events = _unit_events(n, rng)
    first = int(rng.choice(dwell.size, p=probability))
    stays, reached = _stays(np.roll(dwell, -first), np.roll(rates, -first), events[-1], rng)
    return _in_order(np.interp(events, reached, stays))


def _stays(
    dwell: Floats, rates: Floats, enough: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Ends of the stays, s, and the expected arrivals by then, from (0, 0) to at least `enough`."""
    per_cycle = float(dwell @ rates)
    lengths = np.empty((0, dwell.size))
    while (lengths @ rates).sum() < enough:
        more = int(enough / per_cycle) + 1
        lengths = np.concatenate([lengths, dwell * rng.standard_exponential((more, dwell.size))])
    ends = np.cumsum(lengths.ravel())
    reached = np.cumsum((lengths * rates).ravel())
    return np.concatenate([[0.0], ends]), np.concatenate([[0.0], reached])


def _unit_events(n: int, rng: np.random.Generator) -> Floats:
    return np.cumsum(rng.standard_exponential(n))


def _in_order(times: Floats) -> Floats:
    """Undo swaps by one rounding error, which neighbours on both sides of a switch can suffer."""
    return np.maximum.accumulate(times)
