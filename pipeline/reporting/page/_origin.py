"""Where numbers come from: the label of tables, and the split."""

import polars as pl

__all__ = ["LABELS", "SPLIT", "labels_of", "without_label"]

SPLIT = "test"
LABELS = {
    "simulated": "requests served by the engine on its virtual clock",
    "emulated": "responses written by emulated models, requests served by emulated servers",
    "recorded": "responses and labels recorded from real models",
    "live": "measured on real servers",
}


def labels_of(*tables: pl.DataFrame) -> str:
    """Return where the rows of some tables come from, for example "emulated + simulated"."""
    found = {
        one
        for table in tables
        for text in table["label"].drop_nulls().to_list()
        for one in str(text).split(" + ")
    }
    return " + ".join(sorted(found))


def without_label(table: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Return a table without its label, which stands above it, and without `more` columns."""
    return table.drop("label", *more, strict=False)
