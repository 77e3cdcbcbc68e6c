"""Candidates for latency: calibration, selection, the table by hand, growth, and refusals."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from pipeline.errors import DataError, ModelError, ParamsError, UnknownNameError
from pipeline.files import file_hash
from pipeline.fleet import profile_tier
from pipeline.params import LatencyParams, Params, load_params
from pipeline.predictors import (
    LEVELS,
    TARGETS,
    LatencyCandidates,
    fit_candidates,
    latency_learning,
    latency_scores,
    latency_summary,
    load_latency,
    profile_features,
    save_latency,
)
from pipeline.predictors.latency._fitted import METRICS, Fitted
from pipeline.predictors.latency._rows import TierRows
from pipeline.predictors.learners.latency import Static, TierConstant
from pipeline.rows import LEARNING, SCORES

TIERS = ("3b_a30", "72b_a100")
NAMES = ("tier_constant", "static", "analytic", "linear", "xgboost", "quantile_xgboost")


@pytest.fixture(scope="module")
def params(request: pytest.FixtureRequest) -> Params:
    root: Path = request.getfixturevalue("root")
    told = load_params(root / "params.yaml")
    profile = told.profile.model_copy(update={"runs": 8, "requests": 50, "loads": (0.1, 0.4, 0.9)})
    return told.model_copy(update={"profile": profile})


@pytest.fixture(scope="module")
def profile(params: Params) -> pl.DataFrame:
    tiers = params.base.fleet.tiers
    return pl.concat([profile_tier(tier, tiers[tier], params.profile, 1) for tier in TIERS])


def fit(params: Params, profile: pl.DataFrame, **changes: object) -> LatencyCandidates:
    tiers = {tier: params.base.fleet.tiers[tier] for tier in TIERS}
    return fit_candidates(profile, tiers, params.latency.model_copy(update=changes), 1)


@pytest.fixture(scope="module")
def candidates(params: Params, profile: pl.DataFrame) -> LatencyCandidates:
    return fit(params, profile)


@pytest.fixture(scope="module")
def scores(candidates: LatencyCandidates) -> pl.DataFrame:
    return SCORES.check(latency_scores(candidates, 1), "memory")


def rows_of(seconds: np.ndarray) -> TierRows:
    n = len(seconds)
    return TierRows(
        np.ones((n, 10), dtype=np.float32), seconds, np.arange(n), np.full(n, "low", dtype="<U6")
    )


def test_the_metrics_by_hand() -> None:
    calibration = rows_of(np.ones((199, 2)))
    one = Fitted.fit(Static((2.0, 1.0)), calibration, calibration, 0.9)
    # Every calibration time was half of the TTFT foretold, so every quantile is calibrated to 1 s.
    assert one.quantiles(rows_of(np.ones((3, 2)))) == pytest.approx(np.ones((3, 2, len(LEVELS))))
    told = one.judge(rows_of(np.array([[1.0, np.e], [np.exp(-2.0), np.nan]])))
    assert np.isnan(told[1, 1]).all()
    by_metric = dict(zip(METRICS, told.transpose(2, 0, 1), strict=True))
    assert by_metric["mape"][0] == pytest.approx([1.0, (np.e - 1) / np.e])
    # Quantile t lies log e = 1 below, which costs t: 1/2 is the mean of LEVELS. 2 above: 2 (1 - t).
    for name in ("pinball", "pinball_served"):
        assert by_metric[name][0] == pytest.approx([0.0, 0.5])
        assert by_metric[name][1, 0] == pytest.approx(1.0)
    assert by_metric["coverage"][0].tolist() == [1.0, 0.0]
    assert by_metric["width"][0] == pytest.approx([0.0, 0.0])


def test_calibrated_intervals_cover_what_they_promise() -> None:
    """Over many calibration sets of constants that are wrong: at least 90 %, and not much more."""
    rng, inside = np.random.default_rng(1), []
    for _ in range(200):
        train, calibration, test = (
            rows_of(rng.lognormal(shift, 0.5, (99, 2))) for shift in (0.3, 0.0, 0.0)
        )
        one = Fitted.fit(TierConstant(), train, calibration, 0.9)
        inside.append(one.judge(test)[:, :, METRICS.index("coverage")].mean())
    # Each tail is covered with (5 to 6) / 100; 200 means of a spread of 0.04.
    assert 0.895 < np.mean(inside) < 0.925


def test_the_selected_one_loses_least_on_the_validation_runs(
    params: Params, profile: pl.DataFrame, candidates: LatencyCandidates, scores: pl.DataFrame
) -> None:
    losses = scores.filter(
        split="validation", slice_kind="all", metric="pinball_served", versus="none"
    )
    assert set(losses["candidate"]) == set(NAMES)
    assert candidates.selected == losses.sort("estimate")["candidate"][0]
    assert scores.filter("selected")["candidate"].unique().to_list() == [candidates.selected]
    named = fit(params, profile, learner="linear", xgboost=None, quantile_xgboost=None)
    assert named.selected == "linear"
    assert set(named.fitted) == set(NAMES[:4])


def test_what_was_learned_beats_what_does_not_look(scores: pl.DataFrame) -> None:
    against = scores.filter(
        split="test", slice_kind="all", metric="pinball", versus="tier_constant"
    )
    high = dict(against.select("candidate", "high").iter_rows())
    assert all(high[name] < 0 for name in ("analytic", "linear", "xgboost", "quantile_xgboost"))


def test_a_mean_of_the_table_is_that_of_its_rows(
    candidates: LatencyCandidates, profile: pl.DataFrame, scores: pl.DataFrame
) -> None:
    """MAPE of one slice the slow way, from the rows of the profile."""
    tier, target = TIERS[1], TARGETS[1]
    rows = profile.filter(pl.col("tier") == tier, part="test").drop_nulls(target)
    learner = candidates.fitted["linear"][tier].learner
    predicted = learner.predict(profile_features(rows))[:, 1]
    actual = rows[target].to_numpy()
    found = scores.filter(
        candidate="linear", split="test", slice=f"{tier} {target}", metric="mape", versus="none"
    )
    assert found["estimate"].item() == pytest.approx(float(np.mean(np.abs(predicted / actual - 1))))
    assert found["n"].item() == rows.height
    assert found["clusters"].item() == rows["run"].n_unique()


def test_slices_and_differences_add_up(scores: pl.DataFrame) -> None:
    kinds = scores.unique(["slice_kind", "slice"]).group_by("slice_kind").len().sort("slice_kind")
    assert kinds.rows() == [("all", 1), ("load", 3), ("target", 6), ("tier", 2)]
    whole = scores.filter(split="test", slice_kind="all", metric="pinball")
    value = {row["candidate"]: row["estimate"] for row in whole.filter(versus="none").to_dicts()}
    for row in whole.filter(pl.col("versus") != "none").to_dicts():
        difference = value[row["candidate"]] - value[row["versus"]]
        assert row["estimate"] == pytest.approx(difference, abs=1e-12)
    for kind in ("load", "tier"):
        parts = scores.filter(split="test", slice_kind=kind, metric="mape", candidate="linear")
        every = scores.filter(split="test", slice_kind="all", metric="mape", candidate="linear")
        assert parts["n"].sum() == every["n"].item()
        mean = (parts["estimate"] * parts["n"]).sum() / parts["n"].sum()
        assert mean == pytest.approx(every["estimate"].item())


def test_the_summary_keeps_its_names(scores: pl.DataFrame) -> None:
    told = latency_summary(scores)
    assert set(told) == {"selected", *(f"{tier}.{target}" for tier in TIERS for target in TARGETS)}
    entry = told[f"{TIERS[0]}.ttft_s"]
    assert {"n", "mape", "coverage", "coverage_low", "coverage_high"} <= set(entry)
    assert {"mape_tier_constant", "mape_static", "mape_analytic"} <= set(entry)
    json.dumps(told)


def test_growth_is_nested_and_ends_at_the_table(
    params: Params, candidates: LatencyCandidates, scores: pl.DataFrame
) -> None:
    tiers = {tier: params.base.fleet.tiers[tier] for tier in TIERS}
    curve = LEARNING.check(latency_learning(candidates, tiers, params.latency, 1), "memory")
    assert set(curve["dataset"]) == {"all", *TIERS}
    trained = curve.filter(dataset=TIERS[0], metric="mape").sort("share")["trained_on"].to_list()
    # Of 15 training runs of 50 requests 2, 4, 8 and all.
    assert trained == [100, 200, 400, 750]
    last = curve.filter(dataset="all", share=1.0, metric="pinball")["estimate"].item()
    table = scores.filter(
        candidate=candidates.selected, split="test", slice_kind="all", metric="pinball",
        versus="none",
    )  # fmt: skip
    assert last == pytest.approx(table["estimate"].item())
    first = curve.filter(dataset="all", share=0.1, metric="pinball")["estimate"].item()
    assert first > last


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_can_serve_and_survives_the_disk(
    candidates: LatencyCandidates, name: str, tmp_path: Path
) -> None:
    model = LatencyCandidates(candidates.fitted, candidates.rows, name).model()
    save_latency(model, tmp_path / "latency")
    stored = load_latency(tmp_path / "latency")
    assert stored.learner == name
    assert stored.bounds(TIERS[1]) == model.bounds(TIERS[1])
    assert stored.untrained_ == model.untrained_
    features = candidates.rows[TIERS[0]]["test"].features[:40]
    tier = np.arange(40) % 2
    one, other = (m.stack(list(TIERS)).predict(features, tier) for m in (stored, model))
    assert np.array_equal(one, other)
    for place, target in enumerate(TARGETS):
        alone = model.head(TIERS[1], target).predict(features[1::2])
        assert one[place][1::2] == pytest.approx(alone, rel=1e-12)
    with pytest.raises(UnknownNameError, match="did you mean '72b_a100'"):
        stored.stack(["72b_a10"])


def test_equal_data_give_equal_bytes(
    params: Params,
    profile: pl.DataFrame,
    candidates: LatencyCandidates,
    scores: pl.DataFrame,
    tmp_path: Path,
) -> None:
    again = fit(params, profile)
    assert latency_scores(again, 1).equals(scores)
    for name, one in (("one", candidates), ("two", again)):
        save_latency(one.model(), tmp_path / name)
    assert file_hash(tmp_path / "one") == file_hash(tmp_path / "two")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda told: told | {"feature_schema": "0", "features": ["running"]}, "trained on feat"),
        (lambda told: {k: v for k, v in told.items() if k != "learner"}, "another version"),
        (lambda told: told | {"kind": "length"}, "holds a 'length' model"),
    ],
)
def test_another_schema_and_damage_end_in_a_sentence(
    candidates: LatencyCandidates,
    tmp_path: Path,
    damage: Callable[[dict[str, object]], dict[str, object]],
    sentence: str,
) -> None:
    save_latency(candidates.model(), tmp_path / "latency")
    manifest = tmp_path / "latency" / "manifest.json"
    manifest.write_text(json.dumps(damage(json.loads(manifest.read_text()))))
    with pytest.raises(ModelError, match=sentence):
        load_latency(tmp_path / "latency")


def test_a_cut_file_is_refused(candidates: LatencyCandidates, tmp_path: Path) -> None:
    save_latency(candidates.model(), tmp_path / "latency")
    part = next((tmp_path / "latency" / TIERS[0]).iterdir())
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(ModelError, match="altered since training"):
        load_latency(tmp_path / "latency")


def test_profiles_that_lack_something_are_refused(params: Params, profile: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="no validation runs of tier '3b_a30'"):
        fit(params, profile.filter(pl.col("part") != "validation"))
    with pytest.raises(DataError, match="no rows of tier '72b_a100'"):
        fit(params, profile.filter(pl.col("tier") == TIERS[0]))
    kept = (pl.col("part") != "calibration") | (pl.col("request_id") < 3)
    with pytest.raises(DataError, match="9 calibration pairs are too few"):
        fit(params, profile.filter(kept))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"learner": "xgbost"}, "did you mean 'xgboost'"),
        ({"learner": "linear", "linear": None}, "null does not compete"),
        ({"level": 0.85}, "accepted are 0.5, 0.8, 0.9, 0.98"),
        ({"linear": {"alhpa": 1.0}}, "did you mean 'alpha'"),
    ],
)
def test_wrong_parameters_end_in_a_sentence(
    root: Path, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    told = yaml.safe_load((root / "params.yaml").read_text())
    told["latency"] |= change
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(told))
    with pytest.raises(ParamsError, match=sentence):
        load_params(tmp_path / "params.yaml")


def test_references_always_compete(params: Params) -> None:
    bare = LatencyParams(
        learner="analytic", level=0.9, linear=None, xgboost=None, quantile_xgboost=None
    )
    assert bare.candidates == ("tier_constant", "static", "analytic")
