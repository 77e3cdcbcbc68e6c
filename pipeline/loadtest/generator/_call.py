"""What is sent, to whom, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Call", "Outcome", "Sent", "Target"]

Outcome = Literal["ok", "refused", "failed", "timeout"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to send.

    Attributes:
        number: its place in the run; the results come back in this order.
        at_s: when it is due, s since the start; None in a closed loop, where users decide.
        body: the whole JSON body.
    """

    number: int
    at_s: float | None
    body: bytes


@dataclass(frozen=True)
class Target:
    """Where the calls go.

    Attributes:
        url: base URL of an OpenAI-compatible server, with or without `/v1`.
        path: what is posted to there.
        headers: sent with every call; a key stands here, so they are never printed.
        timeout_s: most seconds from issuing a call to the end of its answer.
    """

    url: str
    path: str = "/v1/chat/completions"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 120.0


@dataclass(slots=True)
class Sent:
    """What came of one call. Times are seconds since the start that all workers share.

    Attributes:
        number: of the call.
        scheduled: when it was due; in a closed loop, when its user was ready to send it.
        issued: when it was handed to the connection; `issued - scheduled` is the client's own lag.
        first_byte: when the head of the answer was there; None if none came.
        first_token, last_token: of the first and last event with text; the event that only names a
            role is none of them. None where no text was streamed.
        done: the end of the answer, or of the wait for it.
        tokens: output tokens as the server states them; without a statement, the events that
            brought text; None for an answer that came in one piece and does not state them.
        prompt_tokens: as the server states them.
        outcome: ok once `[DONE]`, or an answer in one piece, came without an error; refused for
            status 429 and 503.
        http: status; None if no answer came.
        reason: why it is not ok, without any key.
        trace: the decision trace of a gateway that was asked for one.
        text: of the answer as far as it came, where it was to be kept.
        token_s: (events with text,) when each came, where they were to be kept.
    """

    number: int
    scheduled: float
    issued: float
    done: float
    outcome: Outcome = "ok"
    first_byte: float | None = None
    first_token: float | None = None
    last_token: float | None = None
    tokens: int | None = 0
    prompt_tokens: int | None = None
    http: int | None = None
    reason: str | None = None
    trace: dict[str, Any] | None = None
    text: str | None = None
    token_s: NDArray[np.float64] | None = None
