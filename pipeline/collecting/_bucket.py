"""A token bucket for one endpoint: when may the next request leave."""

import asyncio
import math

__all__ = ["TokenBucket", "next_turn"]


class TokenBucket:
    """A bucket that holds one token and is refilled at a rate; every request takes one.

    It holds no more than one, so that no window of T seconds sees more than `rate * T + 1` starts.
    Times are seconds on any clock of the caller.

    Args:
        rate_per_s: requests per second; None bounds nothing.

    Attributes:
        rests_until: end of the last pause that the endpoint asked for; tokens of an earlier time
            are void.
    """

    def __init__(self, rate_per_s: float | None) -> None:
        self._interval = 0.0 if rate_per_s is None else 1.0 / rate_per_s
        self._free_at = self.rests_until = -math.inf

    def take(self, now: float) -> float:
        """Take the next token and return when it is there, `now` at the earliest."""
        at = max(now, self._free_at)
        self._free_at = at + self._interval
        return at

    def rest(self, until: float) -> None:
        """Give out nothing before this time, because the endpoint asked for a pause."""
        self.rests_until = max(self.rests_until, until)
        self._free_at = max(self._free_at, until)


async def next_turn(bucket: TokenBucket) -> None:
    """Wait for a token, and for another one where a pause was asked for meanwhile."""
    clock = asyncio.get_running_loop().time
    at = bucket.take(clock())
    while at > clock():
        await asyncio.sleep(at - clock())
        if at < bucket.rests_until:
            at = bucket.take(clock())
