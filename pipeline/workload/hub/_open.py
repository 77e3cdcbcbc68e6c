"""Public sets at the edge: opened through `datasets`, by name or from local files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import EndpointError, SchemaError, nearest

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["UnavailableError", "files_in", "open_files", "open_set", "require_columns"]

_FORMATS = {".parquet": "parquet", ".jsonl": "json", ".jsonl.gz": "json"}


class UnavailableError(EndpointError):
    """A set that cannot be read here.

    Args:
        path: its name on the hub.
        reason: why it cannot be read.
        advice: what to do about it.
    """

    def __init__(self, path: str, reason: str, advice: str) -> None:
        self.reason = reason
        super().__init__(f"{path}: {reason}; {advice}")


def open_set(
    path: str, config: str | None, split: str, revision: str | None, *, gated: bool
) -> "Dataset":
    """Open a split of a set on the hub, or what is kept of it on this machine.

    Raises UnavailableError when the set is gated, absent, or the hub cannot be reached.
    """
    import datasets
    import httpx

    told: dict[str, Any] = {"name": config, "split": split, "revision": revision}
    try:
        return datasets.load_dataset(path, **told)
    except (
        OSError,  # no network, offline mode, no such set, no permission
        ValueError,  # no such configuration or split
        RuntimeError,  # a client that gave up after its retries
        httpx.HTTPError,
        datasets.exceptions.DatasetsError,
    ) as error:
        raise _unavailable(path, error, gated) from error


def _unavailable(path: str, error: Exception, gated: bool) -> UnavailableError:
    said = str(error).strip().splitlines()
    if gated and "gated" in str(error).lower():
        advice = (
            "accept its licence on its page of the hub and set HF_TOKEN, or name a folder with "
            "its files as mirror"
        )
        return UnavailableError(path, "is gated and this account has no access", advice)
    reason = f"cannot be read from the hub ({said[0] if said else type(error).__name__})"
    return UnavailableError(path, reason, "try again with a network, or name a folder as mirror")


def open_files(path: str, files: Sequence[Path], missing: str) -> "Dataset":
    """Open local files of one set, which are all of one format.

    Args:
        path: the set's name on the hub, for the sentence.
        files: parquet, jsonl or jsonl.gz.
        missing: where files were looked for.

    Raises:
        UnavailableError: there are none.
        SchemaError: they are of several formats, or cannot be read.
    """
    import datasets

    if not files:
        accepted = ", ".join(f"*{ending}" for ending in _FORMATS)
        raise UnavailableError(path, f"no file in {missing}", f"put {accepted} there")
    formats = {_format(file) for file in files}
    if len(formats) > 1:
        raise SchemaError(f"{missing}: holds files of several formats; one is accepted")
    try:
        return datasets.load_dataset(
            formats.pop(), data_files=[str(file) for file in files], split="train"
        )
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise SchemaError(f"{missing}: cannot be read ({reason})") from error


def files_in(folder: Path, stem: str = "*") -> list[Path]:
    """The files of the accepted formats in a folder, by name."""
    return sorted(file for ending in _FORMATS for file in folder.glob(f"{stem}{ending}"))


def _format(file: Path) -> str:
    return next(kind for ending, kind in _FORMATS.items() if file.name.endswith(ending))


def require_columns(dataset: "Dataset", columns: Sequence[str], where: str) -> "Dataset":
    """The dataset with these columns only. Raises SchemaError naming the first that is missing."""
    found = dataset.column_names
    for column in columns:
        if column not in found:
            raise SchemaError(
                f"{where}: column {column!r} is missing, its schema has changed; found "
                f"{', '.join(found)}; {nearest(column, found)}"
            )
    return dataset.select_columns(list(columns))
