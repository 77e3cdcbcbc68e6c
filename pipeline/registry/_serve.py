"""The code MLflow stores with every predictor: loads the folder and answers `predict`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow  # noqa: TID253 - this file is only ever run by MLflow itself
import numpy as np
import polars as pl
from mlflow.pyfunc import PythonModel  # noqa: TID253

from pipeline.predictors import (
    TARGETS,
    LengthModel,
    Prompts,
    QualityModel,
    load_latency,
    profile_features,
)

__all__ = ["Predictor"]


class Predictor(PythonModel):  # type: ignore[misc]
    """A stored predictor behind MLflow's interface.

    Quality and length take embeddings, (n, 384) float32, and return for every model its mean and
    bounds. Latency takes the state columns of a profile row with the tier, and returns seconds.
    """

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts["model"])
        kind = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["kind"]
        loaders: dict[str, Callable[[Path], Any]] = {
            "quality": QualityModel.load,
            "length": LengthModel.load,
            "latency": load_latency,
        }
        self.kind, self.model = kind, loaders[kind](folder)

    # Untyped: MLflow reads type hints of `predict` as a schema, and the signature already is one.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return a pandas frame, one row per input row."""
        if self.kind == "latency":
            return self._latency(pl.from_pandas(model_input)).to_pandas()
        told = self.model.predict(Prompts(np.asarray(model_input, dtype=np.float32)))
        columns = {}
        for column, name in enumerate(self.model.models_):
            for end, values in (("", told.mean), (".low", told.low), (".high", told.high)):
                columns[f"{name}{end}"] = values[:, column]
        return pl.DataFrame(columns).to_pandas()

    def _latency(self, rows: pl.DataFrame) -> pl.DataFrame:
        features = profile_features(rows)
        tiers = rows["tier"].to_numpy()
        columns = {}
        for target in TARGETS:
            values = np.full((rows.height, 3), np.nan)
            for tier in set(tiers):
                head = self.model.head(str(tier), target)
                chosen = tiers == tier
                seconds = head.predict(features[chosen])
                factors = np.array([1.0, head.bounds.low, head.bounds.high])
                values[chosen] = seconds[:, None] * factors
            for end, column in zip(("", ".low", ".high"), values.T, strict=True):
                columns[f"{target}{end}"] = column
        return pl.DataFrame(columns)


mlflow.models.set_model(Predictor())
