"""The rule by hand, on two arms whose difference is known run by run."""

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UnknownNameError
from pipeline.params import AblationParams, load_params
from pipeline.reporting.ablation import ablation_tables
from tests.reporting_rows import request, requests_frame

FAMILY = {"question": "Is it?", "correction": "holm"}


@pytest.fixture(scope="module")
def tables(root):
    """A function of rows and contrasts; the steady traffic has the rate 6, burst the rates 2, 3."""
    params = load_params(root / "params.yaml")
    burst = params.loadtest.traffic["burst"].model_copy(update={"rates": (2.0, 3.0)})
    loadtest = params.loadtest.model_copy(update={"rates": (6.0,), "traffic": {"burst": burst}})

    def run(rows, contrasts, *, families=None, placebo=None):
        ablation = AblationParams.model_validate(
            {
                "level": 0.95,
                "resamples": 300,
                "utility": "uniform",
                "families": families or {"only": FAMILY},
                "placebo": placebo,
                "contrasts": contrasts,
            }
        )
        changed = {"ablation": ablation, "loadtest": loadtest}
        return ablation_tables(rows, params.model_copy(update=changed))

    return run


def rows_of(arm, per_run, count=30, **more):
    """An arm whose requests of seed i all take per_run[i] seconds."""
    return [
        request(i, arm=arm, seed=seed, t_done=1.0 + e2e, **more)
        for seed, e2e in enumerate(per_run)
        for i in range(count)
    ]


def two_arms():
    """`new` is faster than `old` by 0.9, 1.0 and 1.1 s: mean 1, s 0.1, standard error 0.0577.

    t(2) is 4.303 at 0.975 and 2.920 at 0.95, so the 95 % interval is 1 -+ 0.248 and the 90 % one
    1 -+ 0.169.
    """
    return requests_frame([*rows_of("new", (2, 2, 2)), *rows_of("old", (2.9, 3, 3.1))])


def claim(margin, kind="superior", better="new", worse="old", **more):
    return {
        "better": better, "worse": worse, "metric": "e2e_s", "margin": margin, "kind": kind, **more
    }  # fmt: skip


def verdicts(found):
    return dict(found["contrasts"].select("contrast", "verdict").iter_rows())


NONE = {"only": FAMILY | {"correction": "none"}}


def test_superior_needs_the_whole_interval_beyond_the_margin(tables):
    contrasts = {"yes": claim(0.74), "edge": claim(0.76), "open": claim(1.24), "no": claim(1.26)}
    found = tables(two_arms(), contrasts, families=NONE)
    assert verdicts(found) == {
        "yes": "supported", "edge": "inconclusive", "open": "inconclusive", "no": "refuted"
    }  # fmt: skip
    row = found["contrasts"].row(0, named=True)
    assert [row["low"], row["high"]] == pytest.approx([1 - 0.2484, 1 + 0.2484], abs=1e-3)
    # t = 0.26 / 0.0577 = 4.503, above which t(2) has (1 - 4.503 / sqrt(4.503^2 + 2)) / 2.
    assert row["p_value"] == pytest.approx((1 - 4.5033 / np.sqrt(4.5033**2 + 2)) / 2, rel=1e-3)


def test_noninferior_forgives_a_loss_below_the_margin(tables):
    """The slower arm is worse by 1 s: its improvement is -1 -+ 0.248."""
    contrasts = {
        name: claim(margin, "noninferior", "old", "new")
        for name, margin in (("yes", 1.26), ("open", 1.24), ("edge", 0.76), ("no", 0.74))
    } | {"better": claim(0.01, "noninferior")}
    assert verdicts(tables(two_arms(), contrasts, families=NONE)) == {
        "yes": "supported", "open": "inconclusive", "edge": "inconclusive", "no": "refuted",
        "better": "supported",
    }  # fmt: skip


def test_equivalent_needs_the_90_interval_inside_and_is_refuted_outside(tables):
    contrasts = {
        name: claim(margin, "equivalent", *arms)
        for name, margin, arms in (
            ("yes", 1.18, ("new", "old")),
            ("either way", 1.18, ("old", "new")),
            ("open", 1.16, ("new", "old")),
            ("no", 0.82, ("old", "new")),
        )
    }
    found = tables(two_arms(), contrasts, families=NONE)
    assert verdicts(found) == {
        "yes": "supported", "either way": "supported", "open": "inconclusive", "no": "refuted"
    }  # fmt: skip
    assert found["contrasts"]["level"].to_list() == pytest.approx([0.9] * 4)


def test_both_corrections_by_hand_and_each_family_for_itself(tables):
    """Of P-values a < b < c: Holm 3a, 2b, c rising; Benjamini and Hochberg 3a, 1.5b, c falling."""
    margins = {"one": 0.2, "two": 0.7, "three": 0.74}
    families = {
        "holm": FAMILY,
        "bh": FAMILY | {"correction": "benjamini_hochberg"},
        "alone": FAMILY | {"correction": "none"},
    }
    contrasts = {
        f"{family}_{name}": claim(margin, family=None if family == "holm" else family)
        for family in families
        for name, margin in margins.items()
    }
    table = tables(two_arms(), contrasts, families=families)["contrasts"]
    first, second, third = table["p_value"].to_list()[:3]
    adjusted = table["p_adjusted"].to_list()
    assert adjusted[:3] == pytest.approx(
        [3 * first, max(3 * first, 2 * second), max(2 * second, third)]
    )
    assert adjusted[3:6] == pytest.approx(
        [min(3 * first, 1.5 * second, third), min(1.5 * second, third), third]
    )
    assert adjusted[6:] == table["p_value"].to_list()[6:]
    assert table["family"].to_list() == [name for name in families for _ in margins]


def test_a_test_that_could_not_be_made_stays_in_the_family(tables):
    """Rows at rate 2 alone: the row at 3 has no P, and Holm doubles the other."""
    rows = two_arms().with_columns(traffic=pl.lit("burst"), rate=pl.lit(2.0))
    both = tables(rows, {"x": claim(0.5, traffic="burst")})["contrasts"]
    assert both["rate"].to_list() == [2.0, 3.0]
    assert both["verdict"].to_list() == ["supported", "inconclusive"]
    assert both["method"][1] == "degenerate: no runs"
    assert both["p_adjusted"].to_list() == [pytest.approx(2 * both["p_value"][0]), None]
    one = tables(rows, {"x": claim(0.5, traffic="burst", rates=[2.0])})["contrasts"]
    assert one["p_adjusted"].to_list() == [both["p_value"][0]]


def test_detectable_where_inconclusive_alone(tables):
    contrasts = {"yes": claim(0.5), "open": claim(1.0), "no": claim(2.0)}
    yes, unknown, no = tables(two_arms(), contrasts)["contrasts"]["detectable"].to_list()
    assert (yes, no) == (None, None)
    assert unknown > 1.0 + 0.2484  # above the margin by more than the half width: power over 0.5


def test_quality_improves_upwards_and_equal_differences_stay_inconclusive(tables):
    rows = requests_frame(
        [*rows_of("new", (2, 2), quality=0.9), *rows_of("old", (2, 2), quality=0.4)]
    )
    found = tables(rows, {"q": claim(0.1) | {"metric": "quality"}})["contrasts"].row(0, named=True)
    assert found["estimate"] == pytest.approx(0.5)
    assert (found["low"], found["verdict"]) == (None, "inconclusive")


def test_utility_pays_for_quality_time_and_cost(tables):
    """Uniform weights: 0.34 x 0.5 of quality less 0.33 x -+ 0.1 of ten seconds."""
    rows = requests_frame(
        [*rows_of("new", (2, 2.1), quality=1.0), *rows_of("old", (1, 1), quality=0.5)]
    )
    [found] = tables(rows, {"u": claim(0.0) | {"metric": "utility"}})["contrasts"].to_dicts()
    assert found["estimate"] == pytest.approx(0.34 * 0.5 - 0.33 * 1.05 / 10)
    assert found["unit"] == "score"


@pytest.mark.parametrize("beyond", [9, 10])
def test_p95_needs_ten_requests_beyond(tables, beyond):
    rows = requests_frame(
        [*rows_of("new", (2, 2.1, 2), 20 * beyond), *rows_of("old", (3, 3, 3), 20 * beyond)]
    )
    [found] = tables(rows, {"p": claim(0.5) | {"metric": "e2e_p95_s"}})["contrasts"].to_dicts()
    assert found["estimate"] == pytest.approx(1 - 0.1 / 3)
    assert (found["verdict"] == "supported") == (beyond == 10)
    assert (found["p_value"] is None) == (beyond == 9)


def test_unknown_arm(tables):
    with pytest.raises(UnknownNameError, match=r"ablation\.contrasts\.x"):
        tables(two_arms(), {"x": claim(0.1, better="nev")})
    with pytest.raises(UnknownNameError, match=r"ablation\.placebo.*did you mean 'new'"):
        tables(two_arms(), {"x": claim(0.1)}, placebo={"arm": "nev", "of": "old"})


def test_the_placebo_is_the_floor_of_its_metric(tables):
    """Differences of -0.3, 0 and 0.3 s: no mean, and a root mean square of 0.3 sqrt(2 / 3)."""
    rows = requests_frame([*rows_of("fake", (2.7, 3, 3.3)), *rows_of("old", (3, 3, 3))])
    found = tables(
        pl.concat([rows, two_arms().filter(pl.col("arm") == "new")]),
        {"speed": claim(0.1), "cost": claim(0.0) | {"metric": "cost_usd"}},
        placebo={"arm": "fake", "of": "old"},
    )
    told = {row["metric"]: row for row in found["placebo"].to_dicts()}
    assert told["e2e_s"]["estimate"] == pytest.approx(0.0)
    assert told["e2e_s"]["floor"] == pytest.approx(0.3 * np.sqrt(2 / 3))
    assert told["e2e_s"]["floor_high"] > told["e2e_s"]["floor"]
    assert told["cost_usd"]["floor"] == 0.0
    assert told["cost_usd"]["floor_high"] is None
    assert found["contrasts"]["floor"].to_list() == [told["e2e_s"]["floor"], 0.0]


def test_no_placebo_no_floor(tables):
    found = tables(two_arms(), {"x": claim(0.1)})
    assert found["placebo"].is_empty()
    assert found["contrasts"]["floor"].to_list() == [None]
