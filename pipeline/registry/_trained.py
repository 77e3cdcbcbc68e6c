"""What the registry wants to know of a trained predictor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline.rows import SCORES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Trained"]


@dataclass(frozen=True)
class Trained:
    """A trained predictor on its way to the registry.

    Attributes:
        kind: quality, length or latency; with the prefix, the registered name.
        folder: the stored model.
        data: the file that it was trained on.
        rows: by context (training, calibration, validation, test), the rows of that file.
        seen: units of `seen_units`.
        params: its section of params.yaml.
        scores: SCORES rows of all candidates.
        metrics: flat numbers of the test split.
        example: a few input rows.
        outputs: names of the output columns.
        figures: by name.
        card: the model card, markdown.
    """

    kind: str
    folder: Path
    data: Path
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    example: "pd.DataFrame"
    outputs: list[str]
    rows: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    scores: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCORES.polars()))
    figures: Mapping[str, "Figure"] = field(default_factory=dict)
    card: str = ""
