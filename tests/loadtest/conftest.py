"""A small load test that several files share."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.loadtest import Workload
from pipeline.params import Params, load_params
from pipeline.predictors import (
    LEVELS,
    Distribution,
    LatencyModel,
    LengthPrediction,
    QualityPrediction,
    train_latency,
)
from pipeline.scheduling import Estimates


@pytest.fixture(scope="module")
def params(request: pytest.FixtureRequest) -> Params:
    root: Path = request.getfixturevalue("root")
    told = load_params(root / "params.yaml")
    small = told.loadtest.model_copy(update={"requests": 120, "warmup_requests": 20})
    profile = told.profile.model_copy(update={"runs": 5, "requests": 30, "loads": (0.1, 0.5)})
    return told.model_copy(update={"loadtest": small, "profile": profile})


@pytest.fixture(scope="module")
def latency(params: Params) -> LatencyModel:
    from pipeline.fleet import profile_tier

    tiers = params.base.fleet.tiers
    rows = pl.concat([profile_tier(n, t, params.profile, 1) for n, t in tiers.items()])
    return train_latency(rows, tiers, params.latency, 1)


def spread(length: np.ndarray, ratio: float = 2.0) -> Distribution:
    """Quantiles around lengths, (n, M), from 1 / ratio of them to ratio times them."""
    factors = ratio ** np.linspace(-1.0, 1.0, len(LEVELS))
    return Distribution(length[:, :, None] * factors)


@pytest.fixture(scope="module")
def workload() -> Workload:
    rng = np.random.default_rng(0)
    n, m = 50, 4
    quality = rng.random((n, m))
    length = rng.integers(20, 200, (n, m)).astype(float)
    labels = (rng.random((n, m)) < quality).astype(float)
    labels[0, 0] = np.nan
    return Workload(
        prompt_ids=[f"p{i:02d}" for i in range(n)],
        group_ids=[f"g{i // 2}" for i in range(n)],
        datasets=["toy"] * n,
        estimates=Estimates(
            prompt_tokens=rng.integers(10, 300, n).astype(float),
            quality=QualityPrediction(quality, quality, quality),
            length=LengthPrediction(length, spread(length), 0.9),
            cost=1e-7 * length,
            oracle_quality=labels,
            dataset_quality=np.tile([0.1, 0.2, 0.3, 0.4], (n, 1)),
        ),
        output_tokens=length.astype(np.int64),
        output_sources=[["counted:wordpiece"] * m for _ in range(n)],
        quality=labels,
        best_single="emu-72b",
    )
