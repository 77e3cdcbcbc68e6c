"""Real runs of one instance, and what the engine makes of the same requests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from pipeline.errors import DataError
from pipeline.fleet._replay import replay
from pipeline.fleet._step import StepTime
from pipeline.fleet._virtual import Limits
from pipeline.schema import Column, Schema, read_rows

__all__ = ["CALIBRATION_REQUESTS", "Run", "Times", "calibrate", "read_runs", "run_errors", "served"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CALIBRATION_REQUESTS = 60
_FACTORS = (0.2, 5.0)  # further from the tables than this, the tables are of something else

RUN_REQUESTS = Schema(
    "run request",
    (
        Column("run", pl.String, "GPU__model"),
        Column("arrival_s", pl.Float64, "when the client sent it, s", low=0.0),
        Column("input_tokens", pl.Int32, "tokens of the prompt", low=1),
        Column("output_tokens", pl.Int32, "tokens of the response", low=1),
        Column("queue_ms", pl.Float64, "from intake to the first iteration", low=0.0),
        Column("ttft_ms", pl.Float64, "from intake to the first token", low=0.0),
        Column("tpot_ms", pl.Float64, "per token after the first", nullable=True, low=0.0),
        Column("e2e_ms", pl.Float64, "from intake to the last token", low=0.0),
        Column("queued_s", pl.Float64, "when the engine took it in, s", low=0.0),
    ),
    key=(),
)
RUN_META = Schema(
    "run",
    (
        Column("run", pl.String, "GPU__model"),
        Column("model", pl.String, "name of the model"),
        Column("vllm_version", pl.String, "version of the engine"),
        Column("tp", pl.Int64, "GPUs that share the model", low=1),
        Column("max_num_seqs", pl.Int64, "most sequences in one iteration", low=1),
        Column("max_num_batched_tokens", pl.Int64, "most tokens in one iteration", low=1),
        Column("num_kv_tokens", pl.Float64, "what the KV cache holds; null: not said", True, 16.0),
        Column("requests", pl.Int64, "how many", low=1),
    ),
    key=("run",),
)
RUN_SAMPLES = Schema(
    "run sample",
    (
        Column("run", pl.String, "GPU__model"),
        Column("t", pl.Float64, "s", low=0.0),
        Column("prompt_throughput", pl.Float64, "tokens/s"),
        Column("gen_throughput", pl.Float64, "tokens/s"),
        Column("running", pl.Int64, "sequences running", low=0),
        Column("waiting", pl.Int64, "sequences waiting", low=0),
        Column("kv_cache_pct", pl.Float64, "share of the KV cache, percent"),
    ),
    key=(),
)


@dataclass(frozen=True)
class Times:
    """Latencies of n requests in milliseconds; TPOT is NaN where there is one token."""

    ttft: Floats
    tpot: Floats
    e2e: Floats


@dataclass(frozen=True)
class Run:
    """One real run, requests in order of intake; arrays of (n,).

    Attributes:
        name, gpu, model, tp: what ran where.
        max_num_seqs, max_batched_tokens: limits of the engine.
        kv_tokens: what its KV cache held, if the source says so.
        arrivals: intake, s.
        prompt, output: tokens.
        measured: what happened.
        calibrating: whether a request is one of the first that the client sent.
    """

    name: str
    gpu: str
    model: str
    tp: int
    max_num_seqs: int
    max_batched_tokens: int
    kv_tokens: int | None
    arrivals: Floats
    prompt: Ints
    output: Ints
    measured: Times
    calibrating: NDArray[np.bool_]


def read_runs(folder: Path) -> list[Run]:
    """Read the runs of a folder: `vllm_runs_{meta,requests}.parquet`, and `_timeseries` if there.

    Raises:
        SchemaError: a file is absent or breaks its schema.
        DataError: a run has too few requests to calibrate on some and test on others.
    """
    requests = read_rows(folder / "vllm_runs_requests.parquet", RUN_REQUESTS)
    peaks: dict[str, int] = {}
    if (samples := folder / "vllm_runs_timeseries.parquet").exists():
        running = read_rows(samples, RUN_SAMPLES).group_by("run").agg(pl.col("running").max())
        peaks = dict(running.iter_rows())
    return [
        _run(meta, requests.filter(pl.col("run") == meta["run"]), peaks.get(meta["run"], 0))
        for meta in read_rows(folder / "vllm_runs_meta.parquet", RUN_META).iter_rows(named=True)
    ]


def _run(meta: dict[str, object], rows: pl.DataFrame, peak: int) -> Run:
    name, seqs, kv = str(meta["run"]), meta["max_num_seqs"], meta["num_kv_tokens"]
    if rows.height < 2 * CALIBRATION_REQUESTS:
        raise DataError(
            f"run {name!r} has {rows.height} requests; at least {2 * CALIBRATION_REQUESTS} are "
            "needed to calibrate on the first and test on the rest"
        )
    rows = rows.sort("queued_s", maintain_order=True)
    ttft, tpot, e2e = (rows[column].to_numpy() for column in ("ttft_ms", "tpot_ms", "e2e_ms"))
    assert isinstance(seqs, int)
    return Run(
        name=name,
        gpu=name.partition("__")[0],
        model=str(meta["model"]),
        tp=int(str(meta["tp"])),
        # One run's own samples show more sequences at once than its settings allow.
        max_num_seqs=max(seqs, peak),
        max_batched_tokens=int(str(meta["max_num_batched_tokens"])),
        kv_tokens=int(kv) if isinstance(kv, float) else None,
        arrivals=rows["queued_s"].to_numpy(),
        prompt=rows["input_tokens"].to_numpy().astype(np.int64),
        output=rows["output_tokens"].to_numpy().astype(np.int64),
        measured=Times(ttft, tpot, e2e),
        calibrating=rows["arrival_s"].rank("ordinal").to_numpy() <= CALIBRATION_REQUESTS,
    )


def served(run: Run, step: StepTime, kv_tokens: int) -> Times:
    """Serve the requests of a run on the engine; simulated.

    Raises:
        DataError: a request can never fit into the cache.
    """
    limits = Limits(kv_tokens, run.max_num_seqs, run.max_batched_tokens)
    instances = np.zeros(run.arrivals.size, np.int64)
    try:
        found = replay([step], [limits], instances, run.arrivals, run.prompt, run.output)
    except ValueError as error:
        raise DataError(f"run {run.name!r} with {kv_tokens} KV tokens: {error}") from error
    ttft, e2e = ((times - run.arrivals) * 1e3 for times in (found.first_token, found.done))
    gaps = run.output - 1
    tpot = np.divide(e2e - ttft, gaps, out=np.full(gaps.shape, np.nan), where=gaps > 0)
    return Times(ttft, tpot, e2e)


def calibrate(run: Run, step: StepTime, kv_tokens: int) -> float:
    """Factor on every step time that makes the mean TPOT of the first requests come out right.

    It stands for what tables of operators leave out: CPU time, sampling, captured graphs.

    Raises:
        DataError: no factor between 0.2 and 5 does.
    """
    first = run.calibrating
    wanted = np.nanmean(run.measured.tpot[first])

    def excess(factor: float) -> float:
        times = served(run, step.scaled(factor), kv_tokens)
        return float(np.nanmean(times.tpot[first]) - wanted)

    if excess(_FACTORS[0]) > 0 or excess(_FACTORS[1]) < 0:
        raise DataError(f"run {run.name!r}: no factor from 0.2 to 5 meets its first TPOT")
    return float(brentq(excess, *_FACTORS, xtol=1e-4))


def run_errors(run: Run, times: Times) -> dict[str, float]:
    """Signed percent by which simulated figures are off, over the requests not calibrated on."""
    tested = ~run.calibrating
    errors = {}
    for name in ("ttft", "tpot", "e2e"):
        ours, theirs = (getattr(of, name)[tested] for of in (times, run.measured))
        errors[f"{name}_mean_err"] = _percent(np.nanmean(ours), np.nanmean(theirs))
        errors[f"{name}_p95_err"] = _percent(
            np.nanquantile(ours, 0.95), np.nanquantile(theirs, 0.95)
        )
    return errors


def _percent(ours: float, theirs: float) -> float:
    return float(100 * (ours / theirs - 1))
