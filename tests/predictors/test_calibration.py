"""Calibration curves: exact cases, what never changes, what they learn, and what bounds cover."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

from pipeline.errors import DataError, ModelError, UnknownNameError
from pipeline.predictors import Prompts, QualityModel
from pipeline.predictors.calibration import (
    CALIBRATIONS,
    BetaCurve,
    IsotonicCurve,
    PlattCurve,
    fit_curves,
    load_curve,
    pooled_curves,
)
from pipeline.predictors.calibration._logit import Prior
from pipeline.predictors.learners import Knn

CURVES = (PlattCurve, BetaCurve, IsotonicCurve)
SCORES = np.array([0.15, 0.3, 0.5, 0.7, 0.85])


@pytest.fixture(autouse=True)
def _one_thread():
    """As `fit_curves` has it: hundreds of tiny fits wake no threads."""
    with threadpool_limits(1):
        yield


def _drawn(rng, n, slopes, intercepts):
    """Scores (n, M) and labels whose log odds are linear in those of the scores."""
    raw = rng.beta(2, 2, (n, len(slopes)))
    chance = expit(np.array(slopes) * logit(raw) + np.array(intercepts))
    return raw, (rng.random(raw.shape) < chance).astype(float)


@pytest.mark.parametrize("kind", CURVES)
@settings(max_examples=25, database=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60), graded=st.booleans())
def test_a_curve_never_decreases_and_bounds_hold_it(kind, seed, n, graded):
    rng = np.random.default_rng(seed)
    raw = rng.uniform(-0.2, 1.2, n)
    label = rng.random(n) if graded else rng.integers(0, 2, n).astype(float)
    value, low, high = kind.fit(raw, label, 0.9).apply(np.linspace(-0.5, 1.5, 41))
    assert (np.diff(value) >= -1e-12).all()
    assert ((low >= 0) & (low <= value) & (value <= high) & (high <= 1)).all()


@pytest.mark.parametrize("kind", CURVES)
def test_a_curve_is_what_its_numbers_say(kind):
    raw, label = _drawn(np.random.default_rng(0), 100, [1.0], [0.0])
    curve = kind.fit(raw[:, 0], label[:, 0], 0.8)
    again = load_curve(json.loads(json.dumps(curve.as_dict())))
    assert type(again) is kind
    for one, other in zip(curve.apply(SCORES), again.apply(SCORES), strict=True):
        assert np.array_equal(one, other)
    with pytest.raises(DataError, match="1 calibration rows are too few"):
        kind.fit(raw[:1, 0], label[:1, 0], 0.9)


def test_a_stored_curve_of_no_known_kind_is_refused():
    with pytest.raises(ModelError, match=r"'plat'; did you mean 'platt'\?"):
        load_curve({"kind": "plat"})


@pytest.mark.parametrize("kind", [PlattCurve, BetaCurve])
def test_many_rows_give_back_the_true_curve(kind):
    # Both hold logit(q) = 0.6 logit(p) - 0.4: for beta it is a = b = 0.6.
    raw, label = _drawn(np.random.default_rng(1), 40_000, [0.6], [-0.4])
    curve = kind.fit(raw[:, 0], label[:, 0], 0.9)
    expected = [0.6] * (len(kind.identity) - 1) + [-0.4]
    assert curve.coefficients == pytest.approx(expected, abs=0.06)
    assert curve.apply(SCORES)[0] == pytest.approx(expit(0.6 * logit(SCORES) - 0.4), abs=0.01)


def test_beta_bends_the_ends_apart():
    rng = np.random.default_rng(2)
    raw = rng.beta(2, 2, 40_000)
    truth = expit(2 * np.log(raw) - 0.5 * np.log(1 - raw) + 0.3)
    curve = BetaCurve.fit(raw, (rng.random(raw.size) < truth).astype(float), 0.9)
    assert curve.coefficients == pytest.approx([2.0, 0.5, 0.3], abs=0.1)


def test_platt_is_logistic_regression_on_the_log_odds():
    from sklearn.linear_model import LogisticRegression

    raw, label = _drawn(np.random.default_rng(3), 2000, [0.8], [0.2])
    raw = np.clip(raw, 0.01, 0.99)
    plain = LogisticRegression(C=1e6).fit(logit(raw), label[:, 0])
    curve = PlattCurve.fit(raw[:, 0], label[:, 0], 0.9)
    assert curve.coefficients == pytest.approx([*plain.coef_[0], *plain.intercept_], abs=2e-3)


def test_graded_labels_count_like_as_many_binary_ones():
    raw, half = np.array([0.2, 0.4, 0.8] * 30), np.array([0.5, 0.0, 1.0] * 30)
    twice = PlattCurve.fit(np.repeat(raw, 2), np.array([0.0, 1, 0, 0, 1, 1] * 30), 0.9)
    # Half the rows, so half the weight for the prior.
    wide = Prior(np.array([1.0, 0.0]), 2 * 9.0 * np.eye(2))
    graded = PlattCurve.fit(raw, half, 0.9, wide)
    assert graded.coefficients == pytest.approx(twice.coefficients, abs=1e-4)


def test_extreme_rows_have_finite_curves():
    for kind in (PlattCurve, BetaCurve):
        separable = kind.fit(np.array([0.0, 0.1, 0.9, 1.0]), np.array([0.0, 0, 1, 1]), 0.9)
        assert np.isfinite(separable.coefficients).all()
        inverse = kind.fit(np.linspace(0.1, 0.9, 80), np.arange(80) < 40.0, 0.9)
        assert inverse.coefficients[:-1] == pytest.approx(np.zeros(len(kind.identity) - 1))


@pytest.mark.parametrize("kind", [PlattCurve, BetaCurve])
@pytest.mark.parametrize("n", [50, 300])
def test_bounds_of_a_single_curve_cover(kind, n):
    covered = []
    for run in range(150):
        raw, label = _drawn(np.random.default_rng([4, run]), n, [0.7], [-0.3])
        _, low, high = kind.fit(raw[:, 0], label[:, 0], 0.9).apply(SCORES)
        truth = expit(0.7 * logit(SCORES) - 0.3)
        covered.append((low <= truth) & (truth <= high))
    assert 0.86 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 0.0), (0.25, 0.4)])
def test_bounds_of_pooled_curves_cover_models_alike_and_unlike(slope, intercept):
    covered = []
    for run in range(60):
        rng = np.random.default_rng([5, run])
        slopes, intercepts = 0.8 + slope * rng.normal(size=4), intercept * rng.normal(size=4)
        raw, label = _drawn(rng, 100, slopes, intercepts)
        for model, curve in enumerate(pooled_curves(raw, label, 0.9)):
            _, low, high = curve.apply(SCORES)
            truth = expit(slopes[model] * logit(SCORES) + intercepts[model])
            covered.append((low <= truth) & (truth <= high))
    assert 0.85 <= np.mean(covered) <= 0.97


def test_pooling_helps_few_rows_and_vanishes_with_many():
    errors = {"pooled": [], "platt": [], "isotonic": []}
    for run in range(25):
        raw, label = _drawn(np.random.default_rng([6, run]), 80, [0.9] * 4, [0.1] * 4)
        truth = expit(0.9 * logit(SCORES) + 0.1)
        for kind, found in errors.items():
            curves = fit_curves(kind, raw, label, 0.9).curves
            found += [((curve.apply(SCORES)[0] - truth) ** 2).mean() for curve in curves]
    loss = {kind: np.mean(found) for kind, found in errors.items()}
    assert loss["pooled"] < 0.7 * loss["platt"] < loss["isotonic"]
    slopes, intercepts = [0.5, 1.0, 1.5, 2.0], [-1.0, 0.0, 0.5, 1.0]
    raw, label = _drawn(np.random.default_rng(7), 20_000, slopes, intercepts)
    for model, curve in enumerate(pooled_curves(raw, label, 0.9)):
        alone = PlattCurve.fit(raw[:, model], label[:, model], 0.9)
        assert curve.coefficients == pytest.approx(alone.coefficients, abs=0.01)


def test_one_or_two_models_are_not_pooled():
    raw, label = _drawn(np.random.default_rng(8), 60, [1.0, 0.5], [0.0, 0.5])
    label[:30, 1] = np.nan
    found = pooled_curves(raw, label, 0.9)
    alone = PlattCurve.fit(raw[30:, 1], label[30:, 1], 0.9)
    assert np.array_equal(found[1].coefficients, alone.coefficients)


def test_auto_finds_a_form_that_the_others_lack():
    # A step: only isotonic holds it. A line on the scale of log odds: no reason to leave the pool.
    rng = np.random.default_rng(9)
    raw = rng.random((1500, 4))
    chance = np.where((raw > 0.4) & (raw < 0.6), 0.85, 0.15 + 0.72 * (raw >= 0.6))
    chance[:, 1:] = raw[:, 1:]
    label = (rng.random(raw.shape) < chance).astype(float)
    found = fit_curves("auto", raw, label, 0.9)
    assert found.chosen[0] == "isotonic"
    assert found.chosen.count("pooled") >= 2
    assert found.curves[0].kind == "isotonic"


def test_auto_keeps_groups_in_one_fold():
    # 40 prompts of 12 copies each: folds that split them praise the curve that learns by heart.
    groups = [str(row) for row in np.arange(40).repeat(12)]
    split, whole = [], []
    for run in range(6):
        raw, label = _drawn(np.random.default_rng([10, run]), 40, [1.0] * 3, [0.0] * 3)
        raw, label = raw.repeat(12, axis=0), label.repeat(12, axis=0)
        split += fit_curves("auto", raw, label, 0.9).chosen
        whole += fit_curves("auto", raw, label, 0.9, groups).chosen
    assert split.count("isotonic") == 18
    assert whole.count("pooled") >= 12


def test_auto_of_few_labels_is_pooled_and_unknown_names_are_refused():
    raw, label = _drawn(np.random.default_rng(11), 30, [1.0] * 3, [0.0] * 3)
    label[12:, 2] = np.nan
    assert fit_curves("auto", raw, label, 0.9).chosen == ["pooled"] * 3
    assert fit_curves("auto", raw[:, :2], label[:, :2], 0.9, ["one"] * 30).chosen == ["pooled"] * 2
    with pytest.raises(UnknownNameError, match=r"did you mean 'isotonic'\?"):
        fit_curves("isotonics", raw, label, 0.9)


def test_params_accept_the_calibrations_that_exist():
    from typing import get_args

    from pipeline.params import QualityParams

    declared = QualityParams.model_fields["calibration"].annotation
    assert sorted(get_args(declared)) == sorted(CALIBRATIONS)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_a_calibrated_model_survives_the_disk(calibration, tmp_path: Path):
    rng = np.random.default_rng(12)
    vectors = rng.normal(size=(400, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    label = (rng.random((400, 3)) < expit(4 * vectors[:, :3])).astype(float)
    train, rest = Prompts(vectors[:250]), Prompts(vectors[250:])
    model = QualityModel(Knn(10), 0.9, calibration)
    model.fit(["a", "b", "c"], train, label[:250], rest, label[250:])
    model.save(tmp_path / "q")
    again = QualityModel.load(tmp_path / "q")
    assert (again.calibration, again.chosen_) == (calibration, model.chosen_)
    told, same = model.predict(rest), again.predict(rest)
    for part in ("mean", "low", "high"):
        assert np.array_equal(getattr(told, part), getattr(same, part))
