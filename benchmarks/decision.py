"""Time of one decision: `python -m benchmarks.decision`, one core, one thread.

A decision is what the router does with a batch from its embeddings to its assignments: quality and
length of every model from the nearest of the indexed prompts, cost, the ledger's view of the fleet,
TTFT and TPOT of every (request, instance) pair by the trained trees, scores, and the update after
every assignment. With the encoder it starts from the texts. The indexed prompts are synthetic unit
vectors in clusters, labels and lengths are drawn; the fleet, its heads and the arm are those of
params.yaml, and 60 requests are in flight.

The named baseline decides as the published code is structured, in the same run: one search per
request, and one XGBoost call per request and tier, without the encoder.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._report import finish
from pipeline.fleet import Fleet, profile_tier
from pipeline.params import ArmParams, FleetParams, Params, load_params
from pipeline.predictors import (
    LatencyCandidates,
    LatencyModel,
    LengthModel,
    Prompts,
    QualityModel,
    fit_candidates,
    latency_features,
)
from pipeline.predictors.learners import Knn
from pipeline.predictors.learners.latency import Xgboost
from pipeline.scheduling import (
    Batch,
    Estimator,
    Ledger,
    Policy,
    StateKeeper,
    make_keeper,
    make_policy,
)

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

BATCH, INSTANCES, INDEXED, IN_FLIGHT, NEIGHBOURS = 8, 13, 15_000, 60, 10
ARM = ArmParams(router="fused", dispatcher="shortest_queue", weights="uniform", latency="learned")
TEXT = "A tank holds 240 litres and loses 3 litres an hour through a crack. "


def vectors(n: int, rng: np.random.Generator) -> Vectors:
    """Unit rows around a hundred centres, (n, 384)."""
    centres = rng.standard_normal((100, 384))
    rows = centres[rng.integers(100, size=n)] + 1.2 * rng.standard_normal((n, 384))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def estimator(params: FleetParams, indexed: int, rng: np.random.Generator, k: int) -> Estimator:
    """Predictors of that many prompts, with drawn labels and lengths."""
    models, calibration = params.models, 400
    index, held_out = vectors(indexed, rng), vectors(calibration, rng)
    labels = (rng.random((indexed, len(models))) < 0.6).astype(float)
    lengths = np.maximum(1.0, rng.lognormal(4.8, 0.8, (indexed, len(models))))
    some = slice(0, calibration)
    quality = QualityModel(Knn(k), 0.9).fit(
        models, Prompts(index), labels, Prompts(held_out), labels[some]
    )
    length = LengthModel(Knn(k), 0.9).fit(
        models, Prompts(index), lengths, Prompts(held_out), lengths[some]
    )
    return Estimator(quality, length, params.prices)


def scaled(params: FleetParams, instances: int) -> Fleet:
    """The fleet with so many instances, in its proportions."""
    share = {tier: count / INSTANCES for tier, count in params.instances.items()}
    counts = {tier: max(1, round(instances * part)) for tier, part in share.items()}
    last = next(iter(counts))
    counts[last] += instances - sum(counts.values())
    return Fleet.of(params.model_copy(update={"instances": counts, "faults": ()}))


def busy(keeper: StateKeeper, fleet: Fleet, rng: np.random.Generator) -> StateKeeper:
    """A ledger in the midst of work."""
    for request in range(IN_FLIGHT * len(fleet.names) // INSTANCES):
        instance = int(rng.integers(len(fleet.names)))
        keeper.dispatched(request, instance, 100.0, 150.0, at=float(rng.random()))
        if request % 4:
            keeper.first_token(request, 1.2)
    heard = np.full((6, len(fleet.names)), np.nan)
    heard[:2] = 1.0
    keeper.reconcile(heard, np.full(len(fleet.names), 1.5))
    return keeper


class Router:
    """A router of one fleet, ready to decide about batches of one size."""

    def __init__(
        self, params: Params, latency: LatencyModel, beliefs: Estimator, instances: int, size: int
    ) -> None:
        rng = np.random.default_rng(2)
        self.fleet = scaled(params.base.fleet, instances)
        self._policy: Policy = make_policy(
            ARM, self.fleet, params.loadtest, latency, params.base.fleet.models[0], rng
        )
        self.keeper = busy(make_keeper(ARM, self.fleet), self.fleet, rng)
        assert isinstance(self.keeper, Ledger)
        self.beliefs = beliefs
        self.embeddings = vectors(size, rng)
        self.tokens = np.full(size, 60.0)
        self._batch = Batch.plain(list(range(size)))

    def decide(self) -> None:
        """From embeddings to assignments."""
        told = self.beliefs.estimate(Prompts(self.embeddings), self.tokens)
        self._policy.assign(self._batch, told, self.keeper.view(2.0))


def median_ms(work: Callable[[], object], repeats: int = 200) -> float:
    """Median over the repeats, after three that do not count."""
    times = []
    for repeat in range(repeats + 3):
        start = time.perf_counter()
        work()
        if repeat >= 3:
            times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def one_by_one(
    router: Router, candidates: LatencyCandidates, index: Vectors, k: int
) -> Callable[[], None]:
    """The published structure: a search per request, a call per request and tier."""
    learners = [one.learner for one in candidates.fitted["xgboost"].values()]
    boosters = [one.boosters_[1] for one in learners if isinstance(one, Xgboost)]  # of TPOT
    tiers = list(router.fleet.params.tiers)
    members = [np.flatnonzero(np.array(router.fleet.tiers) == tier) for tier in tiers]
    lengths = np.random.default_rng(3).lognormal(4.8, 0.8, (len(index), len(tiers)))

    def decide() -> None:
        state = router.keeper.view(2.0)
        for query in router.embeddings:
            cosines = index @ query
            near = np.argpartition(-cosines, k)[:k]
            weights = 1.0 / (1.0 - cosines[near] + 1e-6)
            expected = (weights[:, None] * lengths[near]).sum(axis=0) / weights.sum()
            scores = np.empty(len(router.fleet.names))
            for tier, booster in enumerate(boosters):
                i = members[tier]
                rows = latency_features(
                    state.running[i], state.waiting[i], state.pending_prefill[i],
                    state.pending_decode[i], state.context[i], state.kv_utilisation[i],
                    np.full(len(i), 60.0), np.full(len(i), expected[tier]),
                )  # fmt: skip
                scores[i] = expected[tier] * np.exp(booster.inplace_predict(rows))
            state.add(int(scores.argmin()), 60.0, float(expected.max()))

    return decide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="leave out the growth")
    options = parser.parse_args()
    import torch

    from pipeline.encoder import load_encoder

    torch.set_num_threads(1)
    params = load_params(Path("params.yaml"))
    tiers, k = params.base.fleet.tiers, NEIGHBOURS
    short = params.profile.model_copy(update={"runs": 5})
    profile = pl.concat([profile_tier(name, tier, short, 1) for name, tier in tiers.items()])
    candidates = fit_candidates(profile, tiers, params.latency, 1)
    latency = candidates.model()
    rng = np.random.default_rng(1)
    beliefs = estimator(params.base.fleet, INDEXED, rng, k)
    router = Router(params, latency, beliefs, INSTANCES, BATCH)
    main_ms = median_ms(router.decide)
    print(f"batch of {BATCH} x {INSTANCES} instances, {INDEXED:,} indexed: {main_ms:.2f} ms")
    slow_ms = median_ms(one_by_one(router, candidates, vectors(INDEXED, rng), k), 50)
    print(f"one search and four calls per request: {slow_ms:.2f} ms, {slow_ms / main_ms:.1f} times")
    texts = [f"{TEXT * 3}How much is left after {hours} hours?" for hours in range(BATCH)]

    encoder = load_encoder()
    print(encoder.describe())

    def with_encoder() -> None:
        router.embeddings = encoder.encode(texts)
        router.decide()

    encoded_ms = median_ms(with_encoder, 30)
    print(f"with the encoder, 60 tokens a prompt: {encoded_ms:.1f} ms")
    growth = [] if options.small else _growth(params, latency, beliefs, k)
    finish(
        {
            "label": "live",
            "median_ms": main_ms,
            "encoder": encoder.path,
            "with_encoder_median_ms": encoded_ms,
            "ratio_per_request": slow_ms / main_ms,
            "growth": growth,
        }
    )


def _growth(
    params: Params, latency: LatencyModel, beliefs: Estimator, k: int
) -> list[dict[str, float]]:
    rows = []
    for size, instances, indexed in (
        *((size, INSTANCES, INDEXED) for size in (1, 2, 4, 8, 16, 32)),
        *((BATCH, instances, INDEXED) for instances in (100, 1000)),
        *((BATCH, INSTANCES, indexed) for indexed in (10_000, 100_000, 1_000_000)),
    ):
        told = beliefs
        if indexed != INDEXED:
            told = estimator(params.base.fleet, indexed, np.random.default_rng(1), k)
        found = median_ms(Router(params, latency, told, instances, size).decide, 50)
        print(
            f"  batch {size:3d}, {instances:5,d} instances, {indexed:9,d} indexed: {found:8.2f} ms"
        )
        rows.append({"batch": size, "instances": instances, "indexed": indexed, "ms": found})
    return rows


if __name__ == "__main__":
    main()
