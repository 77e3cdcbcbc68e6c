"""Small prompts and settings of a live collection."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.collecting import collect_live
from pipeline.journal import Journal
from pipeline.params import LiveParams
from pipeline.rows import PROMPTS

__all__ = ["collected", "count_words", "live", "prompts"]


def count_words(texts: list[str]) -> list[int]:
    """A stand-in for WordPiece."""
    return [len(text.split()) for text in texts]


def prompts(*texts: str) -> pl.DataFrame:
    """PROMPTS rows with these texts, named p0, p1 and so on."""
    return PROMPTS.frame(
        {
            "prompt_id": f"p{number}",
            "dataset": "d",
            "task": "number",
            "group_id": f"p{number}",
            "prompt_text": text,
            "reference_text": "4",
            "category": None,
            "difficulty": None,
            "source": "generated",
            "licence": "CC0-1.0",
        }
        for number, text in enumerate(texts)
    )


def live(endpoint: str, model: dict[str, Any] | None = None, **settings: Any) -> LiveParams:
    """One model `m` at this endpoint."""
    return LiveParams.model_validate(
        {
            "models": {"m": {"endpoint": endpoint} | (model or {})},
            "sampling": {"max_tokens": 16},
            "timeout_s": 5.0,
        }
        | settings
    )


def collected(rows: pl.DataFrame, settings: LiveParams, folder: Path) -> pl.DataFrame:
    """Collect with the journal in this folder."""
    with Journal(folder / "collect.sqlite") as journal:
        return collect_live(rows, settings, 7, count_words, journal)
