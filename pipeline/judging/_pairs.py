"""Two responses to one prompt side by side, in both orders: does the judge mind the order?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pipeline.files import content_hash
from pipeline.judging._case import Case

__all__ = ["PREFERENCES", "Pair", "sample_pairs"]

PREFERENCES = {"first": 1.0, "second": 0.0, "tie": 0.5}

# Part of every journal key: raise it when a step changes, so that no old verdict is reused.
PAIRS_VERSION = "pairs-1"
PAIR_STEPS = (
    "Read the expected output: it is a good answer to the input.",
    "Compare each answer with it: first what is correct, then what is complete.",
    "Do not mind which answer stands first, which is longer, or which is better styled.",
    "Say tie only when neither is better.",
)


@dataclass(frozen=True)
class Pair:
    """Two cases of one prompt, in the order in which the judge of that name reads them."""

    judge: str
    first: Case
    second: Case

    @property
    def swapped(self) -> Self:
        return replace(self, first=self.second, second=self.first)

    @property
    def key(self) -> str:
        """Hash of everything that determines the verdict."""
        one, other = self.first, self.second
        texts = (one.prompt, one.reference, one.response, other.response)
        return content_hash([PAIRS_VERSION, one.source, *one.basis, *texts])

    def question(self, max_chars: int) -> str:
        """What the judge is asked; longer texts are cut."""
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(PAIR_STEPS, 1))
        parts = {
            "Input": self.first.prompt,
            "Expected output": self.first.reference,
            "First answer": self.first.response,
            "Second answer": self.second.response,
        }
        texts = "\n\n".join(f"{title}:\n{text[:max_chars]}" for title, text in parts.items())
        return (
            f"You compare two answers to one input. Follow these steps:\n{steps}\n\n{texts}\n\n"
            'Reply with one JSON object and nothing else: {"reason": "one sentence", '
            f'"better": one of {", ".join(PREFERENCES)}}}'
        )


def sample_pairs(
    asked: Mapping[str, Sequence[Case]],
    groups: Mapping[str, str],
    count: int,
    rng: np.random.Generator,
) -> list[Pair]:
    """Draw pairs of different responses to one prompt, at most one of each group of prompts.

    Args:
        asked: cases by judge; all judges get the same pairs.
        groups: group of each prompt_id.
        count: how many; fewer where there are not so many groups.
        rng: source of the draws.
    """
    cases = {(name, case.prompt_id, case.model): case for name in asked for case in asked[name]}
    by_prompt: dict[str, dict[str, str]] = {}
    for (_, prompt_id, model), case in cases.items():
        by_prompt.setdefault(prompt_id, {})[model] = case.response
    by_group: dict[str, list[str]] = {}
    for prompt_id, responses in by_prompt.items():
        if len(set(responses.values())) > 1:
            by_group.setdefault(groups[prompt_id], []).append(prompt_id)
    pairs = []
    for group in rng.permutation(sorted(by_group))[:count]:
        prompt_id = str(rng.choice(by_group[group]))
        one, other = _different(by_prompt[prompt_id], rng)
        pairs += [
            Pair(name, cases[name, prompt_id, one], cases[name, prompt_id, other]) for name in asked
        ]
    return pairs


def _different(responses: Mapping[str, str], rng: np.random.Generator) -> tuple[str, str]:
    """Two models whose responses differ."""
    models = [str(model) for model in rng.permutation(sorted(responses))]
    other = next(model for model in models if responses[model] != responses[models[0]])
    return models[0], other
