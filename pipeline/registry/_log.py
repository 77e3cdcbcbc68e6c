"""Logging and registering predictors with MLflow."""

import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.files import file_hash
from pipeline.params import RegisterParams
from pipeline.registry._children import log_candidates, numbers_of
from pipeline.registry._decisions import recorded
from pipeline.registry._fetch import SEEN
from pipeline.registry._store import opened
from pipeline.registry._trained import Trained
from pipeline.registry._versions import CHALLENGER, CHAMPION

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["RegistryEntry", "register"]

_LOCK = Path("dvc.lock")
_DIGEST = 32  # MLflow keeps at most 36 characters of the digest of a data set


@dataclass(frozen=True)
class RegistryEntry:
    """What the registry holds of one predictor after this run."""

    name: str
    version: int
    aliases: list[str]
    model_sha256: str
    data_sha256: str
    metrics: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def register(trained: Sequence[Trained], settings: RegisterParams) -> list[RegistryEntry]:
    """Log every predictor as a run and register it; equal content is registered once.

    The first version of a name becomes `champion`, which the record of decisions says; every later
    one becomes `challenger`: promotion is a decision of its own.

    Raises:
        EndpointError: the tracking store cannot be used.
    """
    with opened(settings, make=True) as client, warnings.catch_warnings():
        # MLflow finds two readings of a local file, and both are the same one.
        warnings.filterwarnings("ignore", "The specified dataset source")
        return [_register(one, settings, client) for one in trained]


def _register(trained: Trained, settings: RegisterParams, client: "MlflowClient") -> RegistryEntry:
    name = f"{settings.prefix}-{trained.kind}"
    model_hash, data_hash = file_hash(trained.folder), file_hash(trained.data)
    versions = client.search_model_versions(f"name='{name}'")
    same = [v for v in versions if v.tags.get("model_sha256") == model_hash]
    if same:
        version = max(int(v.version) for v in same)
    else:
        tags = {"model_sha256": model_hash, "data_sha256": data_hash, **_origin()}
        version = _log(trained, name, tags, client)
        for key, value in tags.items():
            client.set_model_version_tag(name, str(version), key, value)
        client.update_model_version(name, str(version), trained.card)
        if versions:
            client.set_registered_model_alias(name, CHALLENGER, str(version))
        else:
            with recorded(name, "first", None, version, "", None):
                client.set_registered_model_alias(name, CHAMPION, str(version))
    aliases = client.get_registered_model(name).aliases
    return RegistryEntry(
        name=name,
        version=version,
        aliases=sorted(alias for alias, held in aliases.items() if int(held) == version),
        model_sha256=model_hash,
        data_sha256=data_hash,
        metrics=dict(trained.metrics),
    )


def _origin() -> dict[str, str]:
    """What code and which lock file this is: version, commit and hash, where they exist."""
    found = {"code_version": __version__}
    if _LOCK.exists():
        found["dvc_lock_sha256"] = file_hash(_LOCK)
    command = ["git", "rev-parse", "HEAD"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        found["git_commit"] = told.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        pass  # no checkout, no commit
    return found


def _log(trained: Trained, name: str, tags: dict[str, str], client: "MlflowClient") -> int:
    import mlflow

    with mlflow.start_run(run_name=trained.kind) as run:
        mlflow.set_tags({"kind": "predictor", "predictor": trained.kind, **tags})
        mlflow.log_params(dict(_flat(trained.params)))
        logged = mlflow.pyfunc.log_model(
            name=trained.kind,
            python_model=str(Path(__file__).with_name("_serve.py")),
            artifacts={"model": str(trained.folder)},
            model_config={"kind": trained.kind},
            signature=_signature(trained),
            input_example=trained.example,
            pip_requirements=[f"routebalance=={__version__}"],
            registered_model_name=name,
            tags=tags,
        )
        _log_data(trained, tags["data_sha256"])
        _log_numbers(trained, run.info.run_id, logged.model_id, tags["data_sha256"], client)
        _log_files(trained)
        log_candidates(client, run, trained.scores, trained.params)
    return int(logged.registered_model_version)


def _flat(section: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, str]]:
    """Options under dotted names."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}{key}.")
        else:
            yield f"{name}{key}", str(value)


def _log_data(trained: Trained, data_hash: str) -> None:
    """The rows of every part, under the hash of the file that holds them all."""
    import mlflow

    for context, rows in trained.rows.items():
        told = mlflow.data.from_polars(
            rows, source=str(trained.data), name=f"{trained.data.stem}-{context}",
            digest=data_hash[:_DIGEST],
        )  # fmt: skip
        mlflow.log_input(told, context=context)


def _log_numbers(
    trained: Trained, run_id: str, model_id: str, data_hash: str, client: "MlflowClient"
) -> None:
    """Test metrics of what serves, of the run and of its model, beside the rows they are of."""
    from mlflow.entities import Metric

    numbers = numbers_of(trained.scores.filter(trained.scores["selected"]))
    now = int(time.time() * 1000)
    of = {"dataset_name": f"{trained.data.stem}-test", "dataset_digest": data_hash[:_DIGEST]}
    metrics = [
        Metric(key, value, now, 0, model_id=model_id, run_id=run_id, **of)
        for key, value in numbers.items()
    ]
    client.log_batch(run_id, metrics=metrics)


def _log_files(trained: Trained) -> None:
    import mlflow

    if _LOCK.exists():
        mlflow.log_artifact(str(_LOCK))
    mlflow.log_dict(trained.seen, SEEN)
    mlflow.log_text(trained.card, "card.md")
    for name, figure in trained.figures.items():
        mlflow.log_figure(figure, f"plots/{name}.png")


def _signature(trained: Trained) -> Any:
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = infer_signature(trained.example).inputs
    outputs = Schema([ColSpec(DataType.double, column) for column in trained.outputs])
    return ModelSignature(inputs=inputs, outputs=outputs)
