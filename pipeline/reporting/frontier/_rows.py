"""The request rows of the stage: steady traffic on test prompts, with what the tables add."""

import polars as pl

from pipeline.params import Params
from pipeline.reporting.rows import measured, tpot, with_utility

__all__ = ["NEEDED", "frontier_rows"]

NEEDED = (
    "traffic",
    "arm",
    "rate",
    "seed",
    "request_id",
    "prompt_id",
    "group_id",
    "split",
    "measured",
    "t_scheduled",
    "t_first_token",
    "t_done",
    "model",
    "output_tokens",
    "status",
    "ttft_slo_s",
    "tpot_slo_s",
    "budget_usd",
    "quality",
    "cost_usd",
    "decision_ms",
    "label",
)
_OK = pl.col("status") == "ok"


def frontier_rows(requests: pl.DataFrame, params: Params, traffic: str, split: str) -> pl.DataFrame:
    """Return the measured rows of one traffic and split, with columns that the tables need.

    Beside those of `measured`: tpot_s (s per output token after the first; null for one token),
    utility (of the preset ablation.utility), and three that count every request. quality_all is 0
    where it failed or was refused, and null where a served answer has no label; cost_all is what
    was spent (USD), whether or not it was served; e2e_all is the declared bound
    frontier.bounds.e2e_s.worst (s) where it was not served.

    Args:
        requests: REQUESTS rows.
        params: of all stages: bounds, weights and scales.
        traffic: the shape of traffic to keep.
        split: the part that the prompts belong to.
    """
    kept = requests.select(NEEDED).filter(
        (pl.col("traffic") == traffic) & (pl.col("split") == split)
    )
    rows = measured(
        kept.with_columns(
            pl.when(_OK).then(pl.col("quality")).otherwise(0.0).alias("quality_all"),
            pl.col("cost_usd").alias("cost_all"),
            tpot().alias("tpot_s"),
        ),
        traffic,
    )
    bound = params.frontier.bounds.e2e_s.worst
    rows = rows.with_columns(pl.when(_OK).then(pl.col("e2e_s")).otherwise(bound).alias("e2e_all"))
    load = params.loadtest
    return with_utility(rows, load.weights[params.ablation.utility], load.scales)
