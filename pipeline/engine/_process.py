"""Jobs in processes of this machine; a single worker is this process."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from pipeline.engine._work import Setup, Work
from pipeline.errors import WorkerError

__all__ = ["in_processes"]

T = TypeVar("T")
R = TypeVar("R")


def in_processes(setup: Setup[T, R], jobs: Sequence[T], workers: int | None) -> Iterator[R]:
    """Yield the results of every job when it ends; with one worker, each result at once."""
    count = min(workers or os.cpu_count() or 1, len(jobs))
    if count > 1:
        yield from _in_pool(setup, jobs, count)
    elif jobs:
        work = setup()
        for job in jobs:
            yield from work(job)


def _in_pool(setup: Setup[T, R], jobs: Sequence[T], workers: int) -> Iterator[R]:
    # Spawned, not forked: polars and XGBoost own threads that do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (setup,)) as pool:
        futures = [pool.submit(_results, job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield from future.result()
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process was lost, killed or out of memory; start again with fewer jobs "
                "at a time, and what had finished is kept"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_work: Work[Any, Any]


def _start(setup: Setup[Any, Any]) -> None:
    global _work
    os.environ["POLARS_MAX_THREADS"] = "1"
    _work = setup()


def _results(job: Any) -> list[Any]:
    return list(_work(job))
