"""What a collection will cost, before anything is spent. Pure arithmetic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from pipeline.collecting._open import Asked, open_questions
from pipeline.collecting._shard import Row
from pipeline.params import LiveParams
from pipeline.spending import cost_usd

__all__ = [
    "FEWEST_ANSWERS",
    "PlanLine",
    "Range",
    "Total",
    "expected_output",
    "plan_collect",
    "plan_line",
]

FEWEST_ANSWERS = 20  # of a model, before its own lengths say more than the bound of tokens

_Z = 1.645  # both sides of a 90 % range


@dataclass(frozen=True)
class Range:
    """What may come: low, expected and high."""

    low: float
    expected: float
    high: float

    def __add__(self, other: Self) -> "Range":
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)


@dataclass(frozen=True)
class PlanLine:
    """What one model has to be asked for.

    Attributes:
        who: the stage and the model.
        done: answers that are paid for.
        requests: still to send, if each is answered at once.
        prompt_tokens: of all of them, estimated.
        output_tokens: of all of them.
        basis: where the output tokens come from.
        usd: what they cost; None where a price is unknown.
    """

    who: str
    done: int
    requests: int
    prompt_tokens: float
    output_tokens: Range
    basis: str
    usd: Range | None


@dataclass(frozen=True)
class Total:
    """The cost of several lines: of those with a price, and who has none."""

    usd: Range
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, lines: Sequence[PlanLine]) -> Self:
        """Add up; a line without requests costs nothing, whatever its price."""
        priced = [line.usd for line in lines if line.usd is not None]
        unknown = tuple(line.who for line in lines if line.usd is None and line.requests)
        return cls(sum(priced, Range(0.0, 0.0, 0.0)), unknown)


def plan_collect(
    asked: Sequence[Asked], live: LiveParams, known: Mapping[str, Row]
) -> list[PlanLine]:
    """Say per model what is left to ask for, and what that may cost.

    Args:
        asked: every prompt to every model.
        live: how they are asked.
        known: answers that are paid for, by key.
    """
    return [_line(model, asked, live, known) for model in live.models]


def _line(
    model: str, asked: Sequence[Asked], live: LiveParams, known: Mapping[str, Row]
) -> PlanLine:
    questions = {one.question.key: one.question for one in asked if one.model == model}
    left = open_questions([one for one in asked if one.model == model], known).get(model, ())
    target = live.models[model]
    return plan_line(
        f"collect {model}",
        left=[question.prompt_tokens for question in left],
        answers=[
            (question.prompt_tokens, known[key])
            for key, question in questions.items()
            if key in known
        ],
        max_tokens=live.sampling.max_tokens,
        prices=(target.price_in, target.price_out),
    )


def plan_line(
    who: str,
    *,
    left: Sequence[int],
    answers: Sequence[tuple[int, Row]],
    max_tokens: int,
    prices: tuple[float | None, float | None],
) -> PlanLine:
    """What one endpoint has to be asked for.

    Args:
        who: the stage and the model.
        left: estimated prompt tokens of every request still to send.
        answers: those that are paid for: estimated prompt tokens, and the row with its
            prompt_tokens and output_tokens, null where its endpoint does not state them.
        max_tokens: bound of one answer.
        prices: USD per million prompt and output tokens; None is unknown.
    """
    estimated: float = sum(left)
    stated = [
        (guess, row) for guess, row in answers if row["prompt_tokens"] and row["output_tokens"]
    ]
    basis = f"bound of {max_tokens} tokens"
    if len(stated) >= FEWEST_ANSWERS:
        basis = f"{len(stated)} answers"
        # What the chat template adds, and how the model's own tokenizer differs, is known by now.
        estimated *= sum(row["prompt_tokens"] for _, row in stated) / sum(one for one, _ in stated)
    lengths = [row["output_tokens"] for _, row in stated]
    output = expected_output(lengths, len(left), max_tokens)
    usd = _cost(estimated, output, *prices)
    return PlanLine(who, len(answers), len(left), estimated, output, basis, usd)


def expected_output(lengths: Sequence[int], requests: int, max_tokens: int) -> Range:
    """Output tokens of so many answers together.

    With 20 lengths or more: their mean, and the 90 % range in which the total of new draws falls
    (the spread of the draws and the uncertainty of the mean together). With fewer: from one token
    each to the bound each, and half the bound as what is expected.

    Args:
        lengths: output tokens of earlier answers of the same model.
        requests: answers to come.
        max_tokens: bound of one answer.
    """
    least, most = float(requests), float(requests * max_tokens)
    if len(lengths) < FEWEST_ANSWERS:
        return Range(least, most / 2, most)
    drawn = np.asarray(lengths, dtype=np.float64)
    spread = math.sqrt(requests + requests**2 / len(drawn)) * float(drawn.std(ddof=1))
    mean = requests * float(drawn.mean())
    return Range(max(least, mean - _Z * spread), mean, min(most, mean + _Z * spread))


def _cost(
    prompt_tokens: float, output: Range, price_in: float | None, price_out: float | None
) -> Range | None:
    costs = [
        cost_usd(prompt_tokens, tokens, price_in, price_out)
        for tokens in (output.low, output.expected, output.high)
    ]
    low, expected, high = costs
    if low is None or expected is None or high is None:
        return None
    return Range(low, expected, high)
