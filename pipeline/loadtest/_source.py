"""Where the requests of a run come from: times known in advance, or users who wait."""

import math
from bisect import insort

import numpy as np
from numpy.typing import NDArray

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
        self._queue = sorted((at, i) for i, at in enumerate(self.scheduled))
        self._head = 0

    @property
    def waits(self) -> bool:
        """Whether requests are still to be issued by the end of others."""
        return self._closed is not None and len(self.scheduled) < self._requests

    def earliest(self) -> float:
        """Scheduled time of the next request, s; inf if none is pending."""
        return self.full_at(1)

    def full_at(self, most: int) -> float:
        """Scheduled time of the `most`-th pending request, s; inf if there are fewer."""
        place = self._head + most - 1
        return self._queue[place][0] if place < len(self._queue) else math.inf

    def take(self, now: float, most: int) -> list[int]:
        """Return the numbers of at most so many requests that were scheduled by `now`."""
        start = self._head
        while self._head - start < most and self.earliest() <= now:
            self._head += 1
        return [number for _, number in self._queue[start : self._head]]

    def ended(self, request: int, at: float) -> None:
        """Let the user whose request ended at time `at`, however, issue his next one."""
        if self._closed is None or not self.waits:
            return
        user = self._user[request]
        sent = self._closed.next(at, user)
        insort(self._queue, (sent, len(self.scheduled)), lo=self._head)
        self.scheduled.append(sent)
        self._user.append(user)
