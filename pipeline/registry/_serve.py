"""The code MLflow stores with every predictor: loads the folder and answers `predict`."""

from pathlib import Path
from typing import Any

import mlflow  # noqa: TID253 - this file is only ever run by MLflow itself
import polars as pl
from mlflow.pyfunc import PythonModel  # noqa: TID253

from pipeline.predictors import TARGETS, Prompts
from pipeline.registry import latency_bounds, load

__all__ = ["Predictor"]

_ENDS = ("", ".low", ".high")


class Predictor(PythonModel):  # type: ignore[misc]
    """A stored predictor behind MLflow's interface.

    Quality and length take `prompt_text` and return for every model its mean and bounds: quality
    from 0 to 1, length in tokens. Latency takes the state columns of a profile row with the tier,
    and returns seconds.
    """

    def load_context(self, context: Any) -> None:
        self.kind = context.model_config["kind"]
        self.model: Any = load(self.kind, Path(context.artifacts["model"]))

    # Untyped: MLflow reads type hints of `predict` as a schema, and the signature already is one.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return a pandas frame, one row per input row."""
        return pl.DataFrame(self._columns(model_input)).to_pandas()

    def _columns(self, told: Any) -> dict[str, Any]:
        if self.kind == "latency":
            seconds = latency_bounds(self.model, pl.from_pandas(told))
            return {
                f"{target}{end}": seconds[:, place, part]
                for place, target in enumerate(TARGETS)
                for part, end in enumerate(_ENDS)
            }
        found = self.model.predict(_prompts(list(told["prompt_text"])))
        parts = zip(_ENDS, (found.mean, found.low, found.high), strict=True)
        by_end = dict(parts)
        return {
            f"{name}{end}": by_end[end][:, column]
            for column, name in enumerate(self.model.models_)
            for end in _ENDS
        }


def _prompts(texts: list[str]) -> Prompts:
    from pipeline.minilm import encode

    return Prompts(encode(texts, quiet=True), tuple(texts))


mlflow.models.set_model(Predictor())
