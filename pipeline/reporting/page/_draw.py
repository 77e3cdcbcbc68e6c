"""All figures of the page by name."""

from pipeline.params import Params
from pipeline.reporting.page._draw_predictors import draw_predictors
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._figures_ablation import forest_figure
from pipeline.reporting.page._figures_alarms import alarm_figure, coverage_figure
from pipeline.reporting.page._figures_break import break_figure
from pipeline.reporting.page._figures_cost import cost_quality_figure
from pipeline.reporting.page._figures_drift import drift_figure, traffic_figure
from pipeline.reporting.page._figures_frontier import frontier_figure
from pipeline.reporting.page._figures_mix import mix_figure
from pipeline.reporting.page._figures_planes import planes_figure
from pipeline.reporting.page._figures_systems import hypervolume_figure, radar_figure
from pipeline.reporting.page._headline import middle_rate
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of

__all__ = ["draw"]


def draw(inputs: ReportInputs, params: Params) -> dict[str, Drawing]:
    """Return every figure; each has its label and split in its title."""
    return {
        **draw_predictors(inputs, params),
        **_of_frontier(inputs, params),
        **_of_ablation(inputs),
        **_of_drift(inputs, params),
    }


def _of_frontier(inputs: ReportInputs, params: Params) -> dict[str, Drawing]:
    tables, rate, systems = inputs.tables, middle_rate(params), params.frontier.systems
    cells, frontier, references = tables["cells"], tables["frontier"], tables["references"]
    served = labels_of(cells)
    label = f"{served}, {SPLIT} split"
    both = f"arms {served}, references {labels_of(references)}, {SPLIT} split"
    return {
        "planes": planes_figure(cells, frontier, tables["bands"], systems, rate, label=label),
        "frontier": frontier_figure(cells, frontier, label=label),
        "cost_quality": cost_quality_figure(references, cells, rate, label=both),
        "mix": mix_figure(tables["mix"], label=label),
        "hypervolume": hypervolume_figure(tables["hypervolume"], systems, label=label),
        "radar": radar_figure(tables["radar"], systems, rate, label=label),
    }


def _of_ablation(inputs: ReportInputs) -> dict[str, Drawing]:
    contrasts = inputs.tables["contrasts"]
    label = f"{labels_of(contrasts)}, {SPLIT} split"
    families = contrasts["family"].unique(maintain_order=True).to_list()
    return {
        f"forest_{family}": forest_figure(contrasts, family, label=label) for family in families
    }


def _of_drift(inputs: ReportInputs, params: Params) -> dict[str, Drawing]:
    tables = inputs.tables
    label = f"{labels_of(tables['drift'])}, {SPLIT} split"
    first = next(iter(params.frontier.systems.values()))[0]
    stated = params.drift.alarm.false_alarm
    return {
        "drift": drift_figure(tables["drift"], label=label),
        "traffic": traffic_figure(tables["drift"], first, label=label),
        "coverage": coverage_figure(tables["calibration"], middle_rate(params), label=label),
        "alarms": alarm_figure(tables["alarm_rates"], stated, label=label),
        "break": break_figure(tables["doses"], tables["break_points"], label=label),
    }
