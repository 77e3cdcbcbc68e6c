"""Two runs by hand: what is matched, what is left out, what is refused."""

import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.reporting.ablation import compare, comparison_lines
from tests.reporting_rows import request, requests_frame


def run(arm, e2e, seeds=(1, 2, 3), count=20, change=None, **more):
    """`e2e` seconds for request 0, a second more for each of the next; `change` alters rows."""
    rows = [
        request(i, arm=arm, seed=seed, t_done=1.0 + e2e + i + 0.01 * seed * e2e, **more)
        | (change or {}).get((seed, i), {})
        for seed in seeds
        for i in range(count)
    ]
    return requests_frame(rows)


def table(a, b, **margins):
    found = compare(a, b, level=0.95, resamples=300, margins=margins, seed=1)
    return {row["metric"]: row for row in found.to_dicts()}


FAILED = {(1, 5): {"status": "failed", "quality": None}}


def test_pairs_by_number_after_a_failed_request():
    """A failed request costs its pair and shifts no other: every pair differs by its seed alone."""
    found = table(run("a", 2.0, change=FAILED), run("b", 3.0))["e2e_s"]
    assert found["estimate"] == pytest.approx(-1.02)
    assert (found["n"], found["missing"]) == (3, 1)
    numbers = [i for i in range(20) if i != 5]
    in_full, short = 2.0 + 9.5, 2.0 + sum(numbers) / 19
    assert found["a"] == pytest.approx((short + 0.02 + in_full + 0.04 + in_full + 0.06) / 3)
    assert found["b"] - found["a"] == pytest.approx(1.02)


def test_the_order_of_rows_does_not_matter():
    a, b = run("a", 2.0, change=FAILED), run("b", 3.0)
    shuffled = b.sample(fraction=1.0, shuffle=True, seed=3)
    assert table(a, shuffled) == table(a, b)


def test_seeds_of_one_side_are_left_out_and_counted():
    found = table(run("a", 2.0), run("b", 3.0, seeds=(2, 3, 4)))
    assert (found["e2e_s"]["n"], found["e2e_s"]["missing"]) == (2, 40)
    assert (found["cost_usd"]["n"], found["cost_usd"]["missing"]) == (40, 40)


def test_quality_of_0_and_1_has_its_exact_test_where_every_cluster_has_one_pair():
    alone = {(1, i): {"group_id": f"g{i}"} for i in range(20)}
    lost = {key: more | {"quality": 0.0} for key, more in alone.items() if key[1] < 6}
    a, b = run("a", 2.0, (1,), change=alone), run("b", 2.0, (1,), change=alone | lost)
    found = table(a, b)["quality"]
    assert (found["a"], found["b"], found["estimate"]) == pytest.approx((1.0, 0.7, 0.3))
    assert found["p_mcnemar"] == pytest.approx(2 / 2**6)  # six pairs disagree, all one way
    assert found["p_value"] == pytest.approx(2 / 2**6, abs=0.04)
    assert table(run("a", 2.0), run("b", 2.0))["quality"]["p_mcnemar"] is None


def test_margins_of_either_direction():
    """A is slower by 1 s and better by 0.3."""
    wobble = {(1, i): {"quality": 0.4 + 0.02 * i} for i in range(20)}
    a, b = run("a", 3.0), run("b", 2.0, quality=0.7, change=wobble)
    assert table(a, b, e2e_s=1.5, quality=0.1)["e2e_s"]["verdict"] == "supported"
    assert table(a, b, e2e_s=1.5, quality=0.1)["quality"]["verdict"] == "supported"
    assert table(a, b, e2e_s=0.5)["e2e_s"]["verdict"] == "refuted"
    assert table(a, b, e2e_s=1.02)["e2e_s"]["verdict"] == "inconclusive"
    assert table(b, a, quality=0.1)["quality"]["verdict"] == "refuted"
    assert table(a, b)["quality"]["verdict"] is None


def test_cells_of_equal_traffic_and_rate_are_paired_and_single_cells_always():
    a = pl.concat([run("a", 2.0, rate=rate) for rate in (6.0, 12.0)])
    b = pl.concat([run("b", 3.0, rate=rate) for rate in (12.0, 24.0)])
    found = compare(a, b, level=0.95, resamples=300, margins={}, seed=1)
    assert found["cell_a"].unique().to_list() == ["steady/a@12"]
    single = compare(
        run("a", 2.0), run("a", 3.0, rate=12.0), level=0.95, resamples=300, margins={}, seed=1
    )
    assert single.select("cell_a", "cell_b").unique().row(0) == ("steady/a@6", "steady/a@12")


def test_refuses_what_is_not_paired():
    a = run("a", 2.0)
    with pytest.raises(DataError, match=r"steady/a@6 and steady/b@6 share no seed \(1, 2, 3 and 4"):
        table(a, run("b", 3.0, seeds=(4, 5)))
    other = {(2, 7): {"prompt_id": "q"}}
    with pytest.raises(DataError, match=r"1 of 60 shared .* request 7 of seed 2 \(p7 and q\)"):
        table(a, run("b", 3.0, change=other))
    with pytest.raises(DataError, match="B has no measured rows"):
        table(a, run("b", 3.0, measured=False))
    with pytest.raises(DataError, match="cells of equal traffic and rate"):
        table(a, pl.concat([run("b", 3.0, rate=rate) for rate in (12.0, 24.0)]))


def test_lines_are_aligned_and_say_why_there_is_no_interval():
    found = compare(
        run("a", 2.0), run("b", 3.0), level=0.95, resamples=300, margins={"e2e_s": 0.5}, seed=1
    )
    title, head, *lines = comparison_lines(found)
    assert title == "A steady/a@6   B steady/b@6"
    assert len(lines) == 5
    assert {line.index("simulated") for line in lines} == {head.index("label")}
    told = {line.split()[0]: line for line in lines}
    assert "-1.02 (-1.045 to -0.9952)" in told["e2e_s"]
    assert "not worse (by 0.5)" in told["e2e_s"]
    assert "(no interval: 1 requests beyond the percentile in a run" in told["e2e_p95_s"]
