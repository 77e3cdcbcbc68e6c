"""Where the requests of a cell come from: times known beforehand, or users who wait for answers."""

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Sequence
from pipeline.workload.arrivals import ClosedLoop

__all__ = ["Source"]


class Source:
    """Requests in order of their scheduled time, numbered in the order in which they were issued.

    Args:
        times: scheduled times of the first requests, s; (n,) of an open loop, (users,) of a closed.
        requests: how many there are in all.
        closed: whose users send the rest, each after his last request ended.
    """

    def __init__(
        self, times: NDArray[np.float64], requests: int, closed: ClosedLoop | None = None
    ) -> None:
        self.scheduled: list[float] = [float(at) for at in times]
        self._requests = requests
        self._closed = closed
        self._user = list(range(len(self.scheduled)))
        self._pending = [(at, i) for i, at in enumerate(self.scheduled)]
        heapq.heapify(self._pending)

    @property
    def waits(self) -> bool:
        """Whether requests are still to be issued by the end of others."""
        return self._closed is not None and len(self.scheduled) < self._requests

    def earliest(self) -> float:
        """Scheduled time of the next request, s; inf if none is pending."""
        return self._pending[0][0] if self._pending else math.inf

    def take(self, now: float, most: int) -> list[int]:
        """Return the numbers of at most so many requests that were scheduled by `now`."""
        taken: list[int] = []
        while self._pending and self._pending[0][0] <= now and len(taken) < most:
            taken.append(heapq.heappop(self._pending)[1])
        return taken

    def ended(self, sequence: Sequence) -> None:
        """Let the user whose request ended, however, issue his next one."""
        if self._closed is None or not self.waits:
            return
        assert sequence.ended is not None
        user = self._user[sequence.request_id]
        at = self._closed.next(sequence.ended, user)
        heapq.heappush(self._pending, (at, len(self.scheduled)))
        self.scheduled.append(at)
        self._user.append(user)
