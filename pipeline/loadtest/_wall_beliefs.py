"""Beliefs that are made when they are needed: from the texts of a batch, as a router has them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.loadtest._setup import Setup
from pipeline.predictors import Distribution, LengthPrediction, Prompts, QualityPrediction
from pipeline.scheduling import Assignment, Batch, Estimates, Estimator, Learned

__all__ = ["Beliefs", "PromptReader", "decide"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PromptReader:
    """From prompts to beliefs.

    Attributes:
        encode: texts to unit rows, (n, d).
        estimator: those to quality, length and cost.
        learned: what the arm's learned router makes of them; None without one.
    """

    encode: Callable[[list[str]], NDArray[np.float32]]
    estimator: Estimator
    learned: Learned | None = None

    def read(self, texts: list[str], prompt_tokens: Floats) -> Estimates:
        """Beliefs about n prompts, from their texts and (n,) tokens; what oracles know is NaN."""
        embeddings = self.encode(texts)
        told = self.estimator.estimate(Prompts(embeddings, tuple(texts)), prompt_tokens)
        if self.learned is None:
            return told
        return replace(told, worth=self.learned.worth(embeddings, texts))


class Beliefs:
    """What the router has come to believe of the prompts of a workload, in its rows.

    An arm that reads prompts starts out knowing nothing but their sizes, and what it decides on is
    what `renew` read. What oracles know, and the beliefs of an arm that reads nothing, are those of
    the setup. An arm with injected error reads as well, for the time that it takes, and decides on
    the beliefs of the setup, which hold that error.

    Args:
        setup: of the arm.
        texts: of all n prompts, in the workload's order.
        reader: reads them.
    """

    def __init__(self, setup: Setup, texts: list[str], reader: PromptReader) -> None:
        self.reads = setup.arm.reads_prompt
        self._keeps = self.reads and setup.arm.error is None
        self._texts, self._reader = texts, reader
        self.estimates = _blank(setup.estimates) if self._keeps else setup.estimates

    def renew(self, rows: list[int]) -> None:
        """Read the prompts of these rows, if the arm does."""
        if not self.reads:
            return
        own = self.estimates
        told = self._reader.read([self._texts[row] for row in rows], own.prompt_tokens[rows])
        if not self._keeps:
            return
        kept = [*_arrays(own.quality), *_arrays(own.length), own.cost]
        fresh = [*_arrays(told.quality), *_arrays(told.length), told.cost]
        if own.worth is not None and told.worth is not None:
            kept, fresh = [*kept, own.worth], [*fresh, told.worth]
        for array, values in zip(kept, fresh, strict=True):
            array[rows] = values


def decide(setup: Setup, beliefs: Beliefs, rows: list[int]) -> list[Assignment]:
    """Decide a batch from its texts to its instances, at time 0 and without sending anything."""
    beliefs.renew(rows)
    batch = Batch(rows, setup.asked(rows), np.zeros(len(rows)))
    return setup.policy.assign(batch, beliefs.estimates, setup.keeper.view(0.0))


def _blank(known: Estimates) -> Estimates:
    """The beliefs of who has read nothing yet: NaN that nobody can mistake for a number."""
    empty = [np.full_like(known.cost, np.nan) for _ in range(5)]
    spread = Distribution(np.full_like(known.length.distribution.values, np.nan))
    return replace(
        known,
        quality=QualityPrediction(*empty[:3]),
        length=LengthPrediction(empty[3], spread, known.length.level),
        cost=empty[4],
        worth=None if known.worth is None else np.full_like(known.worth, np.nan),
    )


def _arrays(belief: QualityPrediction | LengthPrediction) -> list[Floats]:
    if isinstance(belief, QualityPrediction):
        return [belief.mean, belief.low, belief.high]
    return [belief.mean, belief.distribution.values]
