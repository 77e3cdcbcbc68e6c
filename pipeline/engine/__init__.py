"""Where independent jobs run: in processes of this machine, or on a Ray cluster.

A caller gives `setup`, which makes what every job needs once per process and returns the function
of one job, and the jobs. Results come back in the order in which they end, so that the caller can
keep each at once: whoever kills the caller loses only what was in flight.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from pipeline.engine._process import in_processes
from pipeline.engine._ray import on_ray
from pipeline.engine._work import Setup

__all__ = ["Engine", "Setup", "run_jobs"]

Engine = Literal["process", "ray"]
T = TypeVar("T")
R = TypeVar("R")


def run_jobs(
    engine: Engine,
    setup: Setup[T, R],
    jobs: Sequence[T],
    *,
    workers: int | None = None,
    cpus: float = 1.0,
    retries: int = 0,
) -> Iterator[R]:
    """Yield the results of all jobs as they come.

    Args:
        engine: «process» hands over the results of a job when it ends; «ray» each one at once.
        setup: called once in every process that works; it and the jobs must be picklable, and need
            no file of the project, which other machines do not have.
        jobs: what to do; no job may depend on another.
        workers: jobs at a time; default every processor of the machine or of the cluster.
        cpus: with Ray, the processors that one job takes; 0 for one that only waits for a server.
        retries: with Ray, how often a job is started again when its worker is lost; 0 where a
            result costs money, because the first results of the job would be paid for twice.

    Raises:
        WorkerError: a worker ended before its job did.
        ParamsError: Ray is not installed.
        EndpointError: no Ray cluster answers at RAY_ADDRESS.
        RouteBalanceError: as the job raised it; jobs still at work are ended.
    """
    if engine == "ray":
        return on_ray(setup, jobs, workers, cpus, retries)
    return in_processes(setup, jobs, workers)
