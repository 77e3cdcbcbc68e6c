"""Guards on simulated load tests: a slower or worse challenger does not pass."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.params import PromotionParams, load_params
from pipeline.registry import Check, check_served
from pipeline.reporting.rows import measured, with_utility
from tests.reporting_rows import fleet_rows


@pytest.fixture
def gate(root: Path) -> PromotionParams:
    guards = [{"metric": name, "margin": 0.1} for name in ("quality", "utility", "e2e_s")]
    told = load_params(root / "params.yaml").register_.gate.model_dump()
    told["served"] |= {"guards": guards}
    return PromotionParams.model_validate(told)


def rows_of(root: Path, later: float = 0.0, worse: float = 0.0) -> pl.DataFrame:
    """Measured rows, each run later by about so many seconds and each answer worse by so much."""
    params = load_params(root / "params.yaml").loadtest
    rows = measured(fleet_rows(arms=("a",), rates=(6.0,), seeds=(1, 2, 3, 4, 5)))
    moved = rows.with_columns(
        pl.col("e2e_s") + later * (1 + 0.01 * pl.col("seed")),
        quality=(pl.col("quality") - worse).clip(0.0),
    )
    return with_utility(moved, params.weights["uniform"], params.scales)


def verdicts(checks: tuple[Check, ...]) -> dict[str, str]:
    return {check.metric: check.verdict for check in checks}


def test_equal_service_passes_though_no_run_differs(root: Path, gate: PromotionParams) -> None:
    old = rows_of(root)
    found = check_served(old, old, gate, np.random.default_rng(0))
    # Five runs have 32 sign patterns, and one of 32 is below 0.05.
    assert set(verdicts(found).values()) == {"supported"}
    assert [check.improvement.estimate for check in found] == [0.0, 0.0, 0.0]


def test_slow_service_does_not(root: Path, gate: PromotionParams) -> None:
    new = rows_of(root, later=0.5)
    found = check_served(rows_of(root), new, gate, np.random.default_rng(0))
    assert verdicts(found) == {"quality": "supported", "utility": "supported", "e2e_s": "refuted"}
    e2e = found[2]
    assert e2e.challenger is not None
    assert e2e.champion is not None
    assert e2e.improvement.estimate == pytest.approx(e2e.champion - e2e.challenger)
    assert e2e.improvement.estimate == pytest.approx(-0.5, rel=0.05)


def test_bad_answers_do_not(root: Path, gate: PromotionParams) -> None:
    new = rows_of(root, worse=0.4)
    found = check_served(rows_of(root), new, gate, np.random.default_rng(0))
    assert verdicts(found)["quality"] == "refuted"
    assert verdicts(found)["e2e_s"] != "refuted"
