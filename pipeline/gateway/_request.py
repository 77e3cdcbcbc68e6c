"""What a client asks: the body of an OpenAI request and the block that goes with it."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pipeline.gateway._problem import GatewayError
from pipeline.params._reading import sentence
from pipeline.params._section import Positive, Section, Share

__all__ = ["REHEARSAL", "Asked", "Block", "encoded", "read_request"]

_BLOCK = "routebalance"

_LONGEST_SENTENCE = 300


class Block(Section):
    """What a request asks of the router; null and absent mean nothing is asked."""

    ttft_slo_s: Positive | None = Field(default=None, description="from when the gateway got it")
    tpot_slo_s: Positive | None = None
    budget_usd: Positive | None = None
    quality_floor: Share | None = None
    trace: bool | None = None


class _StreamOptions(BaseModel):
    include_usage: bool | None = None


class _Common(BaseModel):
    """What the gateway reads of either body; everything else is passed on as it is."""

    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    routebalance: Block | None = None

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Role and text of every turn."""
        raise NotImplementedError


class _Part(BaseModel):
    type: str
    text: str | None = None


class _Message(BaseModel):
    role: str
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text is not None)
        return self.content or ""


class _Chat(_Common):
    messages: list[_Message] = Field(min_length=1)

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(message.role, message.text) for message in self.messages]


class _Completion(_Common):
    prompt: str = Field(min_length=1)

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [("user", self.prompt)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read.

    Attributes:
        body: to be passed on, without the block.
        path: of the OpenAI API.
        model: the one that was named; None leaves the choice to the policy.
        document: what the encoder reads: the last turn of the user.
        text: all turns, to be counted.
        stream, wants_usage: whether it streams, and whether the client wants the usage event.
        limit_key, limit: which key of the body limits the answer, and to how many tokens.
        block: objectives, and whether a trace is wanted.
    """

    body: dict[str, Any]
    path: str
    model: str | None
    document: str
    text: str
    stream: bool
    wants_usage: bool
    limit_key: str
    limit: int | None
    block: Block


def read_request(raw: bytes, path: str) -> Asked:
    """Read a body.

    Raises:
        GatewayError: 400; it is no JSON object, a key of the block is unknown, or a value that the
            gateway reads is not accepted.
    """
    body = _object(raw)
    kind = _Chat if path.endswith("/chat/completions") else _Completion
    try:
        told: _Common = kind.model_validate(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = _plain(sentence(first))[:_LONGEST_SENTENCE]
        param = ".".join(str(part) for part in first["loc"]) or None
        raise GatewayError(400, "invalid_body", said, param=param) from None
    turns = told.texts
    users = [text for role, text in turns if role == "user"]
    options = told.stream_options
    given = told.max_completion_tokens
    return Asked(
        body={key: value for key, value in body.items() if key != _BLOCK},
        path=path,
        model=None if told.model in (None, "auto") else told.model,
        document=_plain(users[-1] if users else turns[-1][1]),
        text=_plain("\n".join(text for _, text in turns)),
        stream=bool(told.stream),
        wants_usage=options is not None and bool(options.include_usage),
        limit_key="max_tokens" if given is None else "max_completion_tokens",
        limit=told.max_tokens if given is None else given,
        block=told.routebalance or Block(),
    )


def encoded(body: dict[str, Any]) -> bytes:
    """A body as it is sent.

    Raises:
        GatewayError: 400; it could be read, but cannot be written: it is nested to the very limit,
            or holds a number such as 1e999.
    """
    try:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    except (RecursionError, ValueError):
        said = "the body is nested too deep, or a number is too large; a plain request is accepted"
        raise GatewayError(400, "invalid_json", said) from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise GatewayError(400, "invalid_json", f"the body is not JSON ({reason})") from None
    if not isinstance(body, dict):
        raise GatewayError(
            400, "invalid_json", "the body is not a JSON object; an object is accepted"
        )
    return body


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _plain(text: str) -> str:
    # JSON can spell half a surrogate pair, which no tokeniser takes.
    return text.encode("utf-8", "replace").decode()


REHEARSAL = read_request(b'{"prompt": "How many hours are left?"}', "/v1/completions")
