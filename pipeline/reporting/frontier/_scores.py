"""Scores of one operating point beside the single models, a random choice and the oracle."""

from dataclasses import replace

from pipeline.reporting.frontier._drawn import Function, Part, drawn
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._routerarena import routerarena_of
from pipeline.statistics import Estimate, gain, gap_to_oracle, pgr

__all__ = ["arm_scores"]


def arm_scores(joint: JointPoints, place: int, level: float) -> dict[str, Estimate]:
    """Return PGR, the gains over random and over the best model, the gap to the oracle and
    RouterArena's score of one arm, by their names in FIELD_METRICS.

    The references are the labels of the prompts that were served, in the same resamples. `missing`
    counts the requests of the arm without a quality.

    Args:
        joint: all arms of one rate.
        place: of the arm.
        level: confidence level.
    """
    strong, weak = joint.strong, joint.weak
    quality: Part = ("quality", [place])
    models: Part = ("model_quality", None)
    told: dict[str, tuple[Function, Part]] = {
        "pgr": (lambda q, m: pgr(q[0], weak=m[weak], strong=m[strong]), models),
        "gain_random": (lambda q, m: gain(q[0], m.mean()), models),
        "gain_best": (lambda q, m: gain(q[0], m[strong]), models),
        "gap_oracle": (lambda q, o: gap_to_oracle(q[0], o[0]), ("oracle_quality", None)),
        "routerarena": (lambda q, c: routerarena_of(q[0], c[0]), ("cost_usd", [place])),
    }
    own = joint.estimates["quality"][place]
    return {
        name: replace(
            drawn(joint, function, [quality, other], level),
            n=own.n,
            clusters=own.clusters,
            missing=own.missing,
        )
        for name, (function, other) in told.items()
    }
