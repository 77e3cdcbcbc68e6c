"""The rows of a sweep: one request each, with the time of every token."""

from pathlib import Path

import polars as pl

from pipeline.schema import Column, Schema, read_rows

__all__ = ["LIVE_REQUESTS", "PARTS", "read_live"]

PARTS = ("warmup", "fit", "test")

LIVE_REQUESTS = Schema(
    "live requests",
    (
        Column("run", pl.String, "the run inside the sweep, such as «closed-4, pass 1»"),
        Column("request_id", pl.Int64, "number inside the run, from 0", low=0),
        Column("part", pl.String, "what the request is for", among=PARTS),
        Column("rate", pl.Float64, "offered rate, requests/s; null in a closed loop", True, low=0),
        Column("clients", pl.Int64, "clients of a closed loop; null in an open one", True, low=1),
        Column("scheduled_s", pl.Float64, "when it was due, s since the run began", low=0),
        Column("sent_s", pl.Float64, "when it was sent, s since the run began", low=0),
        Column("prompt_tokens", pl.Int64, "by the server's usage; null if it failed", True, low=1),
        Column("asked_tokens", pl.Int64, "output tokens asked for", low=1),
        Column("output_tokens", pl.Int64, "by the server's usage; null if it failed", True, low=0),
        Column("token_s", pl.List(pl.Float64), "when tokens came, s since the run began"),
        Column("token_count", pl.List(pl.Int64), "output tokens so far at those times"),
        Column("outcome", pl.String, "how it ended", among=("ok", "refused", "broken", "timeout")),
        Column("reason", pl.String, "why it did not end well; null if it did", nullable=True),
        Column("label", pl.String, "what answered", among=("live", "emulated")),
    ),
    ("run", "request_id"),
)


def read_live(path: Path) -> pl.DataFrame:
    """Read the saved rows of a sweep.

    Raises:
        SchemaError: the file is absent, is not parquet, or breaks the schema.
    """
    return read_rows(path, LIVE_REQUESTS)
