"""How many may wait, and how long who may not should stay away; pure."""

__all__ = ["Admission"]

_NEWEST = 0.1  # weight of a new gap between two ends in the running mean
_LONGEST_S = 60.0


class Admission:
    """Bounds the queue and estimates when there will be room.

    Args:
        max_queue: requests that may wait for a decision.
    """

    def __init__(self, max_queue: int) -> None:
        self.max_queue = max_queue
        self._gap_s: float | None = None
        self._last: float | None = None

    def admits(self, waiting: int) -> bool:
        """Whether one more may wait beside so many."""
        return waiting < self.max_queue

    def ended(self, at: float, waiting: int) -> None:
        """Note that a request left an instance at time `at`, s, while so many waited.

        Only the time from an end that left somebody waiting to the next end tells the pace; the
        rest may be a time in which nobody came.
        """
        if self._last is not None:
            gap = max(at - self._last, 0.0)
            before = gap if self._gap_s is None else self._gap_s
            self._gap_s = before + _NEWEST * (gap - before)
        self._last = at if waiting else None

    def retry_after_s(self, waiting: int) -> float:
        """Seconds until so many waiting requests will have gone, at the pace of the last ends."""
        gap = 1.0 if self._gap_s is None else self._gap_s
        return min(_LONGEST_S, max(1.0, waiting * gap))
