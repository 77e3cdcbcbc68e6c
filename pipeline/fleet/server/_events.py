"""Server-sent events of one streamed answer, as bytes around the text of a token."""

import json
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Answer", "EventWriter", "FinishReason", "whole_answer"]

FinishReason = Literal["stop", "length"]

_STATS = b',"usage":{"prompt_tokens":%d,"total_tokens":%d,"completion_tokens":%d}}\n\n'
_DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What every chunk of an answer repeats.

    Attributes:
        chat: chat completion, else completion.
        name: id of the request.
        created: Unix time, whole seconds.
        model: as asked.
        fingerprint: where the text comes from; it says that the instance is emulated.
        prompt_tokens: of usage.
    """

    chat: bool
    name: str
    created: int
    model: str
    fingerprint: str
    prompt_tokens: int

    def usage(self, output_tokens: int) -> dict[str, int]:
        """Tokens so far, in the order of vLLM."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "total_tokens": self.prompt_tokens + output_tokens,
            "completion_tokens": output_tokens,
        }

    def head(self, kind: str) -> dict[str, Any]:
        """The fields in front of the choices."""
        return {
            "id": self.name,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


class EventWriter:
    """Writes the events of one answer; a token costs no serialisation."""

    def __init__(self, answer: Answer, include_usage: bool, continuous_usage: bool) -> None:
        kind = "chat.completion.chunk" if answer.chat else "text_completion"
        self._answer = answer
        self._include = include_usage
        self._continuous = continuous_usage
        self._head = b"data: " + _json(answer.head(kind))[:-1] + b',"choices":['
        opening = b'{"index":0,"delta":{"content":"' if answer.chat else b'{"index":0,"text":"'
        self._text = self._head + opening
        self._close = b'"},"logprobs":null,' if answer.chat else b'","logprobs":null,'
        self._going = self._close + b'"finish_reason":null}]'
        if not answer.chat:
            self._going = self._close + b'"finish_reason":null,"stop_reason":null}]'

    def first(self) -> bytes:
        """What goes in front of the first token: in a chat, the role."""
        if not self._answer.chat:
            return b""
        role = b'{"index":0,"delta":{"role":"assistant","content":""},'
        role += b'"logprobs":null,"finish_reason":null}]'
        return self._head + role + self._usage(0)

    def token(self, piece: bytes, number: int) -> bytes:
        """Output token `number`, from 1, which is not the last."""
        return self._text + piece + self._going + self._usage(number)

    def last(self, piece: bytes, number: int, reason: FinishReason) -> bytes:
        """The last token, usage if it was asked for, and the end of the stream."""
        end = b'"finish_reason":"%b","stop_reason":null}]' % reason.encode()
        event = self._text + piece + self._close + end + self._usage(number)
        if self._include:
            event += self._head + b'],"usage":' + _json(self._answer.usage(number)) + b"}\n\n"
        return event + _DONE

    def _usage(self, number: int) -> bytes:
        if not self._continuous:
            return b"}\n\n"
        prompt = self._answer.prompt_tokens
        return _STATS % (prompt, prompt + number, number)


def whole_answer(answer: Answer, pieces: list[bytes], reason: FinishReason) -> bytes:
    """The JSON of an answer that is not streamed."""
    kind = "chat.completion" if answer.chat else "text_completion"
    text = b'"' + b"".join(pieces) + b'"'
    said = b'"text":' + text
    if answer.chat:
        said = b'"message":{"role":"assistant","content":' + text + b"}"
    end = b',"logprobs":null,"finish_reason":"%b","stop_reason":null}]' % reason.encode()
    usage = _json(answer.usage(len(pieces)))
    head = _json(answer.head(kind))[:-1]
    return head + b',"choices":[{"index":0,' + said + end + b',"usage":' + usage + b"}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
