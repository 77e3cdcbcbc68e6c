"""How wrong the predictors were under load, who would have noticed, and how much error is borne."""

from pipeline.reporting.drift._drift import drift_tables
from pipeline.reporting.drift._state_error import state_table

__all__ = ["drift_tables", "state_table"]
