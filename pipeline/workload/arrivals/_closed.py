"""A closed loop: arrivals that depend on completions."""

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ClosedParams

__all__ = ["ClosedLoop"]


class ClosedLoop:
    """Users who think, send a request, wait for its end, and think again.

    No clock and no I/O: the caller says when a request is done and learns when its user sends the
    next. Every user has a stream of his own, so his k-th think time is the same in whichever
    order the fleet completes requests.
    """

    def __init__(self, params: ClosedParams, rng: np.random.Generator) -> None:
        self._params = params
        self._streams = rng.spawn(params.users)

    def first(self, n: int) -> NDArray[np.float64]:
        """(n,) start times, s, of the first requests of users 0 to n - 1.

        They come out of a think time that was under way at time 0, by user and not sorted; users
        who all started at 0 would be a burst that the loop never produces again.

        Raises:
            ValueError: n is above the number of users.
        """
        if not 0 <= n <= self._params.users:
            raise ValueError(f"{n} first requests of {self._params.users} users")
        if self._params.think == "constant":
            return np.array([self._params.think_s * rng.random() for rng in self._streams[:n]])
        return np.array([self._think(user) for user in range(n)])

    def next(self, done_s: float, user: int) -> float:
        """The time, s, at which a user whose request ended at `done_s` sends the next one."""
        return done_s + self._think(user)

    def _think(self, user: int) -> float:
        if self._params.think == "constant":
            return self._params.think_s
        return float(self._streams[user].exponential(self._params.think_s))
