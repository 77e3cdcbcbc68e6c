"""The figures of the predictors by name."""

import polars as pl

from pipeline.params import Params
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._figures_candidates import candidates_figure
from pipeline.reporting.page._figures_learning import learning_figure
from pipeline.reporting.page._figures_promised import promised_figure
from pipeline.reporting.page._figures_reliability import reliability_figure
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of
from pipeline.reporting.page._sections_predictors import SHOWN, promised_levels
from pipeline.reporting.predictors import promise_table, selected_name
from pipeline.rows import PREDICTORS

__all__ = ["draw_predictors"]


def draw_predictors(inputs: ReportInputs, params: Params) -> dict[str, Drawing]:
    """Return the figures of the part on predictors; each has its label and split in its title."""
    scores, learning, bins = (inputs.tables[name] for name in ("scores", "learning", "bins"))
    own = {name: pl.col("predictor") == name for name in PREDICTORS}
    label = {name: f"{labels_of(scores.filter(own[name]))}, {SPLIT} split" for name in PREDICTORS}
    promises = promise_table(scores, promised_levels(params))
    bounds = labels_of(scores.filter(pl.col("predictor") != "quality"))
    serves = selected_name(scores, "quality")
    candidates = {
        f"candidates_{name}": candidates_figure(scores, name, SHOWN[name], label=label[name])
        for name in PREDICTORS
    }
    growth = {
        f"learning_{name}": learning_figure(
            learning.filter(own[name]), name, SHOWN[name], label=label[name]
        )
        for name in PREDICTORS
    }
    return {
        "promised": promised_figure(promises, label=f"{bounds}, {SPLIT} split"),
        **candidates,
        "reliability": reliability_figure(bins, serves, label=label["quality"]),
        **growth,
    }
