"""What all endpoints of a process may spend and send together."""

from typing import Literal, TypeAlias

from pipeline.spending import Spending

__all__ = ["Cap", "Purse"]

Cap: TypeAlias = Literal["max_usd", "max_requests"]


class Purse:
    """Counts requests and dollars, and refuses what would pass a cap.

    Args:
        max_usd: most USD; None bounds nothing.
        max_requests: most requests; None bounds nothing.

    Attributes:
        requests: sent so far.
        unpriced: those whose cost is unknown.
    """

    def __init__(self, max_usd: float | None, max_requests: int | None) -> None:
        self.requests, self.unpriced = 0, 0
        self._spending, self._max_requests = Spending(max_usd), max_requests
        self._refused = False

    async def hold(self, worst_usd: float | None) -> bool:
        """Make room for one request; false where there is none, now or later.

        Args:
            worst_usd: the most it can cost; None where its price is unknown.

        Raises:
            ValueError: its price is unknown, but dollars are bounded.
        """
        if worst_usd is None and self._spending.cap_usd is not None:
            raise ValueError("a cap in USD needs a price for every request")
        if not await self._spending.hold(worst_usd or 0.0):
            return False
        if self.requests == self._max_requests:
            self._refused = True
            await self._spending.settle(worst_usd or 0.0, 0.0)
            return False
        self.requests += 1
        return True

    async def settle(self, worst_usd: float | None, actual_usd: float | None) -> None:
        """Put what a request did cost in the place of its worst case."""
        self.unpriced += actual_usd is None
        await self._spending.settle(worst_usd or 0.0, actual_usd or 0.0)

    @property
    def spent_usd(self) -> float:
        """Of requests whose cost is known."""
        return self._spending.spent_usd

    @property
    def capped(self) -> Cap | None:
        """The cap that refused a request; None where none did."""
        if self._spending.reached:
            return "max_usd"
        return "max_requests" if self._refused else None
