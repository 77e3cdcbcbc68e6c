"""Calibration under load against slow sums of the same rows."""

import numpy as np
import polars as pl
import pytest

from pipeline.params import ArmParams
from pipeline.reporting.drift._beliefs import with_actuals
from pipeline.reporting.drift._calibration import calibration_table
from pipeline.reporting.drift._slices import standing_for
from pipeline.reporting.rows import measured
from pipeline.statistics import brier, ece, pinball
from tests.reporting_rows import fleet_rows, request, requests_frame

LEARNED = ArmParams.model_validate(
    {"router": "fused", "dispatcher": "shortest_queue", "weights": "uniform", "latency": "learned"}
)
NOMINAL = {"length": 0.9, "ttft": 0.8, "tpot": 0.8, "e2e": 0.8}


def _table(rows, **arms):
    return calibration_table(
        with_actuals(measured(rows, None)),
        standing_for({"a": LEARNED} | arms),
        NOMINAL,
        level=0.95,
        resamples=300,
        seed=1,
    )


@pytest.fixture(scope="module")
def noisy():
    rows = fleet_rows(arms=("a",), rates=(6.0,), count=60).with_columns(
        predicted_quality=0.4 + 0.4 * pl.col("request_id") / 60
    )
    return rows, _table(rows)


def _one(table, predictor, measure, name="small"):
    return table.filter(predictor=predictor, measure=measure, name=name).row(0, named=True)


def test_quality_against_the_plain_scores(noisy):
    rows, table = noisy
    own = rows.filter(pl.col("tier") == "small")
    predicted, label = own["predicted_quality"], own["quality"]
    found = _one(table, "quality", "brier")
    assert found["estimate"] == pytest.approx(brier(predicted, label))
    assert found["low"] < found["estimate"] < found["high"]
    plain = ece(predicted, label)[0]
    corrected = _one(table, "quality", "ece")
    assert 0.0 <= corrected["estimate"] <= plain <= corrected["high"]
    assert _one(table, "quality", "width")["estimate"] == pytest.approx(1.0)
    measures = table.filter(predictor="quality")["measure"].unique().sort().to_list()
    assert measures == ["brier", "ece", "width"]


@pytest.mark.parametrize("predictor", ["length", "e2e"])
def test_bounds_against_the_plain_scores(noisy, predictor):
    rows, table = noisy
    own = rows.filter(pl.col("tier") == "small")
    actual = own["output_tokens"] if predictor == "length" else own["t_done"] - own["t_dispatched"]
    actual = actual.cast(pl.Float64).to_numpy()
    low, high = (own[f"predicted_{predictor}_{end}"].to_numpy() for end in ("low", "high"))
    seeds = own["seed"].to_numpy()
    tail = (1 - NOMINAL[predictor]) / 2
    expected = {
        "coverage": lambda k: np.mean((low[k] <= actual[k]) & (actual[k] <= high[k])),
        "width": lambda k: np.mean(high[k] - low[k]),
        "pinball": lambda k: (
            (pinball(actual[k], low[k], tail) + pinball(actual[k], high[k], 1 - tail)) / 2
        ),
    }
    everything = np.ones(seeds.size, dtype=bool)
    parts = [everything] if predictor == "length" else [seeds == seed for seed in (1, 2, 3)]
    for measure, value in expected.items():
        found = _one(table, predictor, measure)
        assert found["estimate"] == pytest.approx(np.mean([value(part) for part in parts]))
        assert found["target"] == (NOMINAL[predictor] if measure == "coverage" else None)


def test_units_and_slices(noisy):
    _, table = noisy
    units = dict(table.filter(predictor="length").select("measure", "unit").iter_rows())
    assert units == {"coverage": "0 to 1", "width": "tokens", "pinball": "tokens"}
    named = table.select("slice", "name").unique().sort("slice", "name").rows()
    assert named == [("model", "m-big"), ("model", "m-small"), ("tier", "big"), ("tier", "small")]


def test_what_nobody_predicted_has_no_line():
    table = _table(requests_frame([request(i, predicted_quality=0.5) for i in range(4)]))
    assert table["predictor"].unique().to_list() == ["quality"]


def test_arms_with_spoiled_beliefs_do_not_count():
    spoiled = LEARNED.model_copy(update={"error": object()})
    rows = requests_frame(
        [request(0, predicted_quality=1.0), request(1, predicted_quality=0.0, arm="spoiled")]
    )
    found = _one(_table(rows, spoiled=spoiled), "quality", "brier")
    assert (found["n"], found["estimate"]) == (1, 0.0)
