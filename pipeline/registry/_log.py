"""Logging and registering predictors with MLflow."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.errors import EndpointError
from pipeline.files import file_hash
from pipeline.params import RegisterParams

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from numpy import ndarray

__all__ = ["Candidate", "RegistryEntry", "register"]

CHAMPION, CHALLENGER = "champion", "challenger"


@dataclass(frozen=True)
class Candidate:
    """A trained predictor on its way to the registry.

    Attributes:
        kind: quality, length or latency; with the prefix, the registered name.
        folder: the stored model.
        data: the file that it was trained on.
        params: its section of params.yaml.
        metrics: flat numbers of the test split.
        example: a few input rows.
        outputs: names of the output columns.
    """

    kind: str
    folder: Path
    data: Path
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    example: "ndarray[Any, Any] | pd.DataFrame"
    outputs: list[str]


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


def register(candidates: list[Candidate], settings: RegisterParams) -> list[RegistryEntry]:
    """Log every candidate as a run and register it; equal content is registered once.

    The first version of a name becomes `champion`, every later one `challenger`: promotion is a
    decision of its own.

    Raises:
        EndpointError: the tracking store cannot be used.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        mlflow.set_tracking_uri(settings.tracking_uri)
        mlflow.set_experiment(settings.experiment)
        client = mlflow.MlflowClient()
        return [_register(candidate, settings, client) for candidate in candidates]
    except (MlflowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise EndpointError(f"register.tracking_uri {settings.tracking_uri!r}: {reason}") from error


def _register(
    candidate: Candidate, settings: RegisterParams, client: "MlflowClient"
) -> RegistryEntry:
    name = f"{settings.prefix}-{candidate.kind}"
    model_hash, data_hash = file_hash(candidate.folder), file_hash(candidate.data)
    versions = client.search_model_versions(f"name='{name}'")
    same = [v for v in versions if v.tags.get("model_sha256") == model_hash]
    if same:
        version = max(int(v.version) for v in same)
    else:
        version = _log(candidate, name, model_hash, data_hash)
        for key, value in (("model_sha256", model_hash), ("data_sha256", data_hash)):
            client.set_model_version_tag(name, str(version), key, value)
        alias = CHALLENGER if versions else CHAMPION
        client.set_registered_model_alias(name, alias, str(version))
    aliases = client.get_registered_model(name).aliases
    return RegistryEntry(
        name=name,
        version=version,
        aliases=sorted(alias for alias, held in aliases.items() if int(held) == version),
        model_sha256=model_hash,
        data_sha256=data_hash,
        metrics=dict(candidate.metrics),
    )


def _log(candidate: Candidate, name: str, model_hash: str, data_hash: str) -> int:
    import mlflow

    with mlflow.start_run(run_name=candidate.kind):
        mlflow.log_params({key: str(value) for key, value in candidate.params.items()})
        mlflow.log_metrics(dict(candidate.metrics))
        mlflow.set_tags(
            {"model_sha256": model_hash, "data_sha256": data_hash, "code_version": __version__}
        )
        if Path("dvc.lock").exists():
            mlflow.log_artifact("dvc.lock")
        logged = mlflow.pyfunc.log_model(
            name=candidate.kind,
            python_model=str(Path(__file__).with_name("_serve.py")),
            artifacts={"model": str(candidate.folder)},
            signature=_signature(candidate),
            input_example=candidate.example,
            pip_requirements=[f"routebalance=={__version__}"],
            registered_model_name=name,
        )
    return int(logged.registered_model_version)


def _signature(candidate: Candidate) -> Any:
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = infer_signature(candidate.example).inputs
    outputs = Schema([ColSpec(DataType.double, column) for column in candidate.outputs])
    return ModelSignature(inputs=inputs, outputs=outputs)
