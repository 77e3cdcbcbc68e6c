"""Metrics of the field on systems whose numbers can be told by hand."""

import polars as pl
import pytest

from pipeline.reporting.frontier._choice import read_tuning
from pipeline.reporting.frontier._field import FIELD_SCHEMA, field_rows
from pipeline.statistics import FIELD_METRICS, routerarena
from tests.reporting.frontier_case import LABELS, STRONG, WEAK, case_params, joint_of
from tests.reporting_rows import request, requests_frame

# By model and test prompt, as in LABELS; 200 tokens per answer at the prices of the fleet.
QUALITY = {WEAK: (0.0, 1.0, 0.0, 1.0), STRONG: (1.0, 1.0, 1.0, 0.0)}


@pytest.fixture(scope="module")
def costs():
    prices = case_params({"s": ("a",)}).base.fleet.prices
    return {model: 100 * sum(prices[model]) / 1e6 for model in QUALITY}


def _arm(name, models, costs, **changes):
    """Requests 0 to 3, in two runs, each answered by the model of that place."""
    return [
        request(
            i,
            arm=name,
            seed=seed,
            prompt_id=f"test{i}",
            group_id=f"test{i}",
            model=model,
            quality=QUALITY[model][i],
            cost_usd=costs[model],
            t_done=3.0 + seed / 10,
            **changes,
        )
        for seed in (1, 2)
        for i, model in enumerate(models)
    ]


def _field(rows, systems, **changes):
    params = case_params(systems, **changes)
    frame = requests_frame(rows)
    told = field_rows(joint_of(frame, params), read_tuning(frame, params), params.frontier)
    table = pl.DataFrame(list(told), schema=FIELD_SCHEMA)
    return {(row["system"], row["metric"]): row for row in table.iter_rows(named=True)}


def _ends(costs):
    """All to the weak model, and all to the strong one: quality 0.5 and 0.75."""
    return _arm("weak", [WEAK] * 4, costs) + _arm("strong", [STRONG] * 4, costs)


def _half(costs):
    """The strong model for the two prompts that only it can answer: quality 1 at share 0.5."""
    return _arm("half", [STRONG, WEAK, STRONG, WEAK], costs)


SYSTEM = {"s": ("weak", "half", "strong")}


def test_strong_and_weak_are_chosen_on_validation(costs):
    joint = joint_of(requests_frame(_ends(costs)), case_params({"s": ("weak", "strong")}))
    assert joint.points["model_quality"].tolist() == [0.5, 0.75]
    assert (joint.strong, joint.weak) == (1, 0)
    assert joint.points["oracle_quality"].tolist() == [1.0]
    # The cheaper of the two for prompt 1, where they tie.
    told = (2 * costs[WEAK] + 2 * costs[STRONG]) / 4
    assert joint.points["oracle_cost"].item() == pytest.approx(told)


def test_shares_and_regrets_by_hand(costs):
    joint = joint_of(requests_frame(_ends(costs) + _half(costs)), case_params(SYSTEM))
    told = dict(zip(joint.arms, joint.points["strong_share"], strict=True))
    assert told == pytest.approx({"weak": 0.0, "half": 0.5, "strong": 1.0})
    lost = dict(zip(joint.arms, joint.points["regret_quality"], strict=True))
    assert lost == pytest.approx({"weak": 0.5, "half": 0.0, "strong": 0.25})


def test_refused_requests_regret_nothing_and_have_no_share(costs):
    rows = _ends(costs)
    rows[0] |= {"status": "refused", "model": None, "instance": None, "tier": None}
    joint = joint_of(requests_frame(rows), case_params({"s": ("weak", "strong")}))
    place = joint.arms.index("weak")
    assert joint.estimates["regret_quality"][place].n == 7
    assert joint.estimates["strong_share"][place].n == 7


def test_deferral_by_hand(costs):
    """PGR is 0 at share 0, 2 at 0.5 and 1 at 1; linear in between."""
    found = _field(_ends(costs) + _half(costs), SYSTEM)
    assert found["s", "apgr"]["estimate"] == pytest.approx(0.5 * (0 + 2) / 2 + 0.5 * (2 + 1) / 2)
    for level in (20, 50, 80):
        assert found["s", f"cpt_{level}"]["estimate"] == pytest.approx(0.5 * level / 200)


def test_random_deferral_is_half(costs):
    rows = _ends(costs) + _arm("mixed", [STRONG, STRONG, WEAK, WEAK], costs)
    found = _field(rows, {"s": ("weak", "strong")})
    assert found["s", "apgr"]["estimate"] == pytest.approx(0.5)
    assert found["s", "audc"]["estimate"] == pytest.approx(0.0, abs=1e-12)


def test_the_oracle_has_the_whole_deferral_curve(costs):
    """It sends prompt 1, where the two models tie, to the cheaper one, as `half` does."""
    found = _field(_ends(costs) + _half(costs), {"s": ("weak", "half")})
    assert found["s", "audc"]["estimate"] == pytest.approx(1.0)


def test_against_the_best_single_model(costs):
    found = _field(_ends(costs) + _half(costs), SYSTEM)
    middle = (costs[WEAK] + costs[STRONG]) / 2
    assert found["s", "perf_gain"]["estimate"] == pytest.approx(1.0 / 0.75 - 1)
    assert found["s", "cost_save"]["estimate"] == pytest.approx(1 - middle / costs[STRONG])
    # Quality 0.75 is half of the way from weak (0.5) to half (1).
    told = (costs[WEAK] + middle) / 2 / costs[STRONG]
    assert found["s", "qnc"]["estimate"] == pytest.approx(told)


def test_declared_values_stand_in_the_name_and_the_definition(costs):
    middle = (costs[WEAK] + costs[STRONG]) / 2
    found = _field(
        _ends(costs) + _half(costs), SYSTEM, iso_cost_usd=(1e-7, middle), iso_quality=(0.75,)
    )
    assert found["s", f"quality_at_cost_{middle:g}"]["estimate"] == pytest.approx(1.0)
    below = found["s", "quality_at_cost_1e-07"]
    assert (below["estimate"], below["method"]) == (None, "degenerate: undefined on these data")
    row = found["s", "cost_at_quality_0.75"]
    assert row["estimate"] == pytest.approx((costs[WEAK] + middle) / 2)
    assert row["definition"].endswith("Declared here: 0.75 quality.")
    assert row["unit"] == FIELD_METRICS["cost_at_quality"].unit


def test_aiq_by_hand(costs):
    """Range 0 to 1e-4 USD: 0 below the weak model, lines to half, its quality beyond."""
    middle = (costs[WEAK] + costs[STRONG]) / 2
    found = _field(_ends(costs) + _half(costs), SYSTEM)["s", "aiq"]
    told = (0.75 * (middle - costs[WEAK]) + 1.0 * (1e-4 - middle)) / 1e-4
    assert found["estimate"] == pytest.approx(told)
    assert "Range here: 0 to 0.0001 USD" in found["definition"]


def test_one_operating_point_is_no_curve(costs):
    found = _field(_ends(costs) + _half(costs), {"lone": ("half",)})
    for metric in ("aiq", "apgr", "cpt_20", "cpt_50", "cpt_80", "audc"):
        row = found["lone", metric]
        assert (row["estimate"], row["low"]) == (None, None)
        assert row["method"] == "degenerate: one operating point, a curve needs two"
    # A single point can still be as good as the strong model.
    assert found["lone", "qnc"]["estimate"] is not None


def test_the_score_of_a_system_is_of_the_arm_chosen_on_validation(costs):
    there = {"traffic": "tuning"}
    rows = _ends(costs) + _half(costs)
    # On validation the strong arm looked best, whatever `half` does on test.
    looked = _arm("strong", [STRONG] * 3 + [WEAK], costs, split="validation", **there)
    looked += _arm("weak", [WEAK] * 4, costs, split="validation", **there)
    found = _field(rows + looked, SYSTEM, tuning="tuning")["s", "routerarena"]
    assert found["estimate"] == pytest.approx(routerarena(0.75, 1000 * costs[STRONG]))
    blind = _field(rows, SYSTEM)["s", "routerarena"]
    assert blind["method"] == "degenerate: no tuning traffic is declared"


def test_prompts_that_lack_a_label_are_no_reference(costs):
    rows = _ends(costs)
    labels = LABELS.filter(~((pl.col("prompt_id") == "test0") & (pl.col("model") == WEAK)))
    joint = joint_of(requests_frame(rows), case_params({"s": ("weak", "strong")}), labels)
    assert joint.points["model_quality"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert {one.n for one in joint.estimates["model_quality"]} == {6}


def test_every_row_says_what_it_is(costs):
    found = _field(_ends(costs) + _half(costs), SYSTEM)
    assert all(row["definition"] and row["unit"] and row["better"] for row in found.values())
    assert {row["label"] for row in found.values()} == {"simulated"}
