"""The store of MLflow at the edge: opened once, its errors one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import EndpointError, ModelError
from pipeline.params import RegisterParams

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["opened"]

_SQLITE = "sqlite:///"


@contextmanager
def opened(settings: RegisterParams, *, make: bool = False) -> Iterator["MlflowClient"]:
    """Yield a client whose experiment is set; `make` allows a store that does not exist yet.

    Raises:
        ModelError: there is no store, and none is to be made.
        EndpointError: the store cannot be used.
    """
    uri = settings.tracking_uri
    file = Path(uri.removeprefix(_SQLITE))
    if not make and uri.startswith(_SQLITE) and not file.exists():
        raise ModelError(f"{file}: nothing is registered yet; run `dvc repro register`")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(settings.experiment)
        client = mlflow.MlflowClient()
    except (MlflowException, SQLAlchemyError, OSError, ValueError) as error:
        raise _unusable(uri, error) from error
    try:
        yield client
    except MlflowException as error:
        raise _unusable(uri, error) from error


def _unusable(uri: str, error: Exception) -> EndpointError:
    return EndpointError(f"register.tracking_uri {uri!r}: {str(error).splitlines()[0]}")
