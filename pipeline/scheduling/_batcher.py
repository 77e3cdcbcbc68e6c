"""When a batch closes: size, timer, idle close, and the published adaptive table."""

from pipeline.params import BatchParams

__all__ = ["ADAPTIVE_TABLE", "Batcher"]

# Share of instances with a queue below which the row holds, size cap, timer in seconds
# (the reference's adapt_params; inf closes the table).
ADAPTIVE_TABLE = ((0.3, 4, 0.050), (0.7, 16, 0.100), (float("inf"), 32, 0.200))


class Batcher:
    """Decides when a batch closes and how many it takes; it holds no requests and no clock.

    Args:
        params: fixed size and timer; with `adaptive` they hold for the first batch only.
    """

    def __init__(self, params: BatchParams) -> None:
        self._params = params
        self.most, self._wait_s = params.max_batch, params.wait_ms * 1e-3

    def closes_at(self, opened: float, full_at: float) -> float:
        """Time at which a batch closes, s.

        Args:
            opened: when the router took its first request up.
            full_at: when its `most`-th request comes or came; inf if it is not in sight.
        """
        if self._params.close == "idle":
            return opened
        return min(opened + self._wait_s, max(opened, full_at))

    def observe(self, busy_share: float) -> None:
        """Let the share of instances with a waiting sequence, 0..1, size the next batch."""
        if self._params.adaptive:
            _, self.most, self._wait_s = next(row for row in ADAPTIVE_TABLE if busy_share < row[0])
