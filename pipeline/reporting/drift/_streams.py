"""The errors of one run in order of arrival, and how far apart they have to be."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.drift._beliefs import OVER_PROMPTS, beliefs
from pipeline.statistics import conformal_pvalues, effective_size

__all__ = ["ErrorStream", "error_stream"]


@dataclass(frozen=True)
class ErrorStream:
    """What an alarm listens to: one predictor in one run.

    Attributes:
        pvalues: (n,) of the signed errors, among those of the same model.
        requests: (n,) number of each request.
        told_at: (n,) when it and all before it had ended, s on the run's clock.
        every: each so-manieth request was kept; 1 keeps all.
    """

    pvalues: NDArray[np.float64]
    requests: NDArray[np.int64]
    told_at: NDArray[np.float64]
    every: int


def error_stream(run: pl.DataFrame, predictor: str, rng: np.random.Generator) -> ErrorStream | None:
    """Return the p-values of the errors of one run; None where nothing was predicted.

    A small p-value is an answer that was longer, later or better than expected. Errors are ranked
    among those of the same model only, since a router that sends more to one of two models under
    load changes the mix of their errors and no predictor.

    The order is that of arrival: prompts come in random order, so errors of quality and length are
    exchangeable where the prompt alone decides on the model (`choosing_by_prompt`). Order of
    completion is not random, as long answers complete late: of 510 unchanged runs it made 50 raise
    an alarm on the length that was stated to be false in 5, order of arrival 3.

    Times of neighbours share a queue. Of these, one request in every two correlation times is
    kept (Geyer 1992), measured on what came before a change: far enough apart to be nearly
    exchangeable, which is no guarantee. Read the measured share of alarms beside the stated one.

    Args:
        run: rows of `with_actuals` of one run.
        predictor: one of PREDICTED.
        rng: for ties.
    """
    ordered = run.sort("request_id")
    told = beliefs(ordered, predictor)
    both = told.both
    if not both.any():
        return None
    error, model = (told.actual - told.point)[both], ordered["model"].to_numpy()[both]
    whole = _by_model(error, model, rng)
    before = ~ordered["changed"].to_numpy()[both]
    every = 1 if predictor in OVER_PROMPTS else _spacing(whole[before])
    kept = np.arange(0, error.size, every)
    pvalues = whole if every == 1 else _by_model(error[kept], model[kept], rng)
    ended = np.fmax.accumulate(ordered["t_done"].to_numpy())
    requests = ordered["request_id"].to_numpy()
    return ErrorStream(pvalues, requests[both][kept], ended[both][kept], every)


def _by_model(
    error: NDArray[np.float64], model: NDArray[np.object_], rng: np.random.Generator
) -> NDArray[np.float64]:
    pvalues = np.empty(error.size)
    for name in sorted(set(model)):
        own = model == name
        pvalues[own] = conformal_pvalues(error[own], rng)
    return pvalues


def _spacing(pvalues: NDArray[np.float64]) -> int:
    """Two correlation times, in requests."""
    found = effective_size(pvalues)
    return 1 if found is None else math.ceil(2.0 * pvalues.size / found[0])
