"""The state of one polled instance, as a pure machine: answers and failures in, states out.

    unknown ---answer---> fresh ---age > limit---> stale
       |                    ^  \\                     |
       |                 answer  several failures    |
       +--several failures-- unreachable <-----------+

Nothing here looks at a clock or a socket; every time is given, in seconds of one clock that never
runs back. An instance that does not answer keeps its last sample, which only grows older: it never
comes to look idle.
"""

from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Link", "PollRule", "State"]

State = Literal["unknown", "fresh", "stale", "unreachable"]


@dataclass(frozen=True, slots=True)
class PollRule:
    """How an endpoint is polled, and what is made of its silence; seconds.

    Attributes:
        period: from the start of one poll to the start of the next, while it answers.
        timeout: the longest a poll may take.
        stale_after: age from which the last sample is stale.
        unreachable_after: failures in a row that make it unreachable. One may be a busy server.
        backoff_first, backoff_longest: pause after the first failure; it doubles up to the longest.
        jitter: share of the pause that is random, so that polls that failed together do not come
            back together.

    Raises:
        ValueError: a value makes no sense.
    """

    period: float = 0.25
    timeout: float = 2.0
    stale_after: float = 1.0
    unreachable_after: int = 2
    backoff_first: float = 0.25
    backoff_longest: float = 10.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        times = (self.period, self.timeout, self.stale_after, self.backoff_first)
        if min(times) <= 0 or self.unreachable_after < 1:
            raise ValueError("times and counts of a poll rule must be above 0")
        if self.backoff_longest < self.backoff_first or not 0 <= self.jitter <= 1:
            raise ValueError("the longest pause is not below the first; jitter is a share")

    def pause(self, failures: int, draw: float) -> float:
        """Seconds to wait after so many failures in a row (1 or more), given a draw in [0, 1)."""
        # 64 doublings exceed any limit, and a float holds them.
        doubled = self.backoff_first * 2.0 ** min(failures - 1, 64)
        return min(self.backoff_longest, doubled) * (1 - self.jitter * draw)


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of the connection to one endpoint.

    Attributes:
        asked: when the poll that was last answered was sent; its sample is at least so old.
        failures: failed polls since then.
        since: when the first of them was sent.
        error: the sentence of the last of them.
        next_poll: when to poll again.
    """

    asked: float | None = None
    failures: int = 0
    since: float | None = None
    error: str | None = None
    next_poll: float = 0.0

    def answered(self, sent: float, now: float, rule: PollRule) -> "Link":
        """A poll sent at `sent` was answered now."""
        return Link(asked=sent, next_poll=max(now, sent + rule.period))

    def failed(self, sent: float, now: float, error: str, rule: PollRule, draw: float) -> "Link":
        """A poll sent at `sent` has failed now; `draw` in [0, 1) decides on the jitter."""
        failures = self.failures + 1
        return replace(
            self,
            failures=failures,
            since=sent if self.since is None else self.since,
            error=error,
            next_poll=now + rule.pause(failures, draw),
        )

    def age(self, now: float) -> float | None:
        """Seconds since the state that the last sample tells of; None without a sample."""
        return None if self.asked is None else now - self.asked

    def state(self, now: float, rule: PollRule) -> State:
        """The state at `now`; see the top of this module."""
        if self.failures >= rule.unreachable_after:
            return "unreachable"
        age = self.age(now)
        if age is None:
            return "unknown"
        return "fresh" if age <= rule.stale_after else "stale"
