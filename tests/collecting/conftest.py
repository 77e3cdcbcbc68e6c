"""Fixtures of the live collection."""

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def raw_params(root: Path) -> dict[str, Any]:
    """params.yaml as a nested mapping, to be changed at will."""
    values: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())
    return values
