"""Parts of the Brier score and bands of its bins: by hand, their sum, their coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import (
    auc_interval,
    auc_within_prompt,
    brier,
    brier_intervals,
    brier_parts,
    ece,
    reliability_bins,
)

PARTS = ("reliability", "resolution", "uncertainty", "brier")


def _drawn(rng, shift, groups=200, repeats=2):
    """Scores that are too high by `shift`, in clusters of equal scores."""
    predicted = rng.uniform(0.2, 0.8, groups).repeat(repeats)
    label = (rng.random(predicted.size) < predicted - shift).astype(float)
    return predicted, label, np.arange(groups).repeat(repeats)


def test_parts_by_hand():
    # Two bins of equal predictions: gaps 0.2 - 0.25 and 0.8 - 0.5, labels 1 of 4 and 2 of 4.
    predicted, label = [0.2] * 4 + [0.8] * 4, [1, 0, 0, 0, 1, 1, 0, 0]
    found = brier_parts(predicted, label, bins=2)
    gaps = (0.05**2 + 0.3**2) / 2
    noise = (0.25 * 0.75 / 3 + 0.5 * 0.5 / 3) / 2  # y (1 - y) / (n - 1), Ferro and Fricker
    mean = 3 / 8
    assert found.reliability == pytest.approx(gaps - noise)
    assert found.uncertainty == pytest.approx(mean * (1 - mean) * (1 + 1 / 7))
    spread = ((0.25 - mean) ** 2 + (0.5 - mean) ** 2) / 2
    assert found.resolution == pytest.approx(spread - noise + mean * (1 - mean) / 7)


@settings(max_examples=40, database=None)
@given(st.integers(0, 500), st.integers(1, 12), st.booleans(), st.integers(1, 4))
def test_parts_add_up_to_the_score(seed, bins, graded, repeats):
    rng = np.random.default_rng(seed)
    predicted, label, ids = _drawn(rng, 0.1, groups=15, repeats=repeats)
    label = rng.random(label.size) if graded else label
    found = brier_parts(predicted, label, ids, bins)
    assert found.brier == pytest.approx(brier(predicted, label))
    assert found.brier == pytest.approx(found.reliability - found.resolution + found.uncertainty)
    # Neither the order of the rows nor the names of the clusters matter.
    order = rng.permutation(label.size)
    again = brier_parts(predicted[order], label[order], 1000 - ids[order], bins)
    assert again.reliability == pytest.approx(found.reliability, abs=1e-12)


def test_parts_without_bias_over_clusters():
    found = [
        brier_parts(*_drawn(np.random.default_rng([17, run]), shift, groups=60, repeats=3))
        for shift in (0.0, 0.1)
        for run in range(400)
    ]
    reliability = np.array([one.reliability for one in found]).reshape(2, -1).mean(axis=1)
    assert reliability == pytest.approx([0.0, 0.01], abs=0.0014)
    assert np.mean([one.resolution for one in found]) == pytest.approx(0.03, abs=0.004)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.15])
def test_intervals_of_parts_cover_the_truth(shift):
    mean, square = 0.5, 0.25 + 0.6**2 / 12
    truth = {
        "reliability": shift**2,
        "resolution": square - 0.25,
        "uncertainty": (mean - shift) * (1 - mean + shift),
        "brier": mean - square,
    }
    assert truth["brier"] == pytest.approx(
        truth["reliability"] - truth["resolution"] + truth["uncertainty"], abs=1e-12
    )
    covered = []
    for run in range(120):
        rng = np.random.default_rng([8, run])
        found = brier_intervals(*_drawn(rng, shift), level=0.95, resamples=300, rng=rng)
        covered.append([found[part].low <= truth[part] <= found[part].high for part in PARTS])
    assert (np.mean(covered, axis=0) >= 0.88).all()


def test_points_of_intervals_are_the_parts():
    rng = np.random.default_rng(1)
    drawn = _drawn(rng, 0.05)
    parts, found = brier_parts(*drawn), brier_intervals(*drawn, level=0.95, resamples=50, rng=rng)
    for part in PARTS:
        assert found[part].estimate == pytest.approx(getattr(parts, part), abs=1e-12)
        assert (found[part].n, found[part].clusters) == (400, 200)
    one = brier_intervals([0.1, 0.9], [0, 1], ["a", "a"], level=0.95, resamples=50, rng=rng)
    assert one["brier"].low is None
    with pytest.raises(DataError, match=r"probability spans -1"):
        brier_parts([-1.0], [0.0])


def test_bins_are_those_of_ece():
    predicted, label, ids = _drawn(np.random.default_rng(2), 0.1)
    _, bins = ece(predicted, label)
    found = reliability_bins(predicted, label, ids, level=0.95)
    assert [one.count for one in found] == [one.count for one in bins]
    told, expected = ([one.mean_predicted for one in part] for part in (found, bins))
    assert told == pytest.approx(expected)
    assert all(one.low <= one.mean_observed <= one.high for one in found)


def test_a_band_by_hand():
    # Wilson's interval of 2 of 8, with t of 7 degrees in place of z.
    [found] = reliability_bins([0.5] * 8, [1, 1, 0, 0, 0, 0, 0, 0], range(8), level=0.95)
    t = 2.3646242510102993
    rows = 0.25 * 0.75 / (0.25 * 0.75 / 7)  # variance of the mean is y (1 - y) / (n - 1)
    square = t * t / rows
    half = t * np.sqrt(0.25 * 0.75 / rows + square / (4 * rows)) / (1 + square)
    centre = (0.25 + square / 2) / (1 + square)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half))
    [equal] = reliability_bins([0.5] * 8, [1] * 8, range(8), level=0.95)
    assert 0.5 < equal.low < 1.0 == equal.high
    [single] = reliability_bins([0.5] * 3, [1, 0, 1], ["a"] * 3, level=0.95)
    assert (single.clusters, single.low) == (1, None)


@pytest.mark.parametrize("repeats", [1, 4])
def test_bands_cover_over_clusters_of_one_luck(repeats):
    covered = []
    for run in range(60):
        rng = np.random.default_rng([9, run])
        predicted, _, ids = _drawn(rng, 0.0, groups=200, repeats=repeats)
        label = (rng.random(200).repeat(repeats) < predicted).astype(float)
        found = reliability_bins(predicted, label, ids, level=0.9)
        covered += [one.low <= one.mean_predicted <= one.high for one in found]
    assert 0.86 <= np.mean(covered) <= 0.96


def test_auc_interval_rests_on_prompts_of_differing_labels():
    rng = np.random.default_rng(3)
    prompts = np.arange(80).repeat(3)
    score = rng.random(240)
    label = (rng.random(240) < score).astype(float)
    label[:3] = 1.0
    point, counted = auc_within_prompt(score, label, prompts)
    found = auc_interval(
        score, label, prompts, prompts // 2, level=0.95, resamples=200, rng=np.random.default_rng(4)
    )
    assert (found.estimate, found.n) == (pytest.approx(point), counted)
    assert found.low < point < found.high
    assert found.n + found.missing == 80
    assert found.clusters <= 40
    with pytest.raises(DataError, match="group_ids"):
        auc_interval(score, label, prompts, [1], level=0.95, resamples=9, rng=rng)


def test_auc_interval_covers_the_share_of_ordered_pairs():
    covered = []
    for run in range(100):
        rng = np.random.default_rng([10, run])
        # Two models, labels 0 and 1 in random order, ordered rightly with chance 0.7.
        first, right = rng.random(60) < 0.5, rng.random(60) < 0.7
        label = np.column_stack([first, ~first]).ravel().astype(float)
        score = np.where(right, first, ~first)
        score = np.column_stack([score, ~score]).ravel().astype(float)
        ids = np.arange(60).repeat(2)
        found = auc_interval(score, label, ids, ids, level=0.9, resamples=300, rng=rng)
        covered.append(found.low <= 0.7 <= found.high)
    assert np.mean(covered) >= 0.83
