"""The gateway of the benchmark, in a process of its own.

    python -m benchmarks._gateway_server FLEET URL_FILE LOG_FILE --encoder stub

It decides as `routebalance serve` does, with predictors of synthetic prompts (benchmarks/decision)
and latency heads that are trained here. The stubbed encoder gives every text a unit vector at once.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.decision import ARM, estimator, vectors
from pipeline.files import write_text
from pipeline.fleet import Fleet, profile_tier
from pipeline.gateway import Choice, Gateway, Loaded, Maker, run_gateway
from pipeline.loadtest import PromptReader
from pipeline.params import ArmParams, Params, load_fleet, load_params
from pipeline.predictors import LatencyModel, fit_candidates

NEIGHBOURS = 10


def main() -> None:
    """Serve until a signal comes."""
    asked = _arguments()
    params, fleet = load_params(Path("params.yaml")), load_fleet(asked.fleet)
    rng = np.random.default_rng(1)
    believed = estimator(fleet, asked.indexed, rng, NEIGHBOURS)
    reader = PromptReader(_encoder(asked.encoder, rng), believed)
    latency = _latency(params)

    def load(arm: ArmParams, choice: Choice) -> Loaded:
        return Loaded(reader, latency, fleet.models[0])

    loadtest = params.loadtest.model_copy(update={"arms": {"benchmark": ARM}})
    laid_out = Fleet.of(fleet)
    run_gateway(
        lambda: Gateway(
            Maker(loadtest, laid_out, load, 1),
            laid_out,
            Choice("benchmark"),
            trace_log=asked.log,
        ),
        lambda gateway: write_text(asked.written, gateway.url),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fleet", type=Path)
    parser.add_argument("written", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--encoder", choices=("stub", "real"), required=True)
    parser.add_argument("--indexed", type=int, default=15_000, help="prompts of the predictors")
    return parser.parse_args()


def _encoder(name: str, rng: np.random.Generator) -> Callable[[list[str]], NDArray[np.float32]]:
    if name == "stub":
        fixed = vectors(1000, rng)
        return lambda texts: fixed[[len(text) % 1000 for text in texts]]
    import torch

    from pipeline.encoder import load_encoder

    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # as `routebalance serve` has it
    return load_encoder().encode


def _latency(params: Params) -> LatencyModel:
    tiers = params.base.fleet.tiers
    short = params.profile.model_copy(update={"runs": 5})
    profile = pl.concat([profile_tier(name, tier, short, 1) for name, tier in tiers.items()])
    return fit_candidates(profile, tiers, params.latency, 1).model()


if __name__ == "__main__":
    main()
