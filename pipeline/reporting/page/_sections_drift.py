"""Part on how predictors do under load, when alarms sound, and how much error is borne."""

from pipeline.params import Params
from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of, without_label

__all__ = ["drift_part"]


def drift_part(inputs: ReportInputs, params: Params) -> Part:
    """Return errors, calibration, alarms and break points."""
    tables = inputs.tables
    common = Origin(labels_of(tables["drift"]), SPLIT)
    stated = params.drift.alarm.false_alarm
    return Part(
        "drift",
        "Drift",
        [
            Section(
                "errors",
                "Predictor error under load",
                "Predictions stored with every request, against what happened to it. The relative "
                "error rests on the rows whose actual value is above 0, counted as n mape. Where a "
                "traffic changes in mid-run, before and after are separate rows.",
                without_label(tables["drift"], "level"),
                ("drift", "traffic"),
                origin=common,
            ),
            Section(
                "calibration",
                "Calibration under load",
                "Whether the bounds hold as often as they promise (target), how wide they are, and "
                "how well the quality scores are calibrated.",
                without_label(tables["calibration"], "level"),
                ("coverage",),
                origin=common,
            ),
            Section(
                "alarm_rates",
                "Alarms: stated against measured",
                f"Stated chance that an alarm ever sounds in a run where nothing changed: "
                f"{stated:g}. It is a promise where errors are exchangeable: quality and length of "
                "arms whose prompt alone decides on the model (promised runs). Times under a "
                "queue, and models that are chosen by load, have none: read the measured share in "
                "unchanged traffic. Delay in requests after the change.",
                without_label(tables["alarm_rates"], "level"),
                ("alarms",),
                origin=common,
            ),
            Section(
                "alarms", "Alarms run by run", "", without_label(tables["alarms"]), origin=common
            ),
            Section(
                "break_points",
                "How much error the fused decision bears",
                "Utility of the fused arm with one belief spoiled, minus that of the best "
                "decoupled baseline, paired over runs. The baseline was chosen on the same runs, "
                "which favours it.",
                without_label(tables["break_points"]),
                ("break",),
                origin=common,
            ),
            Section(
                "doses", "Dose by dose", "", without_label(tables["doses"], "level"), origin=common
            ),
            Section(
                "state",
                "What the router believed of its instances",
                "State of the chosen instance when the batch was decided: believed minus true.",
                without_label(tables["state"]),
                origin=common,
            ),
        ],
    )
