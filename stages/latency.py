"""Stage latency: candidates for TTFT and TPOT per tier, judged, and the one that serves."""

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.predictors import (
    fit_candidates,
    latency_learning,
    latency_scores,
    latency_summary,
    save_latency,
)
from pipeline.rows import LEARNING, PROFILE, SCORES
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    profile = read_rows(Paths.PROFILE, PROFILE)
    tiers, seed = params.base.fleet.tiers, params.base.seed
    candidates = fit_candidates(profile, tiers, params.latency, seed)
    save_latency(candidates.model(), Paths.LATENCY)
    scores = latency_scores(candidates, seed)
    write_rows(scores, Paths.PREDICTORS / "latency.parquet", SCORES)
    curve = latency_learning(candidates, tiers, params.latency, seed)
    write_rows(curve, Paths.PREDICTORS / "latency_learning.parquet", LEARNING)
    write_json(Paths.METRICS / "latency.json", latency_summary(scores))


if __name__ == "__main__":
    run_stage(main)
