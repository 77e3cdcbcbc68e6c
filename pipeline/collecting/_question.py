"""One request for one answer: its body, what identifies it, and the most it can cost."""

from dataclasses import dataclass
from typing import Any

from pipeline.files import content_hash
from pipeline.params import LiveModelParams, LiveParams
from pipeline.spending import cost_usd

__all__ = ["Question", "content_key", "request_body", "worst_usd"]

# Raise when a prompt becomes another conversation, so that older answers are not taken for new.
_TEMPLATE = 1

# A token of text is at least one byte of it; what chat templates put around is tens of tokens.
_TEMPLATE_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt that has no answer yet.

    Attributes:
        key: content key of the answer.
        text: the prompt.
        prompt_tokens: an estimate of its tokens.
    """

    key: str
    text: str
    prompt_tokens: int


def content_key(model: str, live: LiveParams, text: str) -> str:
    """Hash everything that decides what is answered. Where the model is served is no part of it.

    Args:
        model: its name in the fleet.
        live: how it is asked.
        text: the prompt.
    """
    return content_hash([_TEMPLATE, model, request_body(model, live, text)])


def request_body(model: str, live: LiveParams, text: str) -> dict[str, Any]:
    """A streamed chat completion of this prompt, as the endpoint of `model` wants it."""
    system = [] if live.system is None else [{"role": "system", "content": live.system}]
    return {
        "model": live.models[model].model or model,
        "messages": [*system, {"role": "user", "content": text}],
        **live.sampling.model_dump(exclude_none=True),
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def worst_usd(target: LiveModelParams, live: LiveParams, text: str) -> float | None:
    """The most that one request can cost, USD; None where a price is unknown."""
    asked = len(text.encode()) + len((live.system or "").encode()) + _TEMPLATE_TOKENS
    return cost_usd(asked, live.sampling.max_tokens, target.price_in, target.price_out)
