"""What an upstream stream says, looked at no more than is needed to pass it on."""

import json
import re
from typing import Any

__all__ = ["DONE", "StreamWatch"]

DONE = b"data: [DONE]\n\n"

# Usage, an error, or a reason to finish, whose event may bring no content.
_TELLING = re.compile(rb'"usage"|"error"|"finish_reason": ?"')


class StreamWatch:
    """Follows the bytes of one stream of events; feed it as they come.

    Events are passed on byte for byte, whole ones only. All are read until the first that brings
    content; after it only those that tell something else.

    Args:
        keeps_usage: whether the event that only states usage is passed on.

    Attributes:
        opened: whether content, or the end of the answer, has come.
        prompt_tokens, output_tokens: the usage; None until it is stated.
        events: that brought content, of which each counts as a token where nobody states usage.
        finished: whether `[DONE]` came.
        error: what the upstream said went wrong, or that it sent no event of a completion.
    """

    def __init__(self, *, keeps_usage: bool) -> None:
        self.opened = self.finished = False
        self.prompt_tokens: int | None = None
        self.output_tokens: int | None = None
        self.events = 0
        self.error: str | None = None
        self._keeps_usage = keeps_usage
        self._rest, self._gap = b"", b""

    @property
    def tokens(self) -> int:
        """Output tokens so far."""
        return self.events if self.output_tokens is None else self.output_tokens

    def feed(self, data: bytes) -> bytes:
        """Return what is to be passed on; nothing of an event that is an error, or after it."""
        self._rest += data
        if not self._gap and b"\n" in self._rest:
            self._gap = b"\r\n\r\n" if b"\r\n" in self._rest else b"\n\n"
        if not self._gap:
            return b""
        *events, self._rest = self._rest.split(self._gap)
        kept = []
        for event in events:
            if self.error is not None:
                break
            if self._look(event):
                kept.append(event + self._gap)
        return b"".join(kept)

    def _look(self, event: bytes) -> bool:
        """Take an event in; return whether it is passed on."""
        if not event.startswith(b"data:"):
            return True  # a comment that keeps the connection alive
        if event[5:].strip() == b"[DONE]":
            self.opened = self.finished = True
            return True
        if self.opened and not _TELLING.search(event):
            self.events += 1
            return True
        return self._read(event[5:])

    def _read(self, data: bytes) -> bool:
        try:
            body = json.loads(data)
            choices = body["choices"]
            usage = body.get("usage")
            if usage is not None:
                self.prompt_tokens = int(usage["prompt_tokens"])
                self.output_tokens = int(usage["completion_tokens"])
            if choices:
                brought = any(_content(choice) for choice in choices)
                self.events += brought
                self.opened |= brought or any(choice.get("finish_reason") for choice in choices)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.error = _said(data)
            return False
        return bool(choices) or usage is None or self._keeps_usage


def _content(choice: dict[str, Any]) -> bool:
    if choice.get("text"):
        return True
    delta = choice.get("delta") or {}
    return any(value for key, value in delta.items() if key != "role")


def _said(data: bytes) -> str:
    """The message of an error event, or that the event is none of a completion."""
    try:
        return str(json.loads(data)["error"]["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it sent an event that is none of a completion"
