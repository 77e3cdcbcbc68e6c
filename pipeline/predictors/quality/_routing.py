"""What routing with a prediction is worth, prompt by prompt.

Every function returns one number per prompt, so that whoever needs an interval resamples prompts.
A prompt counts where the labels of all models are known: with fewer, who is best is not known.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_cost", "chosen_labels", "regrets_of", "strong_ranks"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

_PRICES = 400  # prices of quality that are tried between free and prohibitive


def chosen_labels(predicted: Floats, labels: Floats, cost: Floats) -> Floats:
    """Label of the model predicted best, the cheaper one among equals; (n,).

    Args:
        predicted, labels: (n, M).
        cost: (M,).
    """
    return _picked(labels, _best(predicted, cost, 0.0))


def regrets_of(predicted: Floats, labels: Floats, cost: Floats) -> Floats:
    """Best label of the prompt less the one of the model predicted best; (n,)."""
    regret: Floats = labels.max(axis=1) - chosen_labels(predicted, labels, cost)
    return regret


def at_cost(predicted: Floats, labels: Floats, cost: Floats, budget: float) -> Floats:
    """Expected label at a mean cost of `budget`, which may not be exceeded; (n,).

    Each prompt goes to the model of the largest predicted quality - price * cost. Of the prices
    the least that keeps within the budget is taken, and the budget left is spent by sending a share
    of the prompts where the next lower price would: a mixture of two policies of which neither
    looks at a label. With price 0 within the budget nothing is mixed.

    Args:
        predicted, labels: (n, M).
        cost: (M,) of a request; the cheapest model has to be within the budget.
        budget: mean cost of a request.
    """
    gap = float(cost.max() - cost.min())
    prices = np.concatenate([[0.0], np.geomspace(1e-5, 20.0, _PRICES)]) / (gap if gap else 1.0)
    dearer: Index | None = None
    for price in prices:
        chosen = _best(predicted, cost, float(price))
        spent = float(cost[chosen].mean())
        if spent <= budget * (1 + 1e-12):
            break
        dearer = chosen
    within = _picked(labels, chosen)
    if dearer is None:
        return within
    above = float(cost[dearer].mean())
    share = max(0.0, (budget - spent) / (above - spent))
    return within + share * (_picked(labels, dearer) - within)


def strong_ranks(predicted: Floats, weak: int, strong: int) -> Floats:
    """Share of the prompts that come no later to the strong model than each prompt; (n,).

    Prompts are sent to it in order of predicted gain; ties share a rank. With g the true gains,
    mean(w g) / mean(g) is the area under the share of the gap recovered (APGR, arXiv 2406.18665).
    """
    gain = predicted[:, strong] - predicted[:, weak]
    _, group, counts = np.unique(-gain, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    ranks: Floats = 1.0 - middle[group.ravel()] / len(gain)
    return ranks


def _best(predicted: Floats, cost: Floats, price: float) -> Index:
    """Model of the largest worth, the cheaper one among equals; (n,)."""
    order = np.argsort(cost, kind="stable")
    worth = predicted[:, order] - price * cost[order]
    chosen: Index = order[np.argmax(worth, axis=1)]
    return chosen


def _picked(labels: Floats, chosen: Index) -> Floats:
    picked: Floats = np.take_along_axis(labels, chosen[:, None], axis=1)[:, 0]
    return picked
