"""How wrong the predictors and the believed state were under load."""

from pipeline.reporting.drift._drift import PREDICTED, drift_table
from pipeline.reporting.drift._state_error import state_table

__all__ = ["PREDICTED", "drift_table", "state_table"]
