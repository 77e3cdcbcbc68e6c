"""A registered version back on disk, whole and as it was registered."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ModelError
from pipeline.files import file_hash
from pipeline.predictors import LatencyModel, LengthModel, QualityModel, load_latency
from pipeline.registry._versions import Version

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["fetch", "load", "seen_by"]

SEEN = "trained_on.json"
_LOADERS: Mapping[str, Callable[[Path], QualityModel | LengthModel | LatencyModel]] = {
    "quality": QualityModel.load,
    "length": LengthModel.load,
    "latency": load_latency,
}


def fetch(version: Version) -> Path:
    """The folder of a version: where a local store has it, or a copy of a remote one's.

    Raises:
        ModelError: its artifacts are gone, or are not what was registered.
    """
    found = _downloaded(version)
    if file_hash(found) != version.tags.get("model_sha256"):
        raise ModelError(
            f"{version.name} version {version.number}: its stored files are not the ones that were "
            "registered; train and register it again, or name another version"
        )
    return found


def load(kind: str, folder: Path) -> QualityModel | LengthModel | LatencyModel:
    """Read a predictor.

    Raises:
        ModelError: it is absent or damaged, or was written by another version of the program.
    """
    try:
        return _LOADERS[kind](folder)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder}: no {kind} model that this program reads ({type(error).__name__}: {error}); "
            f"run `dvc repro -f {kind}`"
        ) from error


def seen_by(client: "MlflowClient", version: Version) -> set[str] | None:
    """Units that the version was trained, calibrated or selected on; None if nobody wrote it."""
    import mlflow

    if not any(one.path == SEEN for one in client.list_artifacts(version.run_id)):
        return None
    uri = client.get_run(version.run_id).info.artifact_uri
    return set(mlflow.artifacts.load_dict(f"{uri}/{SEEN}"))


def _downloaded(version: Version) -> Path:
    import mlflow
    from mlflow.exceptions import MlflowException

    uri = f"models:/{version.name}/{version.number}"
    try:
        root = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
        flavor = mlflow.models.Model.load(str(root)).flavors["python_function"]
        folder: Path = root / str(flavor["artifacts"]["model"]["path"])
    except (MlflowException, OSError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{uri}: its files cannot be read ({reason})") from error
    if not folder.exists():
        raise ModelError(f"{uri}: its files are gone; register it again")
    return folder
