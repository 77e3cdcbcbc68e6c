"""The published cluster cells, simulated: arms, waves and bursts on the 13 instances.

Known of them are the shares of the tiers, the rate and the mean E2E. Chosen here are three
constants, once for all cells: the mean of the output lengths, which nobody published, and the rate
and base delay of the router. Those two follow from the published time off the instances, 130 ms at
12 requests/s and 231 ms at 30, if the router is one server of constant speed (M/D/1).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from pipeline.fleet._sequence import Sequence
from pipeline.fleet._tier import Fleet
from pipeline.params import (
    ArrivalParams,
    PoissonParams,
    ReferenceGammaParams,
    ReferenceSquareParams,
    load_fleet,
)
from pipeline.streams import stream
from pipeline.workload.arrivals import arrival_times

__all__ = [
    "CASES",
    "Case",
    "LadderConstants",
    "RouterRate",
    "fit_router",
    "mean_e2e",
    "published_fleet",
    "router_that_fits",
]

Floats = NDArray[np.float64]

REQUESTS = 3534
RESIDUALS = ((12.0, 0.130), (30.0, 0.231))  # requests/s, s off the instances, as published


@dataclass(frozen=True)
class Case:
    """One published cell.

    Attributes:
        name: what it is.
        rate: named rate, requests/s.
        arrivals: how the requests come.
        shares: of the tiers in the order of the fleet, percent.
        published_s: mean E2E.
        note: what of this row was guessed.
    """

    name: str
    rate: float
    arrivals: ArrivalParams
    shares: tuple[float, ...]
    published_s: float
    note: str = ""


_UNIFORM, _THIRD = (57.0, 10.0, 32.0, 1.0), (45.0, 10.0, 31.0, 14.0)
_FOURTH = (58.0, 11.0, 31.0, 0.0)
_GUESSED = "shares below 72B guessed"
CASES = (
    Case("arm 1, uniform, 18/s", 18.0, PoissonParams(), _UNIFORM, 2.615),
    Case("arm 4, uniform, 18/s", 18.0, PoissonParams(), _FOURTH, 2.41),
    Case("uniform preset, 30/s", 30.0, PoissonParams(), _UNIFORM, 2.8),
    Case("arm 3, 12/s", 12.0, PoissonParams(), _THIRD, 3.42, _GUESSED),
    Case("arm 3, 24/s", 24.0, PoissonParams(), _THIRD, 3.50, _GUESSED),
    Case("arm 3, 30/s", 30.0, PoissonParams(), _THIRD, 3.75, _GUESSED),
    Case("square 30/6", 18.0, ReferenceSquareParams(rates=(30.0, 6.0)), _UNIFORM, 2.577),
    Case("burst .3, 18/s", 18.0, ReferenceGammaParams(burstiness=0.3), _UNIFORM, 2.524),
    Case("arm 4, square 40/6", 23.0, ReferenceSquareParams(rates=(40.0, 6.0)), _FOURTH, 3.12),
    Case("arm 1, square 40/6", 23.0, ReferenceSquareParams(rates=(40.0, 6.0)), _UNIFORM, 3.788),
)


@dataclass(frozen=True)
class RouterRate:
    """A router that takes 1 / `rate` seconds a request, one at a time, and delays each by `base_s`.

    An infinite rate is a router that never makes anybody wait.
    """

    rate: float
    base_s: float


@dataclass(frozen=True)
class LadderConstants:
    """What the publication does not say: mean prompt and output tokens, and their spread."""

    prompt_tokens: float = 110.0
    output_tokens: float = 149.0
    sigma: float = 0.8


def published_fleet() -> Fleet:
    """The 13 instances that the published cells ran on."""
    return Fleet.of(load_fleet(Path(__file__).with_name("published_fleet.yaml")))


def fit_router() -> RouterRate:
    """Solve the published times off the instances for the rate and base delay of the router.

    The mean time in an M/D/1 server of rate m at load l is 1/m + l / (2 m (m - l)).
    """
    (low, short), (high, long) = RESIDUALS

    def sojourn(rate: float, load: float) -> float:
        return 1 / rate + load / (2 * rate * (rate - load))

    def excess(rate: float) -> float:
        return sojourn(rate, high) - sojourn(rate, low) - (long - short)

    rate = float(brentq(excess, high * 1.001, high * 100))
    return RouterRate(rate, short - sojourn(rate, low))


def mean_e2e(
    case: Case, fleet: Fleet, router: RouterRate, constants: LadderConstants, seeds: list[int]
) -> Floats:
    """Simulated mean E2E of a cell, s, one value per seed.

    Tiers are drawn by the published shares; inside a tier the shortest queue takes the request.
    """
    return np.array([_cell(case, fleet, router, constants, seed) for seed in seeds])


def router_that_fits(
    case: Case, fleet: Fleet, router: RouterRate, constants: LadderConstants, seeds: list[int]
) -> float | None:
    """Rate, requests/s, with which the cell comes out as published; None if no rate does."""

    def excess(rate: float) -> float:
        found = mean_e2e(case, fleet, RouterRate(rate, router.base_s), constants, seeds)
        return float(found.mean()) - case.published_s

    slowest, fastest = 0.9 * router.rate, 10 * router.rate
    if excess(slowest) < 0 or excess(fastest) > 0:
        return None
    return float(brentq(excess, slowest, fastest, xtol=0.05))


def _cell(
    case: Case, fleet: Fleet, router: RouterRate, constants: LadderConstants, seed: int
) -> float:
    draw = stream(seed, "ladder", case.name)
    arrivals = arrival_times(case.arrivals, case.rate, REQUESTS, draw)
    spread = -(constants.sigma**2) / 2
    prompt = _whole(constants.prompt_tokens * draw.lognormal(spread, constants.sigma, REQUESTS))
    output = _whole(constants.output_tokens * draw.lognormal(spread, constants.sigma, REQUESTS))
    tiers = list(fleet.params.tiers)
    shares = np.array(case.shares) / sum(case.shares)
    chosen = draw.choice(len(tiers), REQUESTS, p=shares)
    members = [np.flatnonzero(np.array(fleet.tiers) == tier) for tier in tiers]
    engines = fleet.virtual()
    sequences = []
    for k, at in enumerate(_dispatched(arrivals, router)):
        engines.advance(at)
        queue = engines.observe()[:2].sum(axis=0)
        among = members[chosen[k]]
        sequence = Sequence(k, int(prompt[k]), int(output[k]), 1.0, at)
        engines.submit(int(among[queue[among].argmin()]), sequence, at)
        sequences.append(sequence)
    engines.advance(math.inf)
    engines.take_finished()
    return float(
        np.mean([s.done - arrivals[s.request_id] for s in sequences if s.done is not None])
    )


def _dispatched(arrivals: Floats, router: RouterRate) -> list[float]:
    """When each request leaves the router; it serves one at a time, in order."""
    free, leaving = 0.0, []
    for at in arrivals:
        free = max(free, float(at)) + 1 / router.rate
        leaving.append(free + router.base_s)
    return leaving


def _whole(tokens: Floats) -> NDArray[np.int64]:
    return np.maximum(1, tokens.round()).astype(np.int64)
