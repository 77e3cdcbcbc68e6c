"""What each model would have got for the prompts that were served, from the data set's labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import ScaleParams, WeightParams
from pipeline.reporting.frontier._aligned import Aligned, Floats
from pipeline.reporting.frontier._priced import (
    CHOSEN_ON,
    EVALUATED,
    best_model,
    complete_prompts,
    priced,
)
from pipeline.statistics import regrets

__all__ = ["Labels", "read_labels"]


@dataclass(frozen=True)
class Labels:
    """Labels of the P test prompts that every one of the M models has a quality for.

    Attributes:
        prompts: number of each prompt.
        models: names, sorted.
        quality: (P, M), 0 to 1.
        cost: (P, M), USD; NaN where the length of an answer is unknown.
        worth: (P, M) utility of quality and cost alone; labels know no time.
        strong, weak: the models of the best mean quality and of the least mean cost on validation.
    """

    prompts: Mapping[str, int]
    models: tuple[str, ...]
    quality: Floats
    cost: Floats
    worth: Floats
    strong: int
    weak: int

    def columns(self, requests: Aligned) -> dict[str, Floats]:
        """Columns over the n requests: of each arm, of each model, and of the oracle.

        (n, arms): regret and regret_quality against the best model of each prompt; strong_share, 1
        where the request went to the strong model. (n, M): model_quality and model_cost. (n, 1):
        oracle_quality and oracle_cost, of the best model for each prompt, the cheapest among ties.
        NaN where the prompt is not among `prompts`, or the request went nowhere.
        """
        frames = requests.frames.values()
        asked = [self._numbers(frame["prompt_id"], self.prompts) for frame in frames]
        chosen = [self._numbers(frame["model"], self._by_name) for frame in frames]
        prompt = np.fmax.reduce(requests.gathered(asked), axis=1)
        known = ~np.isnan(prompt)
        rows = prompt[known].astype(np.int64)
        single = {"model_quality": self.quality, "model_cost": self.cost}
        found = {name: _spread(table[rows], known) for name, table in single.items()}
        best = self._best()[rows]
        for name, table in (("oracle_quality", self.quality), ("oracle_cost", self.cost)):
            found[name] = _spread(table[rows, best][:, None], known)
        pairs = list(zip(asked, chosen, strict=True))
        for name, table in (("regret", self.worth), ("regret_quality", self.quality)):
            found[name] = requests.gathered([_regret(table, *pair) for pair in pairs])
        found["strong_share"] = requests.gathered(
            [np.where(np.isnan(one), np.nan, one == self.strong) for one in chosen]
        )
        return found

    @property
    def _by_name(self) -> dict[str, int]:
        return {model: number for number, model in enumerate(self.models)}

    def _best(self) -> NDArray[np.int64]:
        """Best model of each prompt, (P,)."""
        tied = self.quality == self.quality.max(axis=1, keepdims=True)
        price = np.where(
            tied, np.where(np.isnan(self.cost), np.finfo(float).max, self.cost), np.inf
        )
        best: NDArray[np.int64] = price.argmin(axis=1)
        return best

    @staticmethod
    def _numbers(names: pl.Series, known: Mapping[str, int]) -> Floats:
        """Number of each name, (n,); NaN for null and for the unknown."""
        told = names.replace_strict(
            list(known), list(known.values()), default=None, return_dtype=pl.Float64
        )
        return told.fill_null(np.nan).to_numpy()


def _spread(values: Floats, known: NDArray[np.bool_]) -> Floats:
    found = np.full((known.size, values.shape[1]), np.nan)
    found[known] = values
    return found


def _regret(table: Floats, asked: Floats, chosen: Floats) -> Floats:
    """Regret of each request, NaN where its prompt or its model is unknown."""
    there = ~np.isnan(asked) & ~np.isnan(chosen)
    found = np.full(asked.size, np.nan)
    if there.any():
        rows = asked[there].astype(np.int64)
        found[there] = regrets(table[rows], chosen[there].astype(np.int64))
    return found


def read_labels(
    dataset: pl.DataFrame,
    prices: Mapping[str, tuple[float, float]],
    weights: WeightParams,
    scales: ScaleParams,
) -> Labels:
    """Read the labels of the test split; choose the strong and the weak model on validation.

    Args:
        dataset: DATASET rows.
        prices: USD per million (prompt, output) tokens of every model.
        weights, scales: what utility is made with.

    Raises:
        UnknownNameError, DataError: as `offline_references`.
    """
    rows = priced(dataset, prices)
    test, _ = complete_prompts(rows, EVALUATED)
    validation, _ = complete_prompts(rows, CHOSEN_ON)
    models = tuple(test["model"].unique().sort().to_list())
    prompts = test["prompt_id"].unique(maintain_order=True).to_list()
    # Sorted by prompt and model, and complete: a reshape is the pivot.
    shape = (len(prompts), len(models))
    quality, cost = (
        test[name].cast(pl.Float64).fill_null(np.nan).to_numpy().reshape(shape)
        for name in ("quality", "cost_usd")
    )
    worth = weights.quality * quality - weights.cost * cost / scales.cost_usd
    strong = best_model(validation, [])["model"].item()
    return Labels(
        {prompt: number for number, prompt in enumerate(prompts)},
        models,
        quality,
        cost,
        worth,
        models.index(strong),
        models.index(_cheapest(validation) or strong),
    )


def _cheapest(validation: pl.DataFrame) -> str | None:
    """The model of the least mean cost among those whose answers all have one; then by name."""
    costs = {
        str(model): part["cost_usd"].to_numpy().mean()
        for (model,), part in sorted(validation.partition_by("model", as_dict=True).items())
        if not part["cost_usd"].null_count()
    }
    return min(costs, key=lambda model: costs[model], default=None)
