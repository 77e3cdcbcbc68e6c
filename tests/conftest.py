"""Fixtures that several packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Timings never decide a test, and a busy machine is slow at the first example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]

# Tests register in stores of their own, never on the server of whoever runs them.
os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; skips where there is none, fails where there must be one."""
    folder = (ROOT / os.environ.get("ROUTEBALANCE_DATA", "../shared/data")).resolve()
    if folder.is_dir():
        return folder
    reason = f"no real data at {folder}; set ROUTEBALANCE_DATA to a folder of the same schema"
    if os.environ.get("ROUTEBALANCE_REQUIRE_DATA"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole graph first: it takes one worker as long as all the rest takes the other."""
    items.sort(key=lambda item: item.path.name != "test_graph.py")
