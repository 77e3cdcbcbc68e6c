"""Which grid points are held out: decided by a hash of the point, so that rows never move."""

import hashlib
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.fleet.steptime._tables import Tables

__all__ = ["fold_of", "split"]

_LAYER_POINT = ("gpu", "model", "tp", "tokens")
_ATTENTION_POINT = ("gpu", "model", "tp", "prefill_chunk", "kv_prefill", "n_decode", "kv_decode")


def fold_of(
    frame: pl.DataFrame, columns: tuple[str, ...], folds: int, seed: int
) -> NDArray[np.int64]:
    """Fold of each row, 0 to folds - 1; rows of one grid point share theirs; (R,)."""
    points = [f"{seed}|{'|'.join(map(str, row))}" for row in frame.select(columns).iter_rows()]
    digests = (hashlib.blake2b(point.encode(), digest_size=8).digest() for point in points)
    return np.array([int.from_bytes(digest, "big") % folds for digest in digests], np.int64)


def split(tables: Tables, folds: int, seed: int, held: int = 0) -> tuple[Tables, Tables]:
    """Return (training, held-out) tables; fold `held` of every grid is held out."""
    layers = fold_of(tables.layers, _LAYER_POINT, folds, seed) == held
    attention = fold_of(tables.attention, _ATTENTION_POINT, folds, seed) == held
    parts = (
        replace(
            tables,
            layers=tables.layers.filter(pl.Series(layers == part, dtype=pl.Boolean)),
            attention=tables.attention.filter(pl.Series(attention == part, dtype=pl.Boolean)),
        )
        for part in (False, True)
    )
    training, held_out = parts
    return training, held_out
