"""Jobs on a Ray cluster: the one at RAY_ADDRESS, or one that lives as long as the jobs."""

import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pipeline.engine._work import Setup, Work
from pipeline.errors import EndpointError, ParamsError, WorkerError

__all__ = ["on_ray"]

T = TypeVar("T")
R = TypeVar("R")

_QUIET = {"log_to_driver": False, "logging_level": logging.ERROR}


def on_ray(
    setup: Setup[T, R], jobs: Sequence[T], workers: int | None, cpus: float, retries: int
) -> Iterator[R]:
    """Yield every result when it has been made, whichever worker made it."""
    if not jobs:
        return
    with _cluster() as ray:
        # Once for all jobs; a worker fetches it when it meets the first of them.
        shared = [ray.put(setup)]
        options = {"num_returns": "streaming", "num_cpus": cpus, "max_retries": retries}
        task = ray.remote(**options)(_results)
        name = uuid4().hex
        waiting = (task.remote(name, shared, job) for job in jobs)
        at_work = list(islice(waiting, workers or len(jobs)))
        try:
            while at_work:
                [first], _ = ray.wait(at_work, num_returns=1)
                try:
                    yield _next(ray, first)
                except StopIteration:
                    at_work.remove(first)
                    at_work.extend(islice(waiting, 1))
        finally:
            for one in at_work:
                ray.cancel(one)


def _next(ray: Any, results: Any) -> Any:
    try:
        return ray.get(next(results))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise WorkerError(
            f"a worker of the Ray cluster was lost ({type(error).__name__}); start again, and "
            "what had finished is kept"
        ) from error


_works: dict[str, Work[Any, Any]] = {}


def _results(name: str, shared: list[Any], job: Any) -> Iterator[Any]:
    """Run in a worker: make what the jobs share unless an earlier job has made it."""
    if name not in _works:
        import ray

        os.environ["POLARS_MAX_THREADS"] = "1"
        _works.clear()
        _works[name] = ray.get(shared[0])()
    for result in _works[name](job):  # noqa: UP028 - Ray drives it by `send`
        yield result


@contextmanager
def _cluster() -> Iterator[Any]:
    """Join the cluster of RAY_ADDRESS, or start one here and end it; yield the module."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_AUTH_TOKEN" in os.environ:  # which Ray shows to a given cluster in this mode alone
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError as error:
        raise ParamsError(
            "engine «ray»: Ray is not installed here; `pip install 'routebalance[ray]'` brings it, "
            "and engine «process» needs nothing"
        ) from error
    with ExitStack() as ended:
        if not ray.is_initialized():
            address = os.environ.get("RAY_ADDRESS")
            ended.callback(ray.shutdown)
            if address:
                _join(ray, address)
            else:
                _start(ray, ended)
        yield ray


def _join(ray: Any, address: str) -> None:
    if address.startswith("ray://"):
        raise EndpointError(
            f"RAY_ADDRESS={address}: a Ray Client hands over no results before a job ends; give "
            "the cluster's own address as HOST:PORT"
        )
    absent = EndpointError(
        f"RAY_ADDRESS={address}: no Ray cluster answers there; give the address of a running one "
        "as HOST:PORT, or unset it to start one here"
    )
    if address not in ("auto", "local") and not _listens(address):
        raise absent
    # Its nodes need the dependencies, but not the project: this very code is sent along.
    code = {"py_modules": [str(Path(__file__).parents[1])]}
    try:
        ray.init(address=address, runtime_env=code, **_QUIET)
    except ConnectionError as error:
        raise absent from error


def _listens(address: str) -> bool:
    """Look before Ray does, which gives up only after minutes."""
    try:
        place = urlsplit(f"//{address}")
        socket.create_connection((place.hostname or "", place.port or 0), timeout=5).close()
    except (OSError, ValueError):
        return False
    return True


def _start(ray: Any, ended: ExitStack) -> None:
    # Ray keeps a token in the user's home otherwise. The folder is short for its sockets' sake.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    folder = ended.enter_context(
        tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    )
    ended.callback(ray.shutdown)
    ray.init(
        address="local",
        num_cpus=os.cpu_count(),
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        _temp_dir=folder,
        **_QUIET,
    )
