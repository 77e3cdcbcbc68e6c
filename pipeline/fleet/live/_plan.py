"""What a sweep asks: lengths spread so that every term of the iteration time shows itself."""

import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Asked", "Spread", "draw_lengths", "draw_prompt", "open_arrivals"]

# Seconds of prompts and outputs hold everything from one block to long; the log makes short ones
# as frequent as long ones.
_LETTERS = np.array(list(string.ascii_lowercase))


@dataclass(frozen=True)
class Spread:
    """Ranges of prompt and output tokens, both ends included, drawn log-uniformly."""

    prompt: tuple[int, int]
    output: tuple[int, int]

    @classmethod
    def within(cls, context: int | None) -> "Spread":
        """Ranges that a context of so many tokens holds; None where the server states none."""
        limit = 2048 if context is None else context
        return cls((16, max(17, min(1024, limit // 2))), (8, max(9, min(128, limit // 8))))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its prompt, and the output tokens it asks for."""

    prompt: str
    output_tokens: int


def draw_lengths(
    spread: Spread, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw prompt and output tokens of `count` requests; both (count,)."""
    return _log_uniform(*spread.prompt, count, rng), _log_uniform(*spread.output, count, rng)


def _log_uniform(low: int, high: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    drawn = np.exp(rng.uniform(np.log(low), np.log(high), count))
    return np.clip(drawn.round(), low, high).astype(np.int64)


def draw_prompt(tokens: int, tokens_per_word: float, rng: np.random.Generator) -> str:
    """Make a prompt of about `tokens` tokens that shares no prefix with any other.

    Words are random letters from the first on, so a prefix cache finds nothing. How many tokens it
    really has is for the server's usage to say.
    """
    words = max(1, round(tokens / tokens_per_word))
    return " ".join("".join(row) for row in _LETTERS[rng.integers(0, 26, (words, 4))])


def open_arrivals(rate: float, seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw Poisson arrivals at `rate` per second over [0, seconds); ascending."""
    count = rng.poisson(rate * seconds)
    return np.sort(rng.uniform(0.0, seconds, count))
