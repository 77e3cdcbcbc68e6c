"""The page's content: which figures and sections, in which order."""

from collections.abc import Mapping
from typing import Any

from pipeline.params import Params
from pipeline.reporting.page._context import ReportContext
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._explorer import explorer
from pipeline.reporting.page._headline import headline, middle_rate
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._methods import methods
from pipeline.reporting.page._origin import LABELS, labels_of
from pipeline.reporting.page._provenance import parameter_listing
from pipeline.reporting.page._sections_ablation import ablation_part, published_part
from pipeline.reporting.page._sections_data import data_part
from pipeline.reporting.page._sections_drift import drift_part
from pipeline.reporting.page._sections_fidelity import fidelity_part
from pipeline.reporting.page._sections_frontier import frontier_part, systems_part
from pipeline.reporting.page._sections_predictors import predictors_part

__all__ = ["compose"]


def compose(
    inputs: ReportInputs,
    params: Params,
    figures: Mapping[str, Drawing],
    provenance: Mapping[str, Any],
) -> ReportContext:
    """Put the page together: what is predicted, what is routed by it, then what it rests on."""
    tables = inputs.tables
    found = labels_of(tables["cells"], tables["references"], tables["scores"])
    return ReportContext(
        title=params.report.title,
        labels={name: meaning for name, meaning in LABELS.items() if name in found},
        headline=headline(inputs, params),
        parts=[
            predictors_part(inputs, params),
            frontier_part(inputs, params),
            systems_part(inputs, params),
            ablation_part(inputs),
            drift_part(inputs, params),
            fidelity_part(inputs),
            *published_part(inputs),
            data_part(inputs),
        ],
        figures=figures,
        explorer=explorer(
            tables["cells"],
            tables["frontier"],
            tables["bands"],
            params.frontier.systems,
            middle_rate(params),
        ),
        rate=middle_rate(params),
        provenance=provenance,
        parameters=parameter_listing(params),
        methods=methods(params),
    )
