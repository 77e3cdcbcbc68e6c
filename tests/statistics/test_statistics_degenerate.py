"""No interval function may make up bounds: too little data is refused in words, never as NaN."""

import math
import warnings

import numpy as np
import pytest

from pipeline.statistics import (
    block_interval,
    hierarchical_interval,
    mean_interval,
    mean_intervals,
    noise_floor,
    paired_replication_interval,
    replication_interval,
    share_interval,
    small_mean_interval,
)

LEVEL, RESAMPLES = 0.9, 200


def rng():
    return np.random.default_rng(0)


def over_clusters(method):
    def interval(values, groups):
        return mean_interval(
            values, groups, level=LEVEL, resamples=RESAMPLES, rng=rng(), method=method
        )

    return interval


def column_of_many(values, groups):
    """As one column beside a usable one, padded by rows in which only the other has values."""
    rows = len(values) + 30
    table = np.full((rows, 2), np.nan)
    table[:, 0] = np.arange(rows)
    table[: len(values), 1] = values
    ids = [*groups, *(f"other {i}" for i in range(30))]
    options = {"level": LEVEL, "resamples": RESAMPLES, "rng": rng()}
    usable, found = mean_intervals(table, ids, **options)
    assert usable.low is not None
    return found


def over_runs(values, _):
    return replication_interval(values, level=LEVEL)


def over_pairs(values, _):
    return paired_replication_interval(values, np.zeros(len(values)), level=LEVEL)


def floor(values, _):
    return noise_floor(np.asarray(values) * 0.0, level=LEVEL)


def hierarchy(values, _):
    """Every value as a run that repeats it."""
    return hierarchical_interval(
        [np.full(100, value) for value in values],
        quantile=None, level=LEVEL, resamples=RESAMPLES, block=10, rng=rng(),
    )  # fmt: skip


def blocks(values, _):
    return block_interval(
        np.repeat(values, 40), quantile=None, level=LEVEL, resamples=RESAMPLES, rng=rng()
    )


REFUSING = {
    "bca": over_clusters("bca"),
    "percentile": over_clusters("percentile"),
    "column": column_of_many,
    "runs": over_runs,
    "pairs": over_pairs,
    "floor": floor,
    "hierarchy": hierarchy,
    "blocks": blocks,
}
DATA = {
    "no values": [],
    "one value": [0.3],
    "constant data": [0.3] * 4,
}


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", REFUSING)
def test_too_little_data_are_refused_in_words(name, data):
    values = DATA[data]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = REFUSING[name](values, [f"g{i}" for i in range(len(values))])
    assert got.method.startswith("degenerate: ")
    assert len(got.method) > len("degenerate: ")
    assert (got.low, got.high) == (None, None)
    point = 0.0 if name == "floor" else 0.3
    assert got.estimate == (pytest.approx(point) if values else None)


@pytest.mark.parametrize("name", ["bca", "percentile", "column"])
def test_one_cluster_of_different_values_is_refused(name):
    got = REFUSING[name]([0.1, 0.5, 0.9], ["g"] * 3)
    assert got.method == "degenerate: one cluster"
    assert (got.n, got.clusters, got.low) == (3, 1, None)


@pytest.mark.parametrize("values", [[0.3], [0.3] * 4, [1.0] * 4, [0.0]])
def test_guaranteed_intervals_need_no_spread_but_have_width(values):
    got = small_mean_interval(values, LEVEL)
    assert 0.0 <= got.low < got.high <= 1.0
    share = share_interval(len(values), len(values), LEVEL)
    assert share.low < share.high == 1.0


def test_columns_without_any_value_or_row_are_refused_alone():
    options = {"level": LEVEL, "resamples": RESAMPLES}
    for rows in (0, 5):
        told = mean_intervals(np.full((rows, 3), math.nan), list(range(rows)), rng=rng(), **options)
        assert [one.method for one in told] == ["degenerate: no values"] * 3
        assert [one.missing for one in told] == [rows] * 3
    assert mean_intervals(np.zeros((4, 0)), [0, 0, 1, 1], rng=rng(), **options) == []
