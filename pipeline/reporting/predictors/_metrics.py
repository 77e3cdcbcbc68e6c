"""What each number of a predictor is called, its unit, and which side of it is better."""

from dataclasses import dataclass

__all__ = ["CHOSEN_BY", "Metric", "metric_of"]

# The number on the validation split that selection goes by, first of all.
CHOSEN_BY = {"quality": "regret", "length": "pinball", "latency": "pinball_served"}


@dataclass(frozen=True)
class Metric:
    """A metric as people read it.

    Attributes:
        name: what it is called.
        unit: empty where nobody declared one.
        better: "lower", "higher", or empty where neither is.
    """

    name: str
    unit: str = ""
    better: str = ""

    @property
    def heading(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def axis(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


_SHARE = "0 to 1"
_COMMON = {"coverage": Metric("coverage", _SHARE)}
_METRICS = {
    "quality": {
        "brier": Metric("Brier score", _SHARE, "lower"),
        "brier_reliability": Metric("Brier reliability", _SHARE, "lower"),
        "brier_resolution": Metric("Brier resolution", _SHARE, "higher"),
        "brier_uncertainty": Metric("Brier uncertainty", _SHARE),
        "ece": Metric("ECE", _SHARE, "lower"),
        "auc_within_prompt": Metric("AUC within prompt", _SHARE, "higher"),
        "regret": Metric("regret", _SHARE, "lower"),
        "apgr": Metric("APGR", "share", "higher"),
        "gap_closed": Metric("gap closed", "share", "higher"),
        "quality_at_equal_cost": Metric("quality at equal cost", _SHARE, "higher"),
        "quality_at_half_cost": Metric("quality at half cost", _SHARE, "higher"),
    },
    "length": {
        "pinball": Metric("pinball loss", "tokens", "lower"),
        "mae": Metric("absolute error of the median", "tokens", "lower"),
        "mape": Metric("relative error of the median", "fraction", "lower"),
        "width": Metric("width of the bounds", "tokens", "lower"),
        "limit_error": Metric("error of P(within a limit)", _SHARE, "lower"),
        "limit_error_worst": Metric("worst error of P(within a limit)", _SHARE, "lower"),
        "noise_share": Metric("share of variance that is noise", _SHARE),
    },
    "latency": {
        "pinball_served": Metric("pinball loss as served", "log s", "lower"),
        "pinball": Metric("pinball loss", "log s", "lower"),
        "mape": Metric("relative error", "fraction", "lower"),
        "width": Metric("width of the bounds", "log of high / low", "lower"),
    },
}


def metric_of(predictor: str, metric: str) -> Metric:
    """Return a metric by its name in the rows; one that is not known keeps that name."""
    known = _COMMON | _METRICS.get(predictor, {})
    return known.get(metric, Metric(metric.replace("_", " ")))
