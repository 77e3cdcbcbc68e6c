"""A local Ray cluster for the tests of a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["local_cluster"]


@contextmanager
def local_cluster(**environment: str) -> Iterator[str]:
    """Start a cluster whose processes see these variables, join it, yield its address.

    Its workers find modules of the tests by name, as pytest does.
    """
    ray = pytest.importorskip("ray", reason="needs the extra «ray»")
    # A process cannot leave the first token that it showed to a cluster.
    os.environ.setdefault("RAY_AUTH_TOKEN", "0" * 32)
    named = {"RAY_USAGE_STATS_ENABLED": "0"} | environment
    # The folder is short for the sockets' sake.
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="ray-") as folder:
        for name, value in named.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, Path(__file__).parents[:2])))
        ray.init(
            address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
            _node_ip_address="127.0.0.1", _temp_dir=folder,
        )  # fmt: skip
        try:
            yield ray.get_runtime_context().gcs_address
        finally:
            ray.shutdown()
