"""Tables of measured latency: operators of a layer, and its attention."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.files import file_hash
from pipeline.schema import Column, Schema, read_rows

__all__ = ["ATTENTION_OPS", "LAYER_OPS", "Tables", "Target", "plain", "read_tables"]

_TARGET = (
    Column("source", pl.String, "where the row was measured"),
    Column("gpu", pl.String, "the card"),
    Column("model", pl.String, "the model"),
    Column("tp", pl.Int32, "GPUs that share the model", low=1),
)
LAYER_OPS = Schema(
    "layer_ops",
    (
        *_TARGET,
        Column("op", pl.String, "operator of one layer"),
        Column("tokens", pl.Int32, "tokens in the iteration", low=1),
        Column("latency_ms", pl.Float32, "milliseconds", low=0.0),
    ),
    key=(),
)
ATTENTION_OPS = Schema(
    "attention_ops",
    (
        *_TARGET,
        Column("prefill_chunk", pl.Int32, "tokens of the prefill chunk, 0: none", low=0),
        Column("kv_prefill", pl.Int32, "tokens computed before the chunk", low=0),
        Column("n_decode", pl.Int32, "sequences that decode", low=0),
        Column("kv_decode", pl.Int32, "context tokens of each of them", low=0),
        Column("latency_ms", pl.Float32, "milliseconds of one layer", low=0.0),
    ),
    key=(),
)
_NOISE = ("nvidia", "geforce")


def plain(name: str) -> str:
    """A name without organisation, case and punctuation: `meta-llama/Llama-3.1-8B` -> llama318b."""
    short = re.sub(r"[^a-z0-9]", "", name.rsplit("/", 1)[-1].lower())
    for word in _NOISE:
        short = short.replace(word, "")
    return short


@dataclass(frozen=True, order=True)
class Target:
    """What a profile is about."""

    gpu: str
    model: str
    tp: int

    def __str__(self) -> str:
        return f"{self.gpu} {self.model} TP{self.tp}"


@dataclass(frozen=True)
class Tables:
    """Rows of both tables, and the files that they came from with their SHA-256."""

    layers: pl.DataFrame
    attention: pl.DataFrame
    files: dict[str, str]

    def targets(self) -> list[Target]:
        """Everything that the operator table covers, sorted."""
        names = self.layers.select("gpu", "model", "tp").unique()
        return sorted(Target(*row) for row in names.iter_rows())

    def find(self, gpu: str, model: str, tp: int) -> Target:
        """Return the covered target of these names, which may differ in case and organisation.

        Raises:
            UnknownNameError: the tables hold no such card, no such model on it, or not that degree.
        """
        fitting = self.targets()
        for kind, asked, of in (
            ("gpu", gpu, lambda t: t.gpu),
            ("model", model, lambda t: t.model),
            ("tp", str(tp), lambda t: str(t.tp)),
        ):
            known = {of(target) for target in fitting}
            fitting = [target for target in fitting if plain(of(target)) == plain(asked)]
            if not fitting:
                raise UnknownNameError(kind, asked, known, "the latency tables")
        return fitting[0]

    def only(self, target: Target) -> "Tables":
        """The rows of one target."""
        mine = (
            (pl.col("gpu") == target.gpu)
            & (pl.col("model") == target.model)
            & (pl.col("tp") == target.tp)
        )
        return replace(self, layers=self.layers.filter(mine), attention=self.attention.filter(mine))


def read_tables(folder: Path) -> Tables:
    """Read `layer_ops.parquet` and `attention_ops.parquet` of a folder.

    Raises:
        SchemaError: a file is absent or breaks its schema.
    """
    paths = (folder / "layer_ops.parquet", folder / "attention_ops.parquet")
    layers, attention = read_rows(paths[0], LAYER_OPS), read_rows(paths[1], ATTENTION_OPS)
    return Tables(layers, attention, {path.name: file_hash(path) for path in paths})
