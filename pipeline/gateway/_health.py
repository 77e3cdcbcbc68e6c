"""Which instances get requests: out after failures, back by a single trial.

    in --failures in a row--> out --pause is over--> on trial --answered--> in
                               ^                        |
                               +------- failed ---------+   (with twice the pause)

Pure: every time is given, in seconds of one clock that never runs back.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Health", "HealthRule", "Ward"]


@dataclass(frozen=True, slots=True)
class HealthRule:
    """When an instance is out.

    Attributes:
        failures: in a row that put it out.
        pause_s: how long it is out at first; doubled by every failed trial.
        longest_s: the longest that it is.
    """

    failures: int = 3
    pause_s: float = 1.0
    longest_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Health:
    """One instance.

    Attributes:
        failures: in a row.
        until: when its pause is over; None while it is in.
        pause_s: the pause that it has or had.
        tried: whether a trial is under way.
    """

    failures: int = 0
    until: float | None = None
    pause_s: float = 0.0
    tried: bool = False

    def open(self, now: float) -> bool:
        """Whether it may get a request now."""
        return self.until is None or (now >= self.until and not self.tried)

    def sent(self) -> "Health":
        """It gets a request; while it is out, that is its trial."""
        return self if self.until is None else replace(self, tried=True)

    def answered(self) -> "Health":
        """A request was served: whatever was, it is well."""
        return Health()

    def left(self, sent: float) -> "Health":
        """A request of time `sent` ended and tells nothing, such as one that its client gave up."""
        return replace(self, tried=self.tried and self._before(sent))

    def failed(self, now: float, sent: float, rule: HealthRule) -> "Health":
        """A request that was sent at time `sent` failed there at time `now`."""
        failures = self.failures + 1
        if self.until is None and failures < rule.failures:
            return replace(self, failures=failures)
        if self._before(sent):
            return replace(self, failures=failures)
        pause = min(rule.longest_s, 2 * self.pause_s if self.pause_s else rule.pause_s)
        return Health(failures, now + pause, pause)

    def _before(self, sent: float) -> bool:
        """Whether a request of this time is no trial: it went out before the pause was over."""
        return self.until is not None and sent < self.until


class Ward:
    """The health of I instances.

    Args:
        instances: how many.
        rule: when one is out.
    """

    def __init__(self, instances: int, rule: HealthRule) -> None:
        self._all = [Health()] * instances
        self._rule = rule
        self.evictions = [0] * instances

    def open(self, answering: NDArray[np.bool_], now: float) -> NDArray[np.bool_]:
        """Who may get a request, (I,): of those that are not out, the ones whose telemetry answers.

        Where nobody's telemetry answers, all that are not out: a fleet that only lost its metrics
        still serves.
        """
        well = np.array([one.open(now) for one in self._all])
        heard: NDArray[np.bool_] = well & answering
        return heard if heard.any() else well

    def back_in_s(self, now: float) -> float:
        """Seconds until the next one may be tried; 0 where one may now."""
        waits = [0.0 if one.until is None else max(0.0, one.until - now) for one in self._all]
        return min(waits)

    def out(self, instance: int) -> bool:
        """Whether it is out or on trial."""
        return self._all[instance].until is not None

    def sent(self, instance: int) -> None:
        """It gets a request."""
        self._all[instance] = self._all[instance].sent()

    def answered(self, instance: int) -> None:
        """It served one."""
        self._all[instance] = self._all[instance].answered()

    def left(self, instance: int, sent: float) -> None:
        """A request of time `sent` ended there that tells nothing of its health."""
        self._all[instance] = self._all[instance].left(sent)

    def failed(self, instance: int, now: float, sent: float) -> None:
        """A request of time `sent` failed there at time `now`."""
        was_out = self.out(instance)
        self._all[instance] = self._all[instance].failed(now, sent, self._rule)
        self.evictions[instance] += self.out(instance) and not was_out
