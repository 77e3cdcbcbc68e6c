"""A run: its calls shared out to worker processes that start together."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from pipeline.errors import DataError, WorkerError
from pipeline.fleet.telemetry import base_url
from pipeline.loadtest.generator._call import Call, Sent, Target
from pipeline.loadtest.generator._worker import Share, work
from pipeline.progress import track
from pipeline.workload.arrivals import ClosedLoop

__all__ = ["run_closed", "run_open"]

# From the last worker's word that it is ready to the start, s.
_COUNTDOWN_S = 0.1
_PATIENCE_S = 120.0


def run_open(
    calls: Sequence[Call],
    target: Target,
    *,
    workers: int = 1,
    keep_text: bool = False,
    keep_times: bool = False,
) -> list[Sent]:
    """Send every call at its own time, whatever became of those before it.

    Call i goes to worker i modulo `workers`, each a process of its own with a loop of its own.

    Args:
        calls: in order of their times.
        target: where they go.
        workers: processes.
        keep_text: whether to keep the answers.
        keep_times: whether to keep the time of every event with text.

    Returns:
        What came of every call, in order of their numbers.

    Raises:
        DataError: a call without a time, or times out of order.
        EndpointError: the target's URL is not one of a server.
        WorkerError: a worker died.
    """
    times = [call.at_s for call in calls]
    known = [at for at in times if at is not None]
    if len(known) < len(times) or known != sorted(known):
        raise DataError("an open loop sends calls at their times: each needs one, in order")
    count = max(1, min(workers, len(calls)))
    return _run(
        [Share(target, calls[w::count], keep_text, keep_times) for w in range(count)], len(calls)
    )


def run_closed(
    calls: Sequence[Call],
    users: int,
    thinking: ClosedLoop,
    target: Target,
    *,
    workers: int = 1,
    keep_text: bool = False,
    keep_times: bool = False,
) -> list[Sent]:
    """Let users send the calls, each his next one after the end of his last and some thought.

    Worker w has every `workers`-th call and every `workers`-th user, from w on; its users take its
    calls in their order.

    Args:
        calls: their times are not looked at.
        users: how many.
        thinking: when each starts, and how long he thinks; of at least as many users.
        target, workers, keep_text, keep_times: as in an open loop.

    Returns:
        What came of every call, in order of their numbers.

    Raises:
        DataError: there are no users.
        EndpointError: the target's URL is not one of a server.
        WorkerError: a worker died.
    """
    if users < 1:
        raise DataError(f"a closed loop of {users} users sends nothing; it needs at least one user")
    count = max(1, min(workers, len(calls), users))
    shares = [
        Share(target, calls[w::count], keep_text, keep_times, range(w, users, count), thinking)
        for w in range(count)
    ]
    return _run(shares, len(calls))


def _run(shares: list[Share], total: int) -> list[Sent]:
    if not total:
        return []
    base_url(shares[0].target.url)
    results: list[Sent] = []
    with ExitStack() as stack:
        started = [stack.enter_context(_worker(share)) for share in shares]
        workers = {pipe: f"load worker {i + 1} of {len(started)}" for i, pipe in enumerate(started)}
        for pipe, name in workers.items():
            if not pipe.poll(_PATIENCE_S):
                raise WorkerError(f"{name} was not ready within {_PATIENCE_S:g} s")
            _receive(pipe, name)
        began = time.monotonic() + _COUNTDOWN_S
        for pipe in workers:
            pipe.send(began)
        for _ in track(_ended(workers, results), total, "calls"):
            pass
    return sorted(results, key=lambda sent: sent.number)


def _ended(workers: dict[Connection, str], results: list[Sent]) -> Iterator[None]:
    """Collect the results of all workers; yield once for every call as it is told to have ended."""
    working = dict(workers)
    told = dict.fromkeys(workers, 0)
    while working:
        for pipe in wait(list(working)):
            assert isinstance(pipe, Connection)
            news = _receive(pipe, working[pipe])
            if isinstance(news, list):
                results += news
                del working[pipe]
                news = len(news) - told[pipe]
            told[pipe] += news
            yield from [None] * news


def _receive(pipe: Connection, name: str) -> int | list[Sent]:
    try:
        news: int | list[Sent] = pipe.recv()
    except (EOFError, OSError) as error:
        raise WorkerError(
            f"{name} died before its calls had ended; the run is lost and can be started again"
        ) from error
    return news


@contextmanager
def _worker(share: Share) -> Iterator[Connection]:
    """A process that works on a share; it is gone at the end, finished or not."""
    # Spawned, not forked: the parent may have an event loop and threads.
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process: BaseProcess = context.Process(target=work, args=(theirs, share), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join()
