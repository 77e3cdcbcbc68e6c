"""Clusters and pairs: by id, with the dropped counted."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import cluster_sums, paired_columns


def frame(rows, column="quality"):
    schema = {"prompt_id": pl.String, "group_id": pl.String, column: pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def differences(a, b, keys, column):
    """Differences a - b of matched keys, their clusters, and how many keys had no partner."""
    group_ids, values, _ = paired_columns({"a": a, "b": b}, keys, column)
    both = ~np.isnan(values).any(axis=1)
    return (values[:, 0] - values[:, 1])[both], group_ids[both], int((~both).sum())


def test_sums_follow_sorted_ids():
    sums, sizes = cluster_sums([1.0, 2.0, 4.0], np.array(["b", "a", "b"], dtype=object))
    assert sums.tolist() == [2.0, 5.0]
    assert sizes.tolist() == [1, 2]


def test_no_values_make_no_clusters():
    sums, sizes = cluster_sums([], [])
    assert sums.shape == sizes.shape == (0,)


@pytest.mark.parametrize("ids", [np.array(["a", None], dtype=object), np.array([1.0, np.nan])])
def test_missing_ids_are_refused(ids):
    with pytest.raises(DataError, match="missing ids"):
        cluster_sums([1.0, 2.0], ids)


def test_values_that_are_no_columns_are_refused():
    with pytest.raises(DataError, match="group_ids"):
        cluster_sums([1.0, 2.0], ["a"])
    with pytest.raises(DataError, match="one dimension"):
        cluster_sums([[1.0]], [["a"]])
    with pytest.raises(DataError, match="no number"):
        cluster_sums(["one"], ["a"])
    with pytest.raises(DataError, match="1 missing"):
        cluster_sums([None, 1.0], ["a", "b"])


def test_pairs_by_id_and_counts_what_it_drops():
    a = frame([("p3", "g2", 0.9), ("p1", "g1", 0.5), ("p2", "g1", None), ("p4", "g3", 0.1)])
    b = frame([("p1", "g1", 0.25), ("p2", "g1", 0.3), ("p3", "g2", 0.4), ("p5", "g4", 0.2)])
    told, group_ids, dropped = differences(a, b, ["prompt_id"], "quality")
    assert told.tolist() == [0.25, 0.5]
    assert group_ids.tolist() == ["g1", "g2"]
    assert dropped == 3  # p2 is null in a, p4 absent from b, p5 absent from a


def test_repeats_of_a_key_are_averaged_over_what_is_there():
    a = frame([("p1", "g", 0.0), ("p1", "g", 1.0), ("p2", "g", 0.5), ("p2", "g", None)])
    b = frame([("p1", "g", 0.25), ("p2", "g", 0.25)])
    told, _, dropped = differences(a, b, ["prompt_id"], "quality")
    assert told.tolist() == [0.25, 0.25]
    assert dropped == 0


def test_several_keys_and_booleans():
    a = pl.DataFrame({"seed": [1, 2], "prompt_id": ["p", "p"], "group_id": ["g", "g"]})
    b = a.with_columns(met=pl.Series([False, True]))
    a = a.with_columns(met=pl.Series([True, True]))
    assert differences(a, b, ["seed", "prompt_id"], "met")[0].tolist() == [1.0, 0.0]


def test_group_id_may_be_the_key():
    a, b = frame([("p1", "g", 1.0), ("p2", "g", 0.0)]), frame([("p9", "g", 0.25)])
    told, group_ids, _ = differences(a, b, ["group_id"], "quality")
    assert (told.tolist(), group_ids.tolist()) == ([0.25], ["g"])


def test_nothing_in_common_is_empty_not_an_error():
    told, group_ids, dropped = differences(
        frame([("p1", "g", 1.0)]), frame([("p2", "g", 1.0)]), ["prompt_id"], "quality"
    )
    assert (told.size, group_ids.size, dropped) == (0, 0, 2)


GOOD = [("p1", "g", 1.0)]


@pytest.mark.parametrize(
    ("a", "message"),
    [
        (frame(GOOD).drop("prompt_id"), "a has no key column 'prompt_id'"),
        (frame(GOOD).drop("group_id"), "a has no key column 'group_id'"),
        (frame(GOOD).drop("quality"), "a has no column 'quality'"),
        (frame(GOOD).with_columns(quality=pl.lit("x")), "String"),
        (frame([("p1", "g", float("nan"))]), "missing or infinite"),
        (frame([(None, "g", 1.0)]), "1 nulls"),
        (frame([("p1", None, 1.0)]), "1 nulls"),
        (frame([("p1", "other", 1.0)]), "different group_ids in a, b"),
        (frame([("p1", "g", 1.0), ("p1", "h", 1.0)]), "more than one group_id"),
        (frame(GOOD).with_columns(prompt_id=pl.lit(1)), "is Int32 in a but String in b"),
    ],
)
def test_frames_that_cannot_be_paired_are_refused(a, message):
    with pytest.raises(DataError, match=message):
        differences(a, frame(GOOD), ["prompt_id"], "quality")


@settings(max_examples=30, database=None)
@given(st.permutations(range(6)), st.permutations(range(6)))
def test_row_order_does_not_matter_and_swapping_negates(order_a, order_b):
    rows = [(f"p{i}", f"g{i // 2}", i / 8 if i != 3 else None) for i in range(6)]
    other = [(key, group, 0.5) for key, group, _ in rows]
    a, b = frame([rows[i] for i in order_a]), frame([other[i] for i in order_b])
    there, _, dropped = differences(a, b, ["prompt_id"], "quality")
    back = differences(b, a, ["prompt_id"], "quality")[0]
    assert there.tolist() == [-0.5, -0.375, -0.25, 0.0, 0.125]
    assert (back == -there).all()
    assert dropped == 1


def test_columns_hold_the_union_of_keys_with_missing_as_nan():
    a = frame([("p3", "g2", 0.9), ("p1", "g1", 0.5), ("p2", "g1", None)])
    b = frame([("p1", "g1", 0.25), ("p4", "g3", 0.0), ("p4", "g3", 1.0)])
    got = paired_columns({"b": b, "a": a}, ["prompt_id"], "quality")
    assert got.names == ("b", "a")
    assert got.group_ids.tolist() == ["g1", "g1", "g2", "g3"]
    nan = np.nan
    expected = [[0.25, 0.5], [nan, nan], [nan, 0.9], [0.5, nan]]
    np.testing.assert_array_equal(got.values, expected)


@settings(max_examples=20, database=None)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_columns_agree_with_a_dictionary(order, gone_a, gone_b):
    rows = [(f"p{i}", f"g{i // 3}", i / 8) for i in order]
    left = {key: value for i, (key, _, value) in enumerate(rows) if i not in gone_a}
    right = {key: value**2 for i, (key, _, value) in enumerate(rows) if i not in gone_b}
    a, b = (
        frame([(key, group, told[key]) for key, group, _ in rows if key in told])
        for told in (left, right)
    )
    found, _, dropped = differences(a, b, ["prompt_id"], "quality")
    both = sorted(set(left) & set(right))
    assert found.tolist() == [left[key] - right[key] for key in both]
    assert dropped == len(set(left) | set(right)) - len(both)


@pytest.mark.parametrize(
    ("frames", "keys", "message"),
    [
        ({}, ["prompt_id"], "at least one frame"),
        ({"x": frame(GOOD)}, [], "at least one key"),
        ({"x": frame(GOOD), "y": frame([("p1", "h", 1.0)])}, ["prompt_id"], "different group_ids"),
        ({"x": frame(GOOD), "y": frame(GOOD).drop("quality")}, ["prompt_id"], "y has no column"),
        (
            {"x": frame(GOOD), "y": frame(GOOD).with_columns(prompt_id=pl.lit(1))},
            ["prompt_id"],
            "is String in x but Int32 in y",
        ),
    ],
)
def test_columns_that_cannot_be_matched_are_refused(frames, keys, message):
    with pytest.raises(DataError, match=message):
        paired_columns(frames, keys, "quality")
