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
        finished: whether `[DONE]` came.
    """

    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    finished: bool = False

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
        self._count(_text(body), self.output_tokens if usage is not None else None, at)

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
    except (KeyError, TypeError, ValueError) as error:
        raise StreamError("a usage did not count prompt and completion tokens") from error


def _text(body: dict[str, Any]) -> str:
    """The new text of a completion or chat event; empty for the one that carries usage only."""
    if not body["choices"]:
        return ""
    choice = body["choices"][0]
    text = choice.get("text") or choice.get("delta", {}).get("content")
    return text or ""
