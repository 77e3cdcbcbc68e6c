"""Part on what the predictors are worth, before anything is routed by them."""

from collections.abc import Sequence

import polars as pl

from pipeline.params import Params
from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of
from pipeline.reporting.predictors import (
    candidate_table,
    difference_table,
    learning_table,
    promise_sentences,
    promise_table,
    routing_verdict,
    slice_table,
)
from pipeline.rows import PREDICTORS

__all__ = ["SHOWN", "predictors_part", "promised_levels"]

# The numbers of the whole test split, the first two of which are drawn where they were measured.
SHOWN: dict[str, tuple[str, ...]] = {
    "quality": ("regret", "brier", "ece", "auc_within_prompt"),
    "length": ("pinball", "limit_error", "coverage", "width", "mape", "mae"),
    "latency": ("pinball_served", "pinball", "mape", "coverage", "width"),
}
_ROUTING = ("quality_at_equal_cost", "quality_at_half_cost", "gap_closed", "apgr")
_BRIER = ("brier", "brier_reliability", "brier_resolution", "brier_uncertainty")
_SLICED = SHOWN | {"quality": ("brier", "ece", "auc_within_prompt", "regret")}
_NOTES = {
    "quality": "How far the predicted quality of an answer is from its label. Regret is the best "
    "label of a prompt minus that of the model that looked best. ECE: mean distance of predicted "
    "from observed quality, less what noise adds to it. AUC within prompt: how often two "
    "models that did differently are ranked rightly; 0.5 is chance.",
    "length": "Pinball loss is the mean over the predicted quantiles. The error of P(within a "
    "limit) is the mean distance of the predicted from the observed share of answers that end "
    "within a limit.",
    "latency": "Pinball loss of the logarithm of the seconds, so that all tiers count alike: of "
    "what a candidate foretells, and of what is served of it (its prediction, with bounds that "
    "are the same factors for every state).",
}
_PROMISES = (
    "Within chance: the number misses what was promised, its interval does not. Coverage of "
    "independent values has the exact interval of Clopper and Pearson; where values share groups "
    "or runs, a clustered one."
)
_CHOICE = {
    "quality": "Candidates stand in the order of their regret on the validation split. Of those "
    "that it cannot tell from the best, the blend serves, unless another tells the models of a "
    "prompt significantly better apart, or params.yaml names one; the mean of a data set is a "
    "reference, as a request does not say where it comes from.",
    "length": "Candidates stand in the order of the validation split; the first one serves, unless "
    "params.yaml names another.",
    "latency": "Candidates stand in the order of the validation runs; the first one serves, unless "
    "params.yaml names another.",
}


def promised_levels(params: Params) -> dict[str, float]:
    """Return the coverage that the bounds of a predictor promise."""
    return {"length": params.length.level, "latency": params.latency.level}


def predictors_part(inputs: ReportInputs, params: Params) -> Part:
    """Return the verdict, the promises, and every predictor's candidates, slices and growth."""
    scores = inputs.tables["scores"]
    promises = promise_table(scores, promised_levels(params))
    sections = [
        Section(
            "promises",
            "Promises kept",
            " ".join([*promise_sentences(promises), _PROMISES]),
            promises,
            ("promised",),
            origin=_origin(inputs, PREDICTORS),
        ),
        *_quality(inputs),
        *(one for name in ("length", "latency") for one in _sections(inputs, name)),
        _learning(inputs),
    ]
    return Part("predictors", "Predictors", sections, routing_verdict(scores))


def _quality(inputs: ReportInputs) -> list[Section]:
    scores, origin = inputs.tables["scores"], _origin(inputs, ["quality"])
    first, *others = _sections(inputs, "quality")
    return [
        first,
        Section(
            "quality_reliability",
            "Where predicted quality is off",
            "The candidate that serves; bands are intervals of the observed quality. The Brier "
            "score is reliability (lower is better) minus resolution (higher is better) plus "
            "uncertainty, which no prediction changes.",
            candidate_table(scores, "quality", _BRIER),
            ("reliability",),
            origin=origin,
        ),
        Section(
            "quality_routing",
            "What routing by predicted quality is worth",
            "Quality at equal cost: the mean label where all prompts together may spend what the "
            "best single model costs; at half cost, what lies half-way from the cheapest model to "
            "it. Gap closed: the share of the way from the best single model to the oracle of "
            "each prompt at that cost. APGR: the mean share of the way from the cheapest to the "
            "best single model, 0.5 where prompts are sent at random.",
            candidate_table(scores, "quality", _ROUTING),
            origin=origin,
        ),
        *others,
    ]


def _sections(inputs: ReportInputs, predictor: str) -> list[Section]:
    """Candidates, their differences, and slices of the one that serves."""
    scores, origin = inputs.tables["scores"], _origin(inputs, [predictor])
    spoken = predictor.capitalize()
    return [
        Section(
            predictor,
            f"{spoken}: candidates",
            f"{_NOTES[predictor]} {_CHOICE[predictor]}",
            candidate_table(scores, predictor, SHOWN[predictor], validation=True),
            (f"candidates_{predictor}",),
            origin=origin,
        ),
        Section(
            f"{predictor}_differences",
            f"{spoken}: candidates minus references",
            "Paired on the same rows of the test split; the interval is of the difference.",
            difference_table(scores, predictor),
            origin=origin,
        ),
        Section(
            f"{predictor}_slices",
            f"{spoken}: where it is weak",
            "The candidate that serves, slice by slice, the worst first. Slices overlap, and the "
            "worst of many looks worse than it is: read the interval.",
            slice_table(scores, predictor, _SLICED[predictor]),
            origin=origin,
        ),
    ]


def _learning(inputs: ReportInputs) -> Section:
    return Section(
        "learning",
        "What more data would be worth",
        "Trained on a share of the training rows, judged on the whole test split. A curve that "
        "still falls at its end asks for more data; a flat one for another candidate.",
        learning_table(inputs.tables["learning"]),
        tuple(f"learning_{name}" for name in PREDICTORS),
        origin=Origin(labels_of(inputs.tables["learning"]), SPLIT),
    )


def _origin(inputs: ReportInputs, predictors: Sequence[str]) -> Origin:
    scores = inputs.tables["scores"]
    return Origin(labels_of(scores.filter(pl.col("predictor").is_in(predictors))), SPLIT)
