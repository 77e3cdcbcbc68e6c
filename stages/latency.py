"""Stage latency: TTFT and TPOT heads per tier, with conformal bounds."""

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.predictors import evaluate_latency, save_latency, train_latency
from pipeline.rows import PROFILE
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    profile = read_rows(Paths.PROFILE, PROFILE)
    tiers = params.base.fleet.tiers
    model = train_latency(profile, tiers, params.latency, params.base.seed)
    save_latency(model, Paths.LATENCY)
    write_json(Paths.METRICS / "latency.json", evaluate_latency(model, profile, tiers))


if __name__ == "__main__":
    run_stage(main)
