"""How long an iteration takes: fitted to tables, estimated from data sheets, or read back."""

from pipeline.fleet.steptime._estimate import (
    estimate_kv_tokens,
    estimate_roofline,
    estimate_step,
    with_collectives,
)
from pipeline.fleet.steptime._fit import (
    AUTO,
    BUDGET,
    Fitted,
    fit_profile,
    fit_target,
    held_out_errors,
    profile_target,
)
from pipeline.fleet.steptime._profile import (
    TierProfile,
    curve_params,
    curve_step,
    read_profile,
    write_profile,
)
from pipeline.fleet.steptime._source import step_label, step_time, without_file
from pipeline.fleet.steptime._split import split
from pipeline.fleet.steptime._tables import Tables, Target, read_tables

__all__ = [
    "AUTO",
    "BUDGET",
    "Fitted",
    "Tables",
    "Target",
    "TierProfile",
    "curve_params",
    "curve_step",
    "estimate_kv_tokens",
    "estimate_roofline",
    "estimate_step",
    "fit_profile",
    "fit_target",
    "held_out_errors",
    "profile_target",
    "read_profile",
    "read_tables",
    "split",
    "step_label",
    "step_time",
    "with_collectives",
    "without_file",
    "write_profile",
]
