"""What the predictors are worth: tables of their candidates, a verdict, and promises kept."""

from pipeline.reporting.predictors._candidates import candidate_order, candidate_table
from pipeline.reporting.predictors._differences import difference_table
from pipeline.reporting.predictors._learning import learning_table
from pipeline.reporting.predictors._metrics import CHOSEN_BY, Metric, metric_of
from pipeline.reporting.predictors._promises import promise_sentences, promise_table
from pipeline.reporting.predictors._rows import judged, selected_name
from pipeline.reporting.predictors._slices import slice_table
from pipeline.reporting.predictors._verdict import routing_verdict

__all__ = [
    "CHOSEN_BY",
    "Metric",
    "candidate_order",
    "candidate_table",
    "difference_table",
    "judged",
    "learning_table",
    "metric_of",
    "promise_sentences",
    "promise_table",
    "routing_verdict",
    "selected_name",
    "slice_table",
]
