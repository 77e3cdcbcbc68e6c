"""What an answer said and when: pure, from its bytes and the times at which they came."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from pipeline.fleet.live import SseParser

__all__ = ["Heard", "Piece", "hear_document", "hear_stream"]

Piece = tuple[float, bytes]


@dataclass(slots=True)
class Heard:
    """An answer as far as it came; see `Sent` for the fields."""

    first_token: float | None = None
    last_token: float | None = None
    tokens: int | None = 0
    prompt_tokens: int | None = None
    error: str | None = None
    text: str | None = None
    times: list[float] | None = None


class _Event(NamedTuple):
    text: str = ""
    usage: tuple[int, int] | None = None
    error: str | None = None


def hear_stream(
    pieces: Iterable[Piece], keep_text: bool = False, keep_times: bool = False
) -> Heard:
    """Read a stream of events after its end, so that nothing is decoded while others flow.

    Only the events at both ends are decoded: up to the first text, and back to the last. All are
    where texts or times are kept, where an error is somewhere among them, or where the server
    states no usage and tokens are counted.

    Args:
        pieces: time and bytes of every read, in order. How the bytes were cut changes times alone.
        keep_text, keep_times: what else to return.
    """
    parser = SseParser()
    events = [(at, data) for at, piece in pieces for data in parser.feed(piece)]
    ended = bool(events) and events[-1][1] == b"[DONE]"
    while events and events[-1][1] == b"[DONE]":
        events.pop()
    heard = Heard(error=None if ended else "the stream ended early")
    tail = _tail(events)
    usage = next((event.usage for event in tail if event.usage), None)
    error = next((event.error for event in tail if event.error), None)
    broken = error or any(b'"error"' in data for _, data in events)
    if usage is None or broken or keep_text or keep_times:
        return _whole(events, heard, keep_text, keep_times)
    heard.prompt_tokens, heard.tokens = usage
    heard.first_token = next((at for at, data in events if _event(data).text), None)
    if tail and tail[-1].text:
        heard.last_token = events[-len(tail)][0]
    return heard


def hear_document(body: bytes, keep_text: bool = False) -> Heard:
    """Read an answer that came in one piece."""
    event = _event(body)
    prompt_tokens, tokens = event.usage or (None, None)
    text = event.text if keep_text else None
    return Heard(tokens=tokens, prompt_tokens=prompt_tokens, error=event.error, text=text)


def _tail(events: list[Piece]) -> list[_Event]:
    """Decode from the end back to the last event with text; newest first."""
    tail: list[_Event] = []
    for _, data in reversed(events):
        tail.append(_event(data))
        if tail[-1].text or tail[-1].error:
            break
    return tail


def _whole(events: list[Piece], heard: Heard, keep_text: bool, keep_times: bool) -> Heard:
    texts: list[str] = []
    times: list[float] = []
    stated = None
    for at, data in events:
        event = _event(data)
        stated = event.usage or stated
        if event.error:
            heard.error = event.error
            break
        if event.text:
            texts.append(event.text)
            times.append(at)
    heard.prompt_tokens, heard.tokens = stated or (None, len(times))
    heard.first_token, heard.last_token = (times[0], times[-1]) if times else (None, None)
    heard.text = "".join(texts) if keep_text else None
    heard.times = times if keep_times else None
    return heard


def _event(data: bytes) -> _Event:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _Event(error="the server sent what is not JSON")
    if not isinstance(body, dict):
        return _Event(error="the server sent JSON that is no completion")
    error = body.get("error")
    if error is not None:
        said = error.get("message") if isinstance(error, dict) else error
        return _Event(error=str(said or "the server sent an error without a message"))
    return _Event(_text(body.get("choices")), _usage(body.get("usage")))


def _text(choices: Any) -> str:
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return ""
    part = choice.get("delta") or choice.get("message")
    text = part.get("content") if isinstance(part, dict) else choice.get("text")
    return text if isinstance(text, str) else ""


def _usage(usage: Any) -> tuple[int, int] | None:
    """Prompt and completion tokens; None unless both are stated."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if isinstance(prompt, int) and isinstance(completion, int):
        return prompt, completion
    return None
