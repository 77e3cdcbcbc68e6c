"""Tables of a card and a model whose iteration time is known."""

from pathlib import Path

import numpy as np
import polars as pl

from pipeline.fleet import StepTime
from pipeline.fleet.steptime._tables import ATTENTION_OPS, LAYER_OPS
from pipeline.schema import write_rows

NAMES = {"source": "made", "gpu": "rtx4090", "model": "meta-llama/Llama-3.1-8B", "tp": 1}
LAYERS = 32
TOKENS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1536, 2048, 2304)


def layer_rows(truth: StepTime, tokens: tuple[int, ...] = TOKENS) -> pl.DataFrame:
    """Dense operators whose sum over the layers is the curve of `truth`; lm_head takes nothing."""
    rows = []
    for count in tokens:
        dense = float(np.interp(count, truth.knots, truth.curve))
        dense += truth.tail * max(0.0, count - truth.knots[-1])
        for op, share in (("gate_up_proj", 0.7), ("qkv_proj", 0.3)):
            latency = share * dense / LAYERS
            rows.append(NAMES | {"op": op, "tokens": count, "latency_ms": latency})
        rows.append(NAMES | {"op": "lm_head", "tokens": count, "latency_ms": 0.01})
    return LAYER_OPS.frame(rows)


def attention_rows(truth: StepTime, noise: float = 0.0, seed: int = 1) -> pl.DataFrame:
    """What `truth` has on top of its curve, per layer, over a grid of iterations."""
    rng = np.random.default_rng(seed)
    rows = []
    for prefill in (0, 16, 64, 256, 1024):
        for history in (0, 512, 4096) if prefill else (0,):
            for decode in (0, 1, 4, 16, 64, 128):
                for kv in (64, 512, 1024, 4096) if decode else (0,):
                    if not prefill + decode:
                        continue
                    work = prefill * (history + prefill / 2)
                    total = truth.seconds(prefill, decode, decode * kv, work) * 1e3
                    tokens = prefill + decode
                    dense = float(np.interp(tokens, truth.knots, truth.curve))
                    dense += truth.tail * max(0.0, tokens - truth.knots[-1])
                    latency = max((total - dense) / LAYERS, 0) * (1 + noise * rng.normal())
                    rows.append(
                        NAMES | {
                            "prefill_chunk": prefill, "kv_prefill": history, "n_decode": decode,
                            "kv_decode": kv, "latency_ms": max(latency, 0.0),
                        }
                    )  # fmt: skip
    return ATTENTION_OPS.frame(rows)


def write_tables(folder: Path, truth: StepTime, noise: float = 0.0) -> Path:
    """Both tables as files; returns the folder."""
    write_rows(layer_rows(truth), folder / "layer_ops.parquet", LAYER_OPS)
    write_rows(attention_rows(truth, noise), folder / "attention_ops.parquet", ATTENTION_OPS)
    return folder
