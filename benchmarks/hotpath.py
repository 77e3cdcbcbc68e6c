"""Where the time of a decision goes before anything is scored: `python -m benchmarks.hotpath`.

In one run: every path of the encoder at batches of 1, 8 and 32 on one and on two threads, how far
its embeddings are from the reference, tokenisation, surface features, and every head of quality and
length, alone and calibrated. Prompts are those that the graph generates, drawn anew for each round;
paths take turns, so that other work on the machine slows all of them alike. Ratios are against the
named baseline, eager PyTorch in fp32, on the same batches. Heads learn from a few hundred prompts,
so one that remembers prompts, such as k-NN, is cheaper here than after a real training; see
benchmarks/decision.py.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from benchmarks._heads import head_works
from benchmarks._report import finish
from benchmarks._turns import Work, by_turns
from pipeline import minilm
from pipeline.encoder import PATHS, Encoder, load_encoder
from pipeline.errors import ModelError
from pipeline.params import load_params
from pipeline.predictors import Prompts
from pipeline.predictors._surface import surface_features
from pipeline.workload.generated import generate

BASELINE = "torch_fp32"
PER_FAMILY = 100  # five families


def main() -> None:
    """Print a table per step, then the figures as one JSON object."""
    parser = argparse.ArgumentParser(description="Time of what a decision is made from.")
    parser.add_argument("--small", action="store_true", help="one thread, few rounds, two batches")
    small = parser.parse_args().small
    import torch

    rng = np.random.default_rng(1)
    texts = generate(24 if small else PER_FAMILY, 1)["prompt_text"].to_list()
    counts = np.percentile(minilm.count_tokens(texts), (5, 50, 95))
    print("{} prompts of {:.0f}, {:.0f}, {:.0f} tokens (p5, p50, p95)".format(len(texts), *counts))
    rounds = {1: 5, 8: 3} if small else {1: 100, 8: 40, 32: 15}
    encoders = []
    compared = texts[:: 6 if small else 2]
    reference = minilm.encode(compared, quiet=True)  # also reads the weights, before a clock runs
    for threads in (1,) if small else (1, 2):
        torch.set_num_threads(threads)
        paths = _loaded()
        cosines = _cosines(paths, compared, reference)
        encoders += _encoder_rows(paths, cosines, texts, rounds, rng)
    torch.set_num_threads(1)
    served = load_encoder()
    print(served.describe())
    vectors = served.encode(texts)
    prompts = Prompts(vectors, tuple(texts), tuple(["generated"] * len(texts)))
    steps: dict[str, Work] = {
        "tokenise": lambda rows: minilm.tokenise([texts[row] for row in rows]),
        "surface": lambda rows: surface_features(tuple(texts[row] for row in rows)),
    }
    heads = head_works(load_params(Path("params.yaml")), prompts, rng)
    rest = _rest_rows(
        steps | heads, len(texts), {size: 5 * times for size, times in rounds.items()}, rng
    )
    finish(
        {
            "label": "live",
            "baseline": BASELINE,
            "serves": served.path,
            "tokens_p5_p50_p95": counts.tolist(),
            "encoders": encoders,
            "steps": rest,
        }
    )


def _encoder_rows(
    encoders: dict[str, Encoder],
    cosines: dict[str, float],
    texts: list[str],
    rounds: dict[int, int],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    import torch

    threads, rows = torch.get_num_threads(), []
    for batch, times in rounds.items():
        load = round(os.getloadavg()[0], 1)
        works = {name: _encode(encoder, texts) for name, encoder in encoders.items()}
        taken = by_turns(works, len(texts), batch, times, rng)
        for name, told in taken.items():
            ratio = round(taken[BASELINE]["p50_ms"] / told["p50_ms"], 2)
            row = {"path": name, "threads": threads, "batch": batch, **told, "times_faster": ratio}
            rows.append(row | {"lowest_cosine": round(cosines[name], 6), "load_1min": load})
            print(
                f"{name:14} {threads} threads, batch {batch:2}: p50 {told['p50_ms']:7.1f}, p95 "
                f"{told['p95_ms']:7.1f}, least {told['least_ms']:7.1f} ms of {told['rounds']}; "
                f"{ratio:4.2f} times as fast; cosine {cosines[name]:.6f}; load {load}"
            )
    return rows


def _loaded() -> dict[str, Encoder]:
    """Every path that runs here, on as many threads as PyTorch has; says why another does not."""
    found: dict[str, Encoder] = {}
    for name in PATHS:
        start = time.perf_counter()
        try:
            found[name] = load_encoder(name)
        except ModelError as error:
            print(error)
            continue
        print(f"{name} was built and tried in {time.perf_counter() - start:.1f} s")
    return found


def _cosines(
    encoders: dict[str, Encoder], texts: list[str], reference: NDArray[np.float32]
) -> dict[str, float]:
    """Lowest cosine of every path to the reference, over the texts."""
    told = reference.astype(np.float64)
    return {
        name: float((told * encoder.encode(texts)).sum(axis=1).min())
        for name, encoder in encoders.items()
    }


def _encode(encoder: Encoder, texts: list[str]) -> Work:
    return lambda rows: encoder.encode([texts[row] for row in rows])


def _rest_rows(
    works: dict[str, Work], prompts: int, rounds: dict[int, int], rng: np.random.Generator
) -> list[dict[str, Any]]:
    load = round(os.getloadavg()[0], 1)
    by_batch = {size: by_turns(works, prompts, size, times, rng) for size, times in rounds.items()}
    rows = []
    for name in works:
        said = ", ".join(
            f"{size}: {told[name]['p50_ms']:.3f} / {told[name]['p95_ms']:.3f}"
            for size, told in by_batch.items()
        )
        print(f"{name:36} p50 / p95 ms at batch {said}; load {load}")
        rows += [
            {"step": name, "threads": 1, "batch": size, **told[name], "load_1min": load}
            for size, told in by_batch.items()
        ]
    return rows


if __name__ == "__main__":
    main()
