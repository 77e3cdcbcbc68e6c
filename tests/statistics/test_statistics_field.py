"""Scores, regret, goodput, budgets and gains, by hand and at their limits."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.statistics import (
    FIELD_METRICS,
    attainment,
    budget_excess,
    gain,
    gap_to_oracle,
    goodput,
    limits_met,
    regrets,
    routerarena,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("quality", "cost", "published"),
    [(0.6688, 0.15, 66.89), (0.6809, 0.54, 66.66), (0.6634, 0.21, 66.12), (0.7396, 10.02, 64.32)],
)
def test_routerarena_gives_the_published_scores(quality, cost, published) -> None:
    # Costs are published to a cent, so scores agree to a few hundredths.
    assert routerarena(quality, cost) == pytest.approx(published / 100, abs=3e-4)


def test_routerarena_at_the_ends_of_its_scale() -> None:
    cheapest = 1.1 * 0.7 / 1.07
    assert routerarena(0.7, 0.0044) == pytest.approx(cheapest)
    assert routerarena(0.7, 1e-9) == pytest.approx(cheapest)
    assert routerarena(1.0, 0.001) == pytest.approx(1.0)
    assert routerarena(0.7, 500.0) == 0.0
    assert routerarena(0.0, 1.0) == 0.0
    assert routerarena(0.0, 200.0) is None
    for bad in ((0.7, 0.0), (0.7, -1.0), (0.7, NAN), (1.2, 1.0), (NAN, 1.0)):
        with pytest.raises(DataError):
            routerarena(*bad)


def test_regret_by_hand() -> None:
    utility = [[0.9, 0.2], [0.1, 0.4], [0.5, 0.5], [NAN, 0.3], [0.8, NAN]]
    told = regrets(utility, [1, 1, 0, 1, 1])
    assert told[:4] == pytest.approx([0.7, 0.0, 0.0, 0.0])
    assert np.isnan(told[4])
    assert regrets(np.zeros((0, 2)), np.zeros(0, dtype=int)).size == 0


def test_a_second_judge_takes_the_bias_out_of_the_oracle() -> None:
    # Three models alike: no choice is worse than another, so the true regret is 0.
    rng = np.random.default_rng(6)
    first, second = 0.5 + 0.1 * rng.normal(size=(2, 4000, 3))
    chosen = np.zeros(4000, dtype=int)
    # The expected largest of three standard normals is .846.
    assert regrets(first, chosen).mean() == pytest.approx(0.0846, abs=0.006)
    assert regrets(first, chosen, scored=second).mean() == pytest.approx(0.0, abs=0.008)


def test_regret_refuses_what_does_not_fit() -> None:
    for utility, chosen in (
        ([[0.1, 0.2]], [2]),
        ([[0.1, 0.2]], [-1]),
        ([[0.1, 0.2]], [0.0]),
        ([[0.1, 0.2]], [0, 1]),
        ([0.1, 0.2], [0]),
        ([[0.1, np.inf]], [0]),
    ):
        with pytest.raises(DataError):
            regrets(utility, chosen)
    with pytest.raises(DataError):
        regrets([[0.1, 0.2]], [0], scored=[[0.1]])


def test_goodput_counts_every_request() -> None:
    # TTFT and TPOT in s: met, TPOT missed, no limits, failed, refused.
    values = [[0.5, 0.02], [0.5, 0.09], [9.0, 9.0], [NAN, NAN], [NAN, NAN]]
    limits = [[0.5, 0.05], [1.0, 0.05], [NAN, NAN], [1.0, NAN], [NAN, NAN]]
    met = limits_met(values, limits, [True, True, True, False, False])
    assert met.tolist() == [True, False, True, False, False]
    assert goodput(met, 4.0) == 0.5
    assert attainment(met) == pytest.approx(0.4)
    assert attainment([]) is None
    assert goodput([], 4.0) == 0.0


def test_goodput_refuses_what_does_not_fit() -> None:
    with pytest.raises(DataError, match="1 served requests lack"):
        limits_met([[0.5, NAN]], [[1.0, 0.05]], [True])
    with pytest.raises(DataError, match="shapes"):
        limits_met([[0.5]], [[1.0, 0.05]], [True])
    for seconds in (0.0, -1.0, NAN):
        with pytest.raises(DataError, match="window"):
            goodput([True], seconds)


def test_budgets_by_hand() -> None:
    cost, budget = [1.0, 3.0, 2.0 + 1e-12, 9.0, 1.0], [2.0, 2.0, 2.0, NAN, 0.8]
    told = budget_excess(cost, budget)
    assert told[[0, 1, 2, 4]] == pytest.approx([0.0, 0.5, 0.0, 0.25])
    assert np.isnan(told[3])
    assert budget_excess([], []).size == 0
    for bad in (([NAN], [1.0]), ([1.0], [0.0]), ([1.0, 2.0], [1.0])):
        with pytest.raises(DataError):
            budget_excess(*bad)


def test_gains_by_hand() -> None:
    assert gain(0.6, 0.5) == pytest.approx(0.2)
    assert gap_to_oracle(0.6, 0.8) == pytest.approx(0.25)
    assert gap_to_oracle(0.8, 0.8) == 0.0
    assert gain(0.6, 0.0) is None
    assert gap_to_oracle(0.6, 0.0) is None


def test_every_metric_says_what_it_is() -> None:
    assert set(FIELD_METRICS) == {
        *("aiq", "pgr", "apgr", "cpt_20", "cpt_50", "cpt_80", "qnc", "audc", "routerarena"),
        *("regret", "regret_quality", "quality_at_cost", "cost_at_quality"),
        *("goodput", "attainment", "budget_compliance", "budget_overshoot"),
        *("gain_random", "gain_best", "gap_oracle", "perf_gain", "cost_save"),
    }
    for name, info in FIELD_METRICS.items():
        assert info.name == name
        assert info.definition.endswith(".")
        assert "\n" not in info.definition
        assert info.unit
        assert info.source
