"""How often alarms sounded, where something changed and where nothing did."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.rows import ESTIMATE_SCHEMA, in_cells, joined_labels
from pipeline.statistics import share_interval

__all__ = ["alarm_rates_table"]

_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "predictor": pl.String,
    "changing": pl.Boolean,
    "false_alarm": pl.Float64,
    "runs": pl.Int64,
    "sounded": pl.Int64,
    "early": pl.Int64,
    "promised_runs": pl.Int64,
    "promised_false": pl.Int64,
    **ESTIMATE_SCHEMA,
    "median_delay": pl.Float64,
    "label": pl.String,
}


def alarm_rates_table(alarms: pl.DataFrame, *, level: float) -> pl.DataFrame:
    """Return the share of runs with an alarm per traffic and predictor.

    Where nothing changes in mid-run (`changing` false) every alarm is false: the estimate stands
    beside the stated `false_alarm`. Where something changes, `early` of the alarms came before it
    did and are false; `median_delay` is of the others, in requests. That rate is promised, by the
    design of the load test, in `promised_runs` of the runs, of whose alarms `promised_false` were
    false; of the other runs only the measured share speaks (see `alarms_table`).

    The interval is exact for independent runs. Arms of equal rate and seed share their prompts and
    arrivals; there are only `clusters` pairs of rate and seed, so it is somewhat too narrow.

    Args:
        alarms: rows of `alarms_table`.
        level: of the intervals.
    """
    changing = alarms.with_columns(pl.col("change_at").is_not_null().alias("changing"))
    found = []
    for (traffic, predictor, changes), part in in_cells(
        changing, "traffic", "predictor", "changing"
    ):
        sounded = int(part["sounded"].sum())
        false = part["sounded"] & part["delay"].is_null()
        delays = part["delay"].drop_nulls().to_numpy()
        share = share_interval(sounded, part.height, level).as_row()
        found.append(
            {
                "traffic": traffic,
                "predictor": predictor,
                "changing": changes,
                "false_alarm": part["false_alarm"][0],
                "runs": part.height,
                "sounded": sounded,
                "early": int(false.sum()) if changes else 0,
                "promised_runs": int(part["promised"].sum()),
                "promised_false": int((false & part["promised"]).sum()),
                **share,
                "clusters": part.select("rate", "seed").n_unique(),
                "median_delay": float(np.median(delays)) if delays.size else None,
                "label": joined_labels(part),
            }
        )
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")
