"""Learned routers against hand-worked cases, planted structure, and damage on disk."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError, ModelError, ParamsError, UnknownNameError
from pipeline.files import file_hash
from pipeline.minilm import encode
from pipeline.params import AvengersProParams, BestRouteParams, RouteLlmParams, RoutersParams
from pipeline.scheduling.baselines import (
    ROUTERS,
    AvengersPro,
    BestRoute,
    LearnedRouter,
    RouteLlm,
    RouterData,
    evaluate_routers,
    fit_routers,
    load_routers,
    router_data,
    save_routers,
)

NAN = float("nan")
AVENGERS = AvengersProParams(clusters=2, top_k=1, beta=5.0)
FROZEN = BestRouteParams(encoder="frozen", epochs=1, learning_rate=1e-4)
ROUTE_LLM = RouteLlmParams(dim=8, epochs=60, learning_rate=0.01)
PARAMS = RoutersParams(avengers_pro=AVENGERS, best_route=FROZEN, route_llm=ROUTE_LLM)


def data(
    quality: np.ndarray, cost: list[float], embeddings: np.ndarray, texts: list[str] | None = None
) -> RouterData:
    """Rows of which every prompt costs the same."""
    return RouterData(
        [f"m{column}" for column in range(quality.shape[1])],
        embeddings.astype(np.float32),
        quality.astype(np.float64),
        np.tile(np.array(cost), (len(quality), 1)),
        texts or [""] * len(quality),
    )


def two_topics(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows around two far axes of eight, and the topic of each row."""
    rng = np.random.default_rng(seed)
    topic = np.arange(n) % 2
    rows = 0.1 * rng.normal(size=(n, 8)) + 3.0 * np.eye(8)[topic]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), topic


def planted(n: int = 200, seed: int = 0) -> RouterData:
    """Model 0 is best on topic 0, model 2 on topic 1, model 1 never; costs fall, 3, 2, 1."""
    embeddings, topic = two_topics(n, seed)
    quality = np.array([[0.9, 0.5, 0.2], [0.2, 0.3, 0.8]])[topic]
    return data(quality, [3.0, 2.0, 1.0], embeddings)


def choices(worth: np.ndarray) -> list[int]:
    highest = worth == worth.max(axis=1, keepdims=True)
    assert (highest.sum(axis=1) == 1).all(), "two models share the highest worth"
    return [int(column) for column in np.argmax(worth, axis=1)]


def fitted(train: RouterData) -> dict[str, LearnedRouter]:
    return fit_routers(PARAMS, train, planted(60, seed=1), seed=3)


# --- what all of them promise ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [("avengers_pro", {"p_w": 1.0}), ("best_route", {}), ("route_llm", {"threshold": 0.5})],
)
def test_the_planted_specialists_are_found(name: str, options: dict[str, float]) -> None:
    embeddings, topic = two_topics(50, seed=2)
    router = fitted(planted())[name]
    chosen = choices(router.worth(embeddings.astype(np.float32), **options))
    assert chosen == [(0, 2)[t] for t in topic]


@pytest.mark.parametrize("name", list(ROUTERS))
def test_among_equals_the_cheapest_is_chosen(name: str) -> None:
    embeddings, _ = two_topics(60, seed=2)
    equal = data(np.full((60, 3), 0.5), [3.0, 1.0, 2.0], embeddings)
    router = fit_routers(PARAMS, equal, equal, seed=3)[name]
    options = {"p_w": 1.0} if name == "avengers_pro" else {}
    assert choices(router.worth(equal.embeddings, **options)) == [1] * 60


@pytest.mark.parametrize("name", list(ROUTERS))
def test_only_the_knob_is_an_option(name: str) -> None:
    router = fitted(planted())[name]
    rows = planted(10).embeddings
    with pytest.raises(UnknownNameError, match=router.knob.name):
        router.worth(rows, temperature=0.5)
    for value in (-0.1, 1.1, NAN):
        with pytest.raises(ParamsError, match="from 0 to 1"):
            router.worth(rows, **{router.knob.name: value})


def test_training_twice_gives_the_same_bytes_and_loading_the_same_worth(tmp_path: Path) -> None:
    train = planted()
    for folder in ("one", "two"):
        save_routers(fitted(train), train.models, tmp_path / folder)
    assert file_hash(tmp_path / "one") == file_hash(tmp_path / "two")
    loaded = load_routers(tmp_path / "one", train.models)
    assert list(loaded) == list(ROUTERS)
    for name, router in fitted(train).items():
        assert (loaded[name].worth(train.embeddings) == router.worth(train.embeddings)).all()


def test_a_damaged_folder_is_refused_with_the_fix(tmp_path: Path) -> None:
    folder, train = tmp_path / "routers", planted()
    with pytest.raises(ModelError, match="dvc repro routers"):
        load_routers(folder)
    save_routers(fitted(train), train.models, folder)
    with pytest.raises(ModelError, match="the fleet has m2, m1"):
        load_routers(folder, ["m2", "m1"])
    kept = (folder / "manifest.json").read_text()
    told = json.loads(kept)
    for change, message in (
        ({"kind": "quality"}, "expected 'routers'"),
        ({"routers": ["best_route"]}, "holds no router 'avengers_pro'"),
    ):
        (folder / "manifest.json").write_text(json.dumps(told | change))
        with pytest.raises(ModelError, match=message):
            load_routers(folder)
    (folder / "manifest.json").write_text(kept)
    (folder / "route_llm.npz").write_bytes(b"other")
    with pytest.raises(ModelError, match="altered since training"):
        load_routers(folder)


def test_a_model_without_a_label_cannot_be_routed_to() -> None:
    train = planted()
    train.quality[:, 1] = NAN
    with pytest.raises(DataError, match="'m1' has no known quality"):
        fitted(train)


# --- Avengers-Pro ---------------------------------------------------------------------------------


def test_cluster_scores_are_mixed_by_hand() -> None:
    router = AvengersPro(
        centroids=np.eye(2),
        performance=np.array([[0.0, 1.0], [1.0, 0.0]]),
        cost=np.array([[0.0, 1.0], [0.0, 1.0]]),
        order=np.array([0, 1]),
        top_k=2,
        beta=float(np.log(3.0)),
    )
    # Cosines 1 and 0, so weights 3/4 and 1/4; cluster scores at p_w 0.5 are (.5, .5) and (1, 0).
    worth = router.worth(np.array([[1.0, 0.0]], dtype=np.float32), p_w=0.5)
    assert worth[0] == pytest.approx([0.625, 0.375])


def test_the_weight_of_performance_goes_from_cheapest_to_best() -> None:
    train = planted()
    router = AvengersPro.fit(train, train, AVENGERS, seed=0)
    assert choices(router.worth(train.embeddings, p_w=0.0)) == [2] * 200
    best = train.quality.argmax(axis=1).tolist()
    assert choices(router.worth(train.embeddings, p_w=1.0)) == best


def test_a_cluster_that_does_not_know_a_model_takes_its_overall_mean() -> None:
    train = planted()
    train.quality[1::2, 0] = NAN  # model 0 was never judged on topic 1: 0.9, its mean on topic 0
    router = AvengersPro.fit(train, train, AVENGERS, seed=0)
    here = int(np.argmax(router.centroids[:, 1]))
    assert router.performance[here] == pytest.approx([1.0, 0.0, 0.5 / 0.6])
    assert router.cost[here] == pytest.approx([1.0, 0.5, 0.0])


def test_clusters_are_no_more_than_a_tenth_of_the_prompts() -> None:
    params = AvengersProParams(clusters=64, top_k=3, beta=5.0)
    assert len(AvengersPro.fit(planted(60), planted(60), params, seed=0).centroids) == 6
    assert len(AvengersPro.fit(planted(8), planted(8), params, seed=0).centroids) == 1


# --- BEST-Route -----------------------------------------------------------------------------------


def test_an_unsure_classifier_falls_back_to_the_cheapest_not_to_the_first() -> None:
    train = planted()
    router = BestRoute.fit(train, train, FROZEN, seed=0)
    between = np.array([[1.0, 1.0, *[0.0] * 6]], dtype=np.float32) / np.sqrt(2.0)
    sure = router.worth(between).max()
    at = float(np.nextafter(sure, 1.0))
    assert sure < 0.75
    assert choices(router.worth(between, threshold=at)) == [2]
    assert router.worth(between, threshold=float(sure)).max() == sure
    assert choices(router.worth(train.embeddings[:1], threshold=0.5)) == [0]


def test_probabilities_add_up_and_a_model_that_never_won_gets_none() -> None:
    train = planted()
    worth = BestRoute.fit(train, train, FROZEN, seed=0).worth(train.embeddings)
    assert worth.sum(axis=1) == pytest.approx(np.ones(200))
    assert (worth[:, 1] < 1e-12).all()


def test_the_classifier_tells_three_winners_apart_and_skips_prompts_without_labels() -> None:
    rng = np.random.default_rng(0)
    winner = rng.integers(3, size=300)
    rows = 0.1 * rng.normal(size=(300, 8)) + np.eye(8)[winner]
    quality = np.where(np.eye(3)[winner] > 0, 0.9, 0.4)
    quality[:50] = NAN
    quality[50:60, 0] = np.where(winner[50:60] == 0, 0.9, NAN)
    train = data(quality, [1.0, 2.0, 3.0], rows / np.linalg.norm(rows, axis=1, keepdims=True))
    router = BestRoute.fit(train, train, FROZEN, seed=0)
    assert choices(router.worth(train.embeddings)) == winner.tolist()


def keyword_texts(n: int, seed: int) -> RouterData:
    """One small word among six nouns decides the best model."""
    rng = np.random.default_rng(seed)
    nouns = ["report", "letter", "table", "river", "engine", "garden", "number", "window"]
    best = rng.integers(2, size=n)
    words = [[*rng.choice(nouns, size=6)] for _ in range(n)]
    for line, b in zip(words, best, strict=True):
        line.insert(int(rng.integers(6)), ("thus", "hence")[b])
    texts = [" ".join(line) for line in words]
    quality = np.where(np.eye(2)[best] > 0, 1.0, 0.0)
    return data(quality, [1.0, 2.0], encode(texts), texts)


@pytest.fixture
def single_threaded() -> Iterator[None]:
    """Two test processes on two cores would spend their time waiting for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("single_threaded")
def test_fine_tuning_learns_the_keyword_and_is_kept_on_disk() -> None:
    train, held_out, unseen = (keyword_texts(n, seed) for n, seed in ((64, 0), (16, 1), (24, 2)))
    tuning = BestRouteParams(encoder="fine_tuned", epochs=3, learning_rate=2e-4)
    router = BestRoute.fit(train, held_out, tuning, seed=0)
    frozen = BestRoute.fit(train, held_out, FROZEN, seed=0)
    truth = unseen.quality.argmax(axis=1)
    rows = np.arange(len(truth))
    tuned_worth, frozen_worth = (r.worth_of_texts(unseen.texts) for r in (router, frozen))
    assert choices(tuned_worth) == truth.tolist()
    assert tuned_worth[rows, truth].mean() > frozen_worth[rows, truth].mean() + 0.1
    assert (router.takes, frozen.takes) == ("texts", "embeddings")
    with pytest.raises(ValueError, match="worth_of_texts"):
        router.worth(unseen.embeddings)
    again = BestRoute.from_arrays(router.arrays())
    assert (again.worth_of_texts(unseen.texts) == tuned_worth).all()
    twin = BestRoute.fit(train, held_out, tuning, seed=0)
    assert (twin.worth_of_texts(unseen.texts) == tuned_worth).all()
    assert (encode(unseen.texts) == unseen.embeddings).all(), "the pipeline's encoder was changed"


# --- RouteLLM -------------------------------------------------------------------------------------


def random_route_llm(models: int, seed: int) -> tuple[RouteLlm, np.ndarray]:
    rng = np.random.default_rng(seed)
    router = RouteLlm(
        models=rng.normal(size=(models, 4)),
        projection=rng.normal(size=(4, 6)),
        offset=rng.normal(size=4),
        scale=rng.normal(size=4),
        order=rng.permutation(models),
        strongest=int(rng.integers(models)),
    )
    return router, rng.normal(size=(40, 6)).astype(np.float32)


def test_win_probabilities_equal_the_formula_in_a_loop() -> None:
    router, rows = random_route_llm(3, seed=0)
    told = router.strongest_wins(rows)
    for x, chances in zip(rows.astype(float), told, strict=True):
        hidden = [
            sum(router.projection[k, j] * x[j] for j in range(6)) + router.offset[k]
            for k in range(4)
        ]
        delta = [
            sum(router.scale[k] * router.models[m, k] * hidden[k] for k in range(4))
            for m in range(3)
        ]
        expected = [1 / (1 + np.exp(d - delta[router.strongest])) for d in delta]
        assert chances == pytest.approx(expected)


@given(seed=st.integers(0, 1000), alpha=st.floats(0, 1))
@settings(max_examples=50)
def test_two_models_follow_the_published_rule(seed: int, alpha: float) -> None:
    router, rows = random_route_llm(2, seed)
    strong, weak = router.strongest, 1 - router.strongest
    router = RouteLlm(**{**vars(router), "order": np.array([weak, strong])})
    wins = router.strongest_wins(rows)[:, weak]
    published = np.where(wins >= alpha, strong, weak)
    assert choices(router.worth(rows, threshold=alpha)) == published.tolist()


@given(seed=st.integers(0, 1000), low=st.floats(0, 1), high=st.floats(0, 1))
@settings(max_examples=50)
def test_a_higher_threshold_never_makes_a_choice_dearer(seed: int, low: float, high: float) -> None:
    router, rows = random_route_llm(4, seed)
    place = np.argsort(router.order)  # 0 is the cheapest
    low, high = min(low, high), max(low, high)
    before, after = (place[choices(router.worth(rows, threshold=t))] for t in (low, high))
    assert (after <= before).all()
    assert (place[choices(router.worth(rows, threshold=0.0))] == place[router.strongest]).all()


def test_the_share_of_wins_is_recovered_and_equal_labels_count_half() -> None:
    rng = np.random.default_rng(0)
    embeddings, topic = two_topics(1000, seed=0)
    # Model 1 beats model 0 on 80 % of topic 0; on topic 1 their labels are equal.
    won = rng.random(1000) < 0.8
    quality = np.where(topic[:, None] == 1, 0.5, np.column_stack([~won, won]))
    train = data(quality, [1.0, 2.0], embeddings)
    router = RouteLlm.fit(train, train, ROUTE_LLM, seed=0)
    wins = router.strongest_wins(train.embeddings)[:, 0]
    assert router.strongest == 1
    assert wins[topic == 0].mean() == pytest.approx(won[topic == 0].mean(), abs=0.02)
    assert wins[topic == 1].mean() == pytest.approx(0.5, abs=0.02)


def test_a_pair_without_both_labels_teaches_nothing() -> None:
    train = planted()
    blind = planted()
    train.quality[:100, 1] = NAN
    blind.quality[:100, 1] = NAN
    blind.quality[150:, :2] = NAN
    for rows in (train, blind):
        router = RouteLlm.fit(rows, planted(60, seed=1), ROUTE_LLM, seed=0)
        assert np.isfinite(router.strongest_wins(rows.embeddings)).all()


# --- data and metrics -----------------------------------------------------------------------------


def test_rows_become_matrices_with_unknown_as_nan() -> None:
    rows = [
        ("b", "cheap", "train", 0.0, 100, 10),
        ("b", "dear", "train", 1.0, 100, None),
        ("a", "cheap", "train", None, 10, 20),
        ("a", "dear", "train", 0.5, 10, 30),
        ("c", "cheap", "test", 1.0, 10, 30),
        ("c", "dear", "test", 1.0, 10, 30),
    ]
    names = ["prompt_id", "model", "split", "quality", "prompt_tokens", "output_tokens"]
    dataset = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        dataset=pl.lit("d"), group_id=pl.col("prompt_id")
    )
    embeddings = pl.DataFrame(
        {"prompt_id": ["a", "b", "c"], "embedding": [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]},
        schema_overrides={"embedding": pl.Array(pl.Float32, 2)},
    )
    prompts = pl.DataFrame({"prompt_id": ["a", "b", "c"], "prompt_text": ["A", "B", "C"]})
    prices = {"dear": (2.0, 4.0), "cheap": (1.0, 1.0)}
    found = router_data(dataset, embeddings, prompts, prices, "train")
    assert (found.models, found.texts) == (["dear", "cheap"], ["A", "B"])
    np.testing.assert_array_equal(found.quality, [[0.5, NAN], [1.0, 0.0]])
    np.testing.assert_allclose(found.cost, [[140e-6, 30e-6], [NAN, 110e-6]])
    assert found.order.tolist() == [1, 0]
    assert found.strongest == 0
    with pytest.raises(DataError, match="has no text"):
        router_data(dataset, embeddings, prompts.head(1), prices, "train")


def test_scores_are_those_of_the_choices() -> None:
    train, held_out = planted(), planted(60, seed=1)
    held_out.quality[0, 1] = NAN
    found = evaluate_routers(fitted(train), train, held_out)
    assert (found["prompts"], found["dropped_prompts"]) == (59, 1)
    best = found["routers"]["avengers_pro"]["p_w=1"]
    # 29 prompts of topic 0 and 30 of topic 1 are left: qualities 0.9 and 0.8, costs 3 and 1.
    assert best["quality"] == pytest.approx((29 * 0.9 + 30 * 0.8) / 59)
    assert best["cost_usd"] == pytest.approx((29 * 3.0 + 30 * 1.0) / 59)
    assert best["accuracy"] == 1.0
    assert best["share"] == pytest.approx({"m0": 29 / 59, "m1": 0.0, "m2": 30 / 59})
    mixture = found["references"]["random_mixture"]
    assert mixture["cost_usd"] == pytest.approx(2.0)
    assert mixture["accuracy"] == pytest.approx(1 / 3)
    # The cheapest model is a corner of the hull of the single models, so it lies on it.
    cheapest = found["routers"]["avengers_pro"]["p_w=0"]
    assert cheapest["above_mixture"] == pytest.approx(0.0, abs=1e-12)
    assert found["references"]["best_single"]["share"] == {"m0": 1.0, "m1": 0.0, "m2": 0.0}
    held_out.quality[:, 1] = NAN
    with pytest.raises(DataError, match="validation split"):
        evaluate_routers(fitted(train), train, held_out)
