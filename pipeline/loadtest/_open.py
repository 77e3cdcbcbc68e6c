"""A bench from the files of earlier stages."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.files import content_hash, file_hash
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._workload import Workload, make_workload
from pipeline.params import STEADY, LoadtestParams, Params, TraceParams
from pipeline.predictors import LengthModel, QualityModel
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS
from pipeline.scheduling import Learned, learned_of
from pipeline.scheduling.baselines import load_routers
from pipeline.schema import read_rows
from pipeline.stage import Paths
from pipeline.workload.arrivals import read_trace

__all__ = ["check_registered", "open_bench"]


def open_bench(params: Params, predictors: Mapping[str, Path] | None = None) -> Bench:
    """Load the predictors and the prompts that the load test asks.

    Args:
        params: all of params.yaml.
        predictors: folders of the predictors that are not those of the last run, by kind; the
            others must be the registered ones.

    Raises:
        ModelError: a predictor on disk is not the one that was registered.
        SchemaError, DataError: an earlier stage's file is absent or unusable.
    """
    folders = {"quality": Paths.QUALITY, "length": Paths.LENGTH, "latency": Paths.LATENCY}
    present = [kind for kind in folders if kind not in (predictors or {})]
    folders |= predictors or {}
    hashes = {kind: file_hash(folder) for kind, folder in folders.items()}
    check_registered({kind: hashes[kind] for kind in present}, params.register_.prefix)
    learned = _learned(params.loadtest, params.base.fleet.models)
    prompts = read_rows(Paths.PROMPTS, PROMPTS).select("prompt_id", "prompt_text")
    make = partial(
        make_workload,
        read_rows(Paths.DATASET, DATASET),
        read_rows(Paths.EMBEDDINGS, EMBEDDINGS),
        QualityModel.load(folders["quality"]),
        LengthModel.load(folders["length"]),
        params.base.fleet.prices,
        dict(prompts.iter_rows()),
        learned,
    )
    shapes = [params.loadtest.shape(name) for name in (STEADY, *params.loadtest.traffic)]
    workloads: dict[str, Workload] = {
        split: make(split) for split in sorted({shape.split for shape in shapes})
    }
    hashes |= {"routers": file_hash(Paths.ROUTERS)}
    data = {"dataset": file_hash(Paths.DATASET), "embeddings": file_hash(Paths.EMBEDDINGS)}
    traces = {}
    for name in (STEADY, *params.loadtest.traffic):
        arrivals = params.loadtest.shape(name).arrivals
        if isinstance(arrivals, TraceParams):
            folder = Path(params.base.data_dir)
            traces[name] = read_trace(arrivals, folder)
            data[f"trace {name}"] = file_hash(folder / arrivals.file)
    return Bench(
        params=params.loadtest,
        fleet=params.base.fleet,
        workloads=workloads,
        latency_folder=folders["latency"],
        seed=params.base.seed,
        inputs=content_hash(hashes | data),
        traces=traces,
        quality_folder=folders["quality"],
        length_folder=folders["length"],
    )


def _learned(params: LoadtestParams, models: list[str]) -> dict[str, Learned]:
    """The learned router of every arm that names one, with its knob."""
    routers = load_routers(Paths.ROUTERS, models)
    found = {name: learned_of(arm, routers) for name, arm in params.arms.items()}
    return {name: learned for name, learned in found.items() if learned is not None}


def check_registered(hashes: dict[str, str], prefix: str) -> None:
    """Raise ModelError where a predictor of the last run, kind to hash, was not registered."""
    if not hashes:
        return
    if not Paths.REGISTRY.exists():
        raise ModelError(f"{Paths.REGISTRY}: no predictor is registered; run `dvc repro register`")
    entries = json.loads(Paths.REGISTRY.read_text(encoding="utf-8"))
    registered = {entry["name"]: entry["model_sha256"] for entry in entries}
    for kind, digest in hashes.items():
        if registered.get(f"{prefix}-{kind}") != digest:
            raise ModelError(
                f"models/{kind} is not the registered {prefix}-{kind}; run `dvc repro register`"
            )
