"""What a stream of completion events said, and when."""

import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reply", "StreamError"]


class StreamError(Exception):
    """The server reported an error, or sent what is not a completion event, inside a stream."""


@dataclass(slots=True)
class Reply:
    """One streamed completion as it grows. Times are seconds on the caller's clock.

    An engine may put several tokens into one event, and an event may carry no text: half a
    character, or the role that opens a chat. Counts therefore come from the usage that the event
    carries (`continuous_usage_stats`); a server that sends none has one token counted per event
    with text, and the usage of the last event corrects the total.

    Attributes:
        times, counts: one per event that brought tokens: when it came, output tokens so far.
        prompt_tokens, output_tokens: the usage; None until the server states it.
        pieces: the text of every event that brought some.
        finish_reason: why the model stopped; None until the server says it.
        finished: whether `[DONE]` came.
    """

    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    pieces: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    finished: bool = False

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self.pieces)

    def absorb(self, event: bytes, at: float) -> None:
        """Take in the data of one event that came at time `at`.

        Raises:
            StreamError: the event is an error, or no completion event at all.
        """
        if event == b"[DONE]":
            self.finished = True
            return
        body = _decoded(event)
        usage = body.get("usage")
        if usage is not None:
            self.prompt_tokens, self.output_tokens = _usage(usage)
        text, reason = _choice(body)
        if text:
            self.pieces.append(text)
        self.finish_reason = reason or self.finish_reason
        self._count(text, self.output_tokens if usage is not None else None, at)

    def _count(self, text: str, stated: int | None, at: float) -> None:
        before = self.counts[-1] if self.counts else 0
        now = before + bool(text) if stated is None else stated
        if now > before:
            self.times.append(at)
            self.counts.append(now)


def _decoded(event: bytes) -> dict[str, Any]:
    try:
        body = json.loads(event)
    except ValueError as error:
        raise StreamError("an event was not JSON") from error
    if not isinstance(body, dict) or "choices" not in body:
        said = body.get("error") if isinstance(body, dict) else None
        reason = said.get("message") if isinstance(said, dict) else None
        raise StreamError(str(reason) if reason else "an event was not a completion")
    return body


def _usage(usage: Any) -> tuple[int, int]:
    try:
        return int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise StreamError("a usage did not count prompt and completion tokens") from error


def _choice(body: dict[str, Any]) -> tuple[str, str | None]:
    """New text and finish reason of a completion or chat event; neither where usage comes alone."""
    try:
        if not body["choices"]:
            return "", None
        choice = body["choices"][0]
        text = choice.get("text") or (choice.get("delta") or {}).get("content") or ""
        reason = choice.get("finish_reason")
    except (AttributeError, KeyError, TypeError) as error:
        raise StreamError("an event was not a completion") from error
    if not isinstance(text, str) or not isinstance(reason, str | None):
        raise StreamError("an event was not a completion")
    return text, reason
