"""How long to wait before a request is sent again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

__all__ = ["LONGEST_REST_S", "pause_s", "retry_after_s"]

LONGEST_REST_S = 120.0  # an endpoint that asks for more is not waited for in this run

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 20.0


def pause_s(failures: int, rng: np.random.Generator) -> float:
    """Seconds to wait after so many failures (1 or more): doubled each time, then bounded.

    Jitter over the upper half keeps requests that failed together from coming back together.
    """
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (failures - 1))
    return longest * float(rng.uniform(0.5, 1.0))


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, from either of its forms; None if from neither.

    Args:
        header: whole seconds, or a date.
        now: with its time zone.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date of an unknown zone is in UTC.
    known = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (known - now).total_seconds())
