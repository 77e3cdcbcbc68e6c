"""What every table starts from: the view of request rows, pairs of arms, columns of an interval."""

from pipeline.reporting.rows._estimate import ESTIMATE_SCHEMA
from pipeline.reporting.rows._gap import PAIRED_METRICS, Gap, gap
from pipeline.reporting.rows._measured import (
    METRIC_UNITS,
    in_cells,
    joined_labels,
    measured,
    runs_of,
    tpot,
)
from pipeline.reporting.rows._paired import (
    GAP_UNITS,
    Paired,
    PromptPairs,
    RunPairs,
    paired,
    paired_runs,
)
from pipeline.reporting.rows._utility import UTILITY_UNIT, with_utility

__all__ = [
    "ESTIMATE_SCHEMA",
    "GAP_UNITS",
    "METRIC_UNITS",
    "PAIRED_METRICS",
    "UTILITY_UNIT",
    "Gap",
    "Paired",
    "PromptPairs",
    "RunPairs",
    "gap",
    "in_cells",
    "joined_labels",
    "measured",
    "paired",
    "paired_runs",
    "runs_of",
    "tpot",
    "with_utility",
]
