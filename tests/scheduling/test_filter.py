"""Filters: thresholds by hand, relaxation against a slow twin, and its laws."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.params import FilterParams
from pipeline.scheduling import CONSTRAINTS, relax

TIERED = FilterParams(mode="tiered")


def sure(**rows: list[float]) -> np.ndarray:
    """Certainties (4, I): what is not named is kept for certain."""
    size = len(next(iter(rows.values())))
    return np.array([rows.get(name, [1.0] * size) for name in CONSTRAINTS])


def test_strict_takes_those_above_and_refuses_otherwise() -> None:
    strict = FilterParams(mode="strict")
    told = relax(sure(ttft=[0.69, 0.7, 0.9], tpot=[1.0, 0.8, 0.2]), 0.0, strict)
    assert told.allowed.tolist() == [False, True, False]
    assert not relax(sure(ttft=[0.1, 0.2]), 0.0, strict).allowed.any()


def test_relaxed_serves_everybody_where_nobody_passes() -> None:
    relaxed = FilterParams(mode="relaxed")
    assert relax(sure(ttft=[0.1, 0.9]), 0.0, relaxed).allowed.tolist() == [False, True]
    assert relax(sure(ttft=[0.1, 0.2]), 0.0, relaxed).allowed.all()


@pytest.mark.parametrize(
    ("certainty", "floor", "allowed", "steps"),
    [
        # ttft is the first that is lowered, to .6.
        (sure(ttft=[0.6, 0.5]), 0.0, [True, False], 1),
        # tpot is the second; the ttft of instance 1 was lowered before and stays so.
        (sure(ttft=[0.9, 0.6], tpot=[0.6, 0.6]), 0.0, [True, True], 2),
        # The second round: ttft to .5 is step 5, and tpot, budget and quality hold at .6.
        (sure(ttft=[0.5, 0.4]), 0.0, [True, False], 5),
        # A floor of .8 is met by .75 when the quality is lowered for the first time.
        (sure(quality=[0.75, 0.5]), 0.8, [True, False], 4),
        # .4 is the lowest that is ever reached (third round), below it everybody is served.
        (sure(ttft=[0.4, 0.3]), 0.0, [True, False], 9),
        (sure(ttft=[0.3, 0.2]), 0.0, [True, True], 12),
    ],
)
def test_tiered_by_hand(
    certainty: np.ndarray, floor: float, allowed: list[bool], steps: int
) -> None:
    told = relax(certainty, floor, TIERED)
    assert told.allowed.tolist() == allowed
    assert told.relaxations == steps


def test_tiered_may_refuse_in_the_end() -> None:
    refusing = FilterParams(mode="tiered", otherwise="refuse")
    assert not relax(sure(ttft=[0.3, 0.2]), 0.0, refusing).allowed.any()


def slow(certainty: np.ndarray, floor: float, params: FilterParams) -> tuple[list[bool], int]:
    """Lower one threshold at a time, and look at everybody again."""
    limits = dict.fromkeys(CONSTRAINTS, params.threshold) | {"quality": floor}
    lowered = dict.fromkeys(CONSTRAINTS, 0)

    def passing() -> list[bool]:
        return [
            all(
                certainty[row, i] >= limits[name] - params.step * lowered[name] - 1e-9
                for row, name in enumerate(CONSTRAINTS)
            )
            for i in range(certainty.shape[1])
        ]

    steps = 0
    if any(passing()):
        return passing(), 0
    for _ in range(params.rounds):
        for name in params.order:
            lowered[name] += 1
            steps += 1
            if any(passing()):
                return passing(), steps
    return [params.otherwise == "serve"] * certainty.shape[1], steps


hundredths = st.integers(0, 100).map(lambda n: n / 100)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(*[hundredths] * 4), min_size=1, max_size=5),
    hundredths,
    st.permutations(CONSTRAINTS),
    st.integers(0, 4),
    st.integers(1, 4),
)
def test_closed_form_equals_the_slow_loop(
    rows: list[tuple[float, ...]], floor: float, order: list[str], kept: int, rounds: int
) -> None:
    params = FilterParams.model_validate(
        {"mode": "tiered", "order": order[:kept], "rounds": rounds, "otherwise": "refuse"}
    )
    certainty = np.array(rows).T
    told = relax(certainty, floor, params)
    assert (told.allowed.tolist(), told.relaxations) == slow(certainty, floor, params)


@settings(max_examples=200)
@given(st.lists(st.tuples(*[hundredths] * 4), min_size=1, max_size=5), hundredths)
def test_relaxation_is_monotone(rows: list[tuple[float, ...]], floor: float) -> None:
    """More rounds never admit fewer, and what passes strictly passes in every mode."""
    certainty = np.array(rows).T
    before = relax(certainty, floor, FilterParams(mode="strict")).allowed
    refusing = [
        relax(
            certainty, floor, FilterParams(mode="tiered", rounds=rounds, otherwise="refuse")
        ).allowed
        for rounds in (1, 2, 3, 5, 8)
    ]
    relaxed = relax(certainty, floor, FilterParams(mode="relaxed")).allowed
    for after in (*refusing, relaxed):
        if before.any():
            assert after.tolist() == before.tolist()
    for fewer, more in pairwise(refusing):
        assert not (fewer & ~more).any()


def test_better_certainty_never_bars_an_instance_from_a_threshold() -> None:
    strict = FilterParams(mode="strict")
    for low, high in ((0.2, 0.7), (0.7, 0.8)):
        worse, better = (relax(sure(budget=[p]), 0.0, strict).allowed for p in (low, high))
        assert not (worse & ~better).any()


def test_order_that_names_a_constraint_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="order names a constraint twice"):
        FilterParams(mode="tiered", order=("ttft", "ttft"))
