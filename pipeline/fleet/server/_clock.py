"""Engine time on the wall clock."""

import time

__all__ = ["Clock"]


class Clock:
    """Maps the wall clock to engine time, which begins at 0 with the clock.

    Wall times are those of `time.monotonic`, the clock of the event loop, read afresh: a loop
    remembers the time at which it woke, to the millisecond.

    Args:
        speed: engine seconds per wall second.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.began = time.monotonic()

    def now(self) -> float:
        """Engine time, seconds."""
        return (time.monotonic() - self.began) * self.speed

    def wall(self, at: float) -> float:
        """Wall time of an engine time."""
        return self.began + at / self.speed

    def delay(self, at: float) -> float:
        """Wall seconds to sleep until an engine time, at least 0."""
        return max(0.0, self.wall(at) - time.monotonic())
