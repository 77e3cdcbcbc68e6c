"""What a client may ask: the bodies of requests, checked."""

from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.fleet.server._problem import ApiError

__all__ = ["ChatBody", "CompletionBody", "DetokenizeBody", "TokenizeBody", "parse_body"]

Token = int
Body = TypeVar("Body", bound=BaseModel)

# What would change the answer in a way that an emulated model cannot.
_REFUSED = (
    "echo", "suffix", "logprobs", "top_logprobs", "prompt_logprobs", "stop", "stop_token_ids",
    "prompt_embeds", "use_beam_search",
)  # fmt: skip


class StreamOptions(BaseModel):
    """Whether usage comes as a last chunk, and whether with every chunk."""

    include_usage: bool = False
    continuous_usage_stats: bool = False


class _Generation(BaseModel):
    """What completions and chat share. Sampling parameters are read over: nothing is sampled."""

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    n: Literal[1] | None = 1
    best_of: Literal[1] | None = 1
    max_tokens: int | None = Field(default=None, ge=1)
    min_tokens: int = Field(default=0, ge=0)
    ignore_eos: bool = False
    priority: int = 0
    stream: bool = False
    stream_options: StreamOptions | None = None

    @model_validator(mode="after")
    def _can_be_emulated(self) -> Self:
        for name in _REFUSED:
            if (self.model_extra or {}).get(name):
                raise ValueError(f"{name} is not accepted by an emulated instance")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options goes with stream: true, and only there")
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            raise ValueError("min_tokens is above max_tokens")
        return self

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk of usage."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def continuous_usage(self) -> bool:
        """Whether every chunk carries usage; as in vLLM only together with `include_usage`."""
        options = self.stream_options
        return options is not None and options.include_usage and options.continuous_usage_stats


class CompletionBody(_Generation):
    """POST /v1/completions."""

    prompt: str | list[Token] | list[str] | list[list[Token]]
    max_tokens: int | None = Field(default=16, ge=1)

    @property
    def only_prompt(self) -> str | list[Token]:
        """The prompt, as text or token ids.

        Raises:
            ApiError: there is none, there are several, or an id is below 0.
        """
        prompt: Any = self.prompt
        if isinstance(prompt, list) and prompt and not isinstance(prompt[0], int):
            if len(prompt) > 1:
                raise ApiError(400, f"prompt holds {len(prompt)} prompts; one is accepted")
            prompt = prompt[0]
        if not prompt:
            raise ApiError(400, "prompt is empty; a text or token ids are accepted")
        if not isinstance(prompt, str) and min(prompt) < 0:
            raise ApiError(400, f"prompt holds token id {min(prompt)}; ids from 0 are accepted")
        return prompt if isinstance(prompt, str) else list(prompt)


class Part(BaseModel):
    """A piece of a message; text is all that an emulated model reads."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One turn of a conversation."""

    role: str = Field(min_length=1)
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its content as one text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatBody(_Generation):
    """POST /v1/chat/completions."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    @property
    def limit(self) -> int | None:
        """Most tokens of the answer, if the client gave a limit."""
        given = self.max_completion_tokens
        return self.max_tokens if given is None else given

    @property
    def rendered(self) -> str:
        """The conversation as the one text that is counted."""
        turns = (f"<|{message.role}|>\n{message.text}\n" for message in self.messages)
        return "".join(turns) + "<|assistant|>\n"

    @property
    def question(self) -> str:
        """What the user said last, by which a recorded answer is found."""
        said = [message.text for message in self.messages if message.role == "user"]
        return said[-1] if said else self.messages[-1].text


class TokenizeBody(BaseModel):
    """POST /tokenize: a prompt, or the messages of a chat."""

    prompt: str | None = None
    messages: list[Message] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("either prompt or messages is accepted, not both and not neither")
        return self

    @property
    def rendered(self) -> str:
        """The text to cut into tokens."""
        if self.messages is not None:
            return ChatBody(messages=self.messages).rendered
        return self.prompt or ""


class DetokenizeBody(BaseModel):
    """POST /detokenize."""

    tokens: list[Token]


def parse_body(kind: type[Body], raw: bytes) -> Body:
    """Read and check a body.

    Raises:
        ApiError: it is not JSON, or a field is missing, of another type or out of range.
    """
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise ApiError(400, f"the body is not JSON ({first['ctx']['error']})") from None
        place = str(first["loc"][0]) if first["loc"] else ""
        reason = first["msg"].removeprefix("Value error, ")
        message = f"{place}: {reason[:1].lower()}{reason[1:]}" if place else reason
        raise ApiError(400, message) from None
