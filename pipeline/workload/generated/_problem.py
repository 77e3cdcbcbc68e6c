"""What every family yields."""

from dataclasses import dataclass

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """A prompt with its gold answer and known difficulty, 0 easy to 1 hard.

    `group` names what must not be split: the passage, the fact, the story.
    """

    text: str
    reference: str
    difficulty: float
    group: str
    category: str
