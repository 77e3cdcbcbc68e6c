"""Which requests were served within all their limits, and within their budget."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import LimitParams
from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.rows import in_cells
from pipeline.statistics import budget_excess, limits_met

__all__ = ["excess_over_budget", "limits_text", "met_by_run"]

_ONE_TOKEN = (pl.col("status") == "ok") & (pl.col("output_tokens") <= 1)


def met_by_run(frame: pl.DataFrame, limits: LimitParams) -> list[NDArray[np.bool_]]:
    """Which of all requests of one arm met all their limits, one array per seed.

    A request has the limits that it came with (ttft_slo_s, tpot_slo_s), and the declared ones
    where it came with none. Times count from the schedule; an answer of one token has no TPOT and
    meets every limit on it.

    Args:
        frame: rows of `frontier_rows`, one arm at one rate.
        limits: the declared ones, s; null counts for nothing.
    """
    declared = {
        name: pl.lit(getattr(limits, name), pl.Float64) for name in ("ttft_s", "tpot_s", "e2e_s")
    }
    rows = frame.with_columns(
        pl.when(_ONE_TOKEN).then(0.0).otherwise(pl.col("tpot_s")).alias("tpot_s"),
        pl.coalesce("ttft_slo_s", declared["ttft_s"]).alias("_ttft_s"),
        pl.coalesce("tpot_slo_s", declared["tpot_s"]).alias("_tpot_s"),
        declared["e2e_s"].alias("_e2e_s"),
    )
    return [
        limits_met(
            _numbers(run, list(declared)),
            _numbers(run, [f"_{name}" for name in declared]),
            (run["status"] == "ok").to_numpy(),
        )
        for _, run in in_cells(rows, "seed")
    ]


def _numbers(frame: pl.DataFrame, names: list[str]) -> Floats:
    return frame.select(pl.col(names).cast(pl.Float64).fill_null(np.nan)).to_numpy()


def excess_over_budget(frame: pl.DataFrame) -> tuple[NDArray[np.object_], Floats]:
    """Clusters (k,) and relative excess (k,) over the budget of the requests that have one.

    The cost is what was spent, on failed requests too; those whose cost nobody knows are left out.
    0 where the cost is within the budget.

    Args:
        frame: rows of `frontier_rows`, one arm at one rate.
    """
    limited = frame.drop_nulls(["budget_usd", "cost_all"])
    excess = budget_excess(limited["cost_all"].to_numpy(), limited["budget_usd"].to_numpy())
    return limited["group_id"].to_numpy(), excess


def limits_text(limits: LimitParams) -> str:
    """The declared limits in words."""
    told = {"TTFT {:g} s": limits.ttft_s, "TPOT {:g} s per token": limits.tpot_s}
    told["E2E {:g} s"] = limits.e2e_s
    parts = [text.format(value) for text, value in told.items() if value is not None]
    return ", ".join(parts) or "none"
