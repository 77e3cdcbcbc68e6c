"""What the numbers of the page rest on: data, models, versions, seeds, parameters."""

import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.files import file_hash
from pipeline.params import Params

__all__ = ["Pairs", "parameter_listing", "provenance", "provenance_tables"]

Pairs = list[tuple[str, str]]

_LIBRARIES = (
    "routebalance", "numpy", "polars", "scipy", "scikit-learn", "xgboost", "torch", "transformers",
    "mlflow", "dvc", "deepeval", "matplotlib",
)  # fmt: skip


def provenance(params: Params, card: Mapping[str, Any], sources: Mapping[str, Path]) -> Any:
    """Return everything that is quoted at the foot of the page, as nested mappings.

    Args:
        params: the whole of params.yaml.
        card: of the prompts.
        sources: name to a file or folder whose SHA-256 is told.
    """
    told: dict[str, Any] = {
        "seed": params.base.seed,
        "load test seeds": list(params.loadtest.seeds),
        "data": card["origin"],
        "sha256": {name: file_hash(path) for name, path in sources.items()},
        "versions": {name: version(name) for name in _LIBRARIES},
    }
    revision = _revision()
    if revision is not None:
        told["git revision"] = revision
    return told


def parameter_listing(params: Params) -> str:
    """Return the whole of the parameters in force, defaults included, as YAML."""
    import yaml

    values = params.model_dump(mode="json", by_alias=True)
    text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=110)
    return _without_place(text)


def _revision() -> str | None:
    """The commit of the working tree; None outside a repository or without git."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def provenance_tables(values: Mapping[str, Any]) -> tuple[Pairs, list[tuple[str, Pairs]]]:
    """Return the single values, and each mapping flattened to dotted names."""
    plain = [(name, _plain(value)) for name, value in values.items() if not _is_map(value)]
    nested = [(name, _flat(value)) for name, value in values.items() if _is_map(value) and value]
    return plain, nested


def _flat(values: Mapping[str, Any], prefix: str = "") -> Pairs:
    pairs: Pairs = []
    for name, value in values.items():
        if _is_map(value) and value:
            pairs.extend(_flat(value, f"{prefix}{name}."))
        else:
            pairs.append((f"{prefix}{name}", _plain(value)))
    return pairs


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _plain(value: Any) -> str:
    """Provenance is quoted, never rounded; where a file lies on this machine is nobody's matter."""
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    if value is None:
        return "–"
    return _without_place(str(value))


def _without_place(text: str) -> str:
    return re.sub(r"(^|:///|: )/(?:[^/\s]+/)+", r"\1…/", text, flags=re.MULTILINE)
