"""The candidates of a predictor as runs below its own."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["log_candidates", "numbers_of"]

_ENDS = ("estimate", "low", "high")


def log_candidates(
    client: "MlflowClient",
    parent: Any,
    scores: pl.DataFrame,
    params: Mapping[str, object],
) -> None:
    """Log one nested run per candidate: its options, its test metrics, whether it was selected.

    Args:
        client: of the store.
        parent: the run of the predictor.
        scores: SCORES rows of one predictor.
        params: its section of params.yaml.
    """
    from mlflow.entities import Metric, Param, RunTag

    for candidate in scores["candidate"].unique(maintain_order=True):
        rows = scores.filter(pl.col("candidate") == candidate)
        run = client.create_run(
            parent.info.experiment_id,
            run_name=candidate,
            tags={"mlflow.parentRunId": parent.info.run_id, "kind": "candidate"},
        )
        now = int(time.time() * 1000)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric(key, value, now, 0) for key, value in numbers_of(rows).items()],
            params=[Param(key, str(value)) for key, value in _options(candidate, params).items()],
            tags=[
                RunTag("predictor", rows["predictor"][0]),
                RunTag("selected", str(bool(rows["selected"][0])).lower()),
            ],
        )
        client.set_terminated(run.info.run_id)


def numbers_of(rows: pl.DataFrame) -> dict[str, float]:
    """Test metrics over all rows, with their bounds: metric, metric.low, metric.high.

    A difference is named after whom it is against. What has no value is left out.
    """
    found = {}
    whole = rows.filter((pl.col("split") == "test") & (pl.col("slice_kind") == "all"))
    for row in whole.iter_rows(named=True):
        name = row["metric"]
        name += "" if row["versus"] == "none" else f"_less_{row['versus']}"
        for end in _ENDS:
            if row[end] is not None:
                found[name if end == "estimate" else f"{name}.{end}"] = float(row[end])
    return found


def _options(candidate: str, params: Mapping[str, object]) -> dict[str, object]:
    """The options of a candidate, where its section declares some under its name."""
    told = params.get(candidate)
    return {"learner": candidate, **(told if isinstance(told, Mapping) else {})}
