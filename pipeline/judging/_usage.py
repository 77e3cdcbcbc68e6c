"""What one answer of a judge took: tokens as its endpoint states them, and their price."""

from dataclasses import dataclass

from openai.types.chat import ChatCompletion

from pipeline.params import JudgeModelParams
from pipeline.spending import cost_usd

__all__ = ["Usage", "usage_of", "worst_usd"]

_TEMPLATE_TOKENS = 64  # what a chat template may put around the one message


@dataclass(frozen=True)
class Usage:
    """Tokens and cost of one answer; null where the endpoint or the price list does not say."""

    prompt_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


def usage_of(completion: ChatCompletion, judge: JudgeModelParams) -> Usage:
    """Read the usage of a completion, which may lack it or hold anything."""
    stated: object = completion.usage
    prompt = _count(getattr(stated, "prompt_tokens", None))
    output = _count(getattr(stated, "completion_tokens", None))
    return Usage(prompt, output, cost_usd(prompt, output, judge.price_in, judge.price_out))


def worst_usd(prompt: str, judge: JudgeModelParams) -> float:
    """The most that one answer can cost; 0 where a price is unknown, hence nothing is capped.

    A token is at least one byte of the prompt, and the answer ends at `max_tokens`.
    """
    most = len(prompt.encode("utf-8", "replace")) + _TEMPLATE_TOKENS
    return cost_usd(most, judge.max_tokens, judge.price_in, judge.price_out) or 0.0


def _count(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and value >= 0 else None  # type: ignore[operator,return-value]
