"""One project for every file of tests of the registry."""

from pathlib import Path

import pytest

from tests.registry_project import make_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The folder of `make_project`, one for every file of tests."""
    return make_project(tmp_path_factory.mktemp("project"), root)
