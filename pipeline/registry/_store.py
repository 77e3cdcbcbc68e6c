"""The store of MLflow at the edge: opened once, its errors one sentence."""

import os
import re
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
_ADDRESS = "MLFLOW_TRACKING_URI"


@contextmanager
def opened(settings: RegisterParams, *, make: bool = False) -> Iterator["MlflowClient"]:
    """Yield a client whose experiment is set; `make` allows a store that does not exist yet.

    The environment's MLFLOW_TRACKING_URI goes before `tracking_uri`; user, password and token of a
    server are MLflow's own variables.

    Raises:
        ModelError: there is no store, and none is to be made.
        EndpointError: the store cannot be used.
    """
    told = os.environ.get(_ADDRESS)
    uri = told or settings.tracking_uri
    file = Path(uri.removeprefix(_SQLITE))
    if not make and uri.startswith(_SQLITE) and not file.exists():
        raise ModelError(f"{file}: nothing is registered yet; run `dvc repro register`")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        mlflow.set_tracking_uri(uri)
        if not told:  # MLflow puts it there, where the next store would take it for the user's
            os.environ.pop(_ADDRESS, None)
        mlflow.set_experiment(settings.experiment)
        client = mlflow.MlflowClient()
    except (MlflowException, SQLAlchemyError, OSError, ValueError) as error:
        raise _unusable(uri, error) from error
    try:
        yield client
    except MlflowException as error:
        raise _unusable(uri, error) from error


def _unusable(uri: str, error: Exception) -> EndpointError:
    where = _ADDRESS if os.environ.get(_ADDRESS) else "register.tracking_uri"
    return EndpointError(_without_password(f"{where} {uri!r}: {str(error).splitlines()[0]}"))


def _without_password(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//***@", text)
