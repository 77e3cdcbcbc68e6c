"""The search against every cosine computed, on data with ties, copies, clusters and odd sizes."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import DataError
from pipeline.predictors import NeighbourIndex, Neighbours, Prompts
from pipeline.predictors._dots import LANES, QUERIES
from pipeline.predictors._knn_kernel import CODED, encode
from pipeline.predictors.learners import Knn


def unit(*angles: float) -> np.ndarray:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def units(rng: np.random.Generator, *shape: int) -> np.ndarray:
    vectors = rng.normal(size=shape)
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def by_sorting(index: np.ndarray, queries: np.ndarray, k: int) -> Neighbours:
    cosines = queries.astype(np.float64) @ index.astype(np.float64).T
    rows = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return Neighbours(rows, np.take_along_axis(cosines, rows, axis=1))


def assert_found(index: np.ndarray, queries: np.ndarray, k: int) -> None:
    found, expected = NeighbourIndex(index).search(queries, k), by_sorting(index, queries, k)
    assert np.array_equal(found.rows, expected.rows)
    assert found.cosines == pytest.approx(expected.cosines, rel=1e-12, abs=1e-14)


def test_neighbours_and_weights_by_hand() -> None:
    near = NeighbourIndex(unit(0.0, 0.5, 2.0)).search(unit(0.1), k=2)
    assert near.rows.tolist() == [[0, 1]]
    assert near.cosines[0] == pytest.approx(np.cos([0.1, 0.4]), rel=1e-6)
    closeness = [1 / (1 - np.cos(gap) + 1e-6) for gap in (0.1, 0.4)]
    assert near.weights[0] == pytest.approx(np.array(closeness) / sum(closeness), rel=1e-3)


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Small whole numbers, whose products and sums are exact in any order: ties are ties."""
    n, width, count = draw(st.tuples(st.integers(1, 40), st.integers(1, 70), st.integers(1, 19)))
    reach = draw(st.sampled_from([1, 3, 300]))
    rows = draw(arrays(np.int64, (n, width), elements=st.integers(-reach, reach)))
    queries = draw(arrays(np.int64, (count, width), elements=st.integers(-reach, reach)))
    copies = draw(st.lists(st.integers(0, n - 1), max_size=20))
    rows = np.concatenate([rows, rows[copies]])
    return rows.astype(np.float32), queries.astype(np.float32), draw(st.integers(1, n + 30))


@given(grids())
def test_exact_with_ties_copies_and_any_size(case: tuple[np.ndarray, np.ndarray, int]) -> None:
    index, queries, k = case
    found, expected = NeighbourIndex(index).search(queries, k), by_sorting(index, queries, k)
    assert np.array_equal(found.rows, expected.rows)
    assert np.array_equal(found.cosines, expected.cosines)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 1500),
    width=st.integers(2, 100),
    spread=st.sampled_from([1e-4, 0.01, 0.1, 1.0]),
    k=st.integers(1, 60),
)
def test_exact_among_clusters(seed: int, n: int, width: int, spread: float, k: int) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, width))
    vectors = centres[rng.integers(0, 3, n + 9)] + spread * rng.normal(size=(n + 9, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index, queries = np.split(vectors.astype(np.float32), [n])
    found = NeighbourIndex(index).search(queries, k)
    cosines = queries.astype(np.float64) @ index.astype(np.float64).T
    assert np.array_equal(found.cosines, -np.sort(-found.cosines, axis=1))
    # Rows that differ in the last digit may change places; what is left out is no nearer.
    assert found.cosines == pytest.approx(-np.sort(-cosines, axis=1)[:, :k], abs=1e-14)
    assert np.take_along_axis(cosines, found.rows, axis=1) == pytest.approx(
        found.cosines, abs=1e-14
    )
    assert all(len(set(rows)) == min(k, n) for rows in found.rows.tolist())


def test_many_rows_and_queries() -> None:
    rng = np.random.default_rng(0)
    assert_found(units(rng, 3000, 384), units(rng, 50, 384), k=10)


def test_more_candidates_than_there_is_room_for() -> None:
    # Each row is nearer than those before it, by less than the codes can tell.
    index = unit(*np.linspace(1e-3, 0.0, 5000))
    index[100:200] = index[-1]  # and the best of them has copies
    assert_found(index, unit(0.0, 0.3), k=3)


def test_one_row_is_found_whatever_k() -> None:
    near = NeighbourIndex(unit(1.0)).search(unit(0.0, 1.0, 2.0), k=5)
    assert near.rows.tolist() == [[0], [0], [0]]
    assert near.weights.tolist() == [[1.0], [1.0], [1.0]]


def test_no_query_finds_nothing() -> None:
    near = NeighbourIndex(unit(1.0, 2.0)).search(unit(1.0)[:0], k=1)
    assert near.rows.shape == near.weights.shape == (0, 1)


def test_the_nearest_few_are_what_a_search_for_few_finds() -> None:
    rng = np.random.default_rng(1)
    index, queries = NeighbourIndex(units(rng, 500, 48)), units(rng, 20, 48)
    few, cut = index.search(queries, 7), index.search(queries, 30).nearest(7)
    assert np.array_equal(few.rows, cut.rows)
    assert np.array_equal(few.weights, cut.weights)


def test_an_index_survives_pickling() -> None:
    rng = np.random.default_rng(4)
    index, queries = NeighbourIndex(units(rng, 300, 40)), units(rng, 5, 40)
    one, two = (told.search(queries, 9) for told in (index, pickle.loads(pickle.dumps(index))))
    assert np.array_equal(one.rows, two.rows)
    assert np.array_equal(one.cosines, two.cosines)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    bad = unit(0.0, 1.0)
    bad[1, 0] = value
    with pytest.raises(DataError, match="not finite"):
        NeighbourIndex(bad)
    with pytest.raises(DataError, match="not finite"):
        NeighbourIndex(unit(0.0)).search(bad, 1)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="queries have 3 numbers, the index has 2"):
        NeighbourIndex(unit(0.0)).search(np.ones((1, 3), dtype=np.float32), 1)
    with pytest.raises(DataError, match="no embedding"):
        NeighbourIndex(unit(0.0)[:0])


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_codes_are_within_their_bound(scale: float) -> None:
    rng = np.random.default_rng(2)
    x = (scale * rng.standard_t(2, size=(200, LANES))).astype(np.float32)
    x[0] = 0.0
    codes, coded = np.empty(x.shape, dtype=np.int8), np.empty((len(x), CODED))
    encode(x, 127, codes, coded)
    decoded = coded[:, :1] * codes
    off = np.linalg.norm(x - decoded, axis=1)
    assert (off <= coded[:, 1]).all()
    assert coded[:, 1] == pytest.approx(off, rel=1e-3, abs=scale * 1e-6)
    assert coded[:, 2] == pytest.approx(np.linalg.norm(decoded, axis=1))


def test_dot_products_of_the_largest_codes() -> None:
    from pipeline.compiled import compiled
    from pipeline.predictors._dots import dot_products

    width = 512  # the most that 16 bits allow: 127 * 32767 * 512 is just below 2 ** 31
    rng = np.random.default_rng(3)
    row = np.full(width, -127, dtype=np.int8)
    queries = rng.integers(-32767, 32768, (QUERIES, width)).astype(np.int16)
    queries[0], queries[1] = 32767, -32767
    out = np.zeros(QUERIES, dtype=np.int32)

    @compiled
    def call(row: np.ndarray, queries: np.ndarray, out: np.ndarray) -> None:
        dot_products(row, queries, out)

    call(row, queries, out)
    assert out.tolist() == (queries.astype(np.int64) @ row.astype(np.int64)).tolist()


def test_missing_labels_take_their_weight_with_them() -> None:
    values = np.array([[1, np.nan], [0, np.nan], [0, 0.4]])
    model = Knn(2).fit(["a", "b"], Prompts(unit(0.0, 0.2, 3.0)), values)
    assert model.predict(Prompts(unit(0.1)))[0] == pytest.approx([0.5, 0.4], abs=1e-3)
    # Two neighbours, of which one knows b: its label, whatever the other's weight.
    assert model.predict(Prompts(unit(1.8)))[0, 1] == pytest.approx(0.4)
    told = model.predict_distribution(Prompts(unit(0.1, 1.8)))
    assert told.at(0.5)[0].tolist() == [0.0, 0.4]  # the lower of two equal halves
    assert told.at(0.75)[0].tolist() == [1.0, 0.4]


def test_one_search_serves_learners_of_equal_rows() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(50, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    values = rng.random((50, 2))
    few, many = (Knn(k).fit(["a", "b"], Prompts(vectors.copy()), values) for k in (5, 20))
    asked = Prompts(vectors[:10])
    together = [model.predict(asked) for model in (few, many, few)]
    alone = [model.predict(Prompts(vectors[:10])) for model in (few, many, few)]
    for one, two in zip(together, alone, strict=True):
        assert np.array_equal(one, two)
