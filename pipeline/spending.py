"""A hard cap on what a run may spend, asked before every paid request."""

import asyncio

__all__ = ["Spending", "cost_usd"]

_PER_MILLION = 1e-6


class Spending:
    """What the requests of one event loop have cost, and whether the next one may still go out.

    A request first holds its worst case and then settles what it cost, so that requests in flight
    can never pass the cap together. While others are in flight one that does not fit waits: they
    usually cost less than they hold. Without a cap everything fits.

    Attributes:
        cap_usd: the most that may be spent; None for no cap.
        spent_usd: what is settled.
        reached: whether a request was refused; from then on every one is.
    """

    def __init__(self, cap_usd: float | None) -> None:
        self.cap_usd = cap_usd
        self.spent_usd = 0.0
        self.reached = False
        self._held_usd: list[float] = []
        self._settled = asyncio.Condition()

    async def hold(self, worst_usd: float) -> bool:
        """Reserve the worst case of one request; False when it would pass the cap."""
        async with self._settled:
            while not self.reached and not self._fits(worst_usd):
                if self._held_usd:
                    await self._settled.wait()
                else:
                    self.reached = True
                    self._settled.notify_all()
            if self.reached:
                return False
            self._held_usd.append(worst_usd)
            return True

    async def settle(self, worst_usd: float, actual_usd: float) -> None:
        """Give back what `hold` reserved, and book what the request cost."""
        async with self._settled:
            self._held_usd.remove(worst_usd)
            self.spent_usd += actual_usd
            self._settled.notify_all()

    def _fits(self, worst_usd: float) -> bool:
        cap = self.cap_usd
        return cap is None or self.spent_usd + sum(self._held_usd) + worst_usd <= cap


def cost_usd(
    prompt_tokens: float | None,
    output_tokens: float | None,
    price_in: float | None,
    price_out: float | None,
) -> float | None:
    """Cost of tokens at prices in USD per million; None when any of the four is unknown."""
    if prompt_tokens is None or output_tokens is None or price_in is None or price_out is None:
        return None
    return (prompt_tokens * price_in + output_tokens * price_out) * _PER_MILLION
