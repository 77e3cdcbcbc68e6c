"""Dense operators of an iteration, at any number of tokens, from the points that were measured."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Curve", "Operators", "read_operators"]

Floats = NDArray[np.float64]

# How often an operator runs in one iteration, where that is not once per layer.
_ONCE = frozenset({"emb", "embedding", "final_layernorm"})
_PER_SEQUENCE = frozenset({"lm_head", "sampler"})
_TWICE_PER_LAYER = frozenset({"layernorm"})
_WHOLE_LAYER = frozenset({"full_layer_decode", "full_layer_prefill"})

_FAILED_MS = 0.002  # GEMMs below this are failed measurements (README of the tables)
_FAILED_SHARE = 1 / 3  # more tokens never take a third of the time of fewer
_GEMMS = ("_proj",)


@dataclass(frozen=True)
class Curve:
    """Milliseconds of one operator at ascending token counts; (K,) each."""

    tokens: Floats
    ms: Floats

    def at(self, tokens: Floats) -> Floats:
        """Interpolate; constant before the first point, in proportion after the last."""
        inside = np.interp(tokens, self.tokens, self.ms)
        return np.where(tokens > self.tokens[-1], self.ms[-1] * tokens / self.tokens[-1], inside)

    def joined(self, other: "Curve") -> "Curve":
        """Points of both; those of `self` where both have one."""
        new = ~np.isin(other.tokens, self.tokens)
        tokens = np.concatenate([self.tokens, other.tokens[new]])
        order = np.argsort(tokens)
        return Curve(tokens[order], np.concatenate([self.ms, other.ms[new]])[order])


@dataclass(frozen=True)
class Operators:
    """Curves by operator, how many points were dropped as failed, and the model's layers."""

    curves: dict[str, Curve]
    dropped: int
    layers: int

    def dense(self, tokens: Floats) -> Floats:
        """Milliseconds of all layers' dense operators for N tokens; (R,) -> (R,)."""
        total = np.zeros_like(tokens)
        for name, curve in self.curves.items():
            if name not in _PER_SEQUENCE | _WHOLE_LAYER:
                total += self._times(name) * curve.at(tokens)
        return total

    def head(self, sequences: Floats) -> Floats:
        """Milliseconds of lm_head and sampler for so many sequences; (R,) -> (R,)."""
        total = np.zeros_like(sequences)
        for name in _PER_SEQUENCE & self.curves.keys():
            total += self.curves[name].at(sequences)
        return total

    def points(self) -> Floats:
        """Every token count at which some dense operator was measured, ascending; (K,)."""
        names = self.curves.keys() - _PER_SEQUENCE
        return np.unique(np.concatenate([self.curves[name].tokens for name in names]))

    def joined(self, other: "Operators") -> "Operators":
        """Points of both; those of `self` where both have one."""
        names = self.curves.keys() | other.curves.keys()
        curves = {
            name: self.curves[name].joined(other.curves[name])
            if name in self.curves and name in other.curves
            else self.curves.get(name) or other.curves[name]
            for name in sorted(names)
        }
        return Operators(curves, self.dropped, self.layers)

    def _times(self, name: str) -> int:
        if name in _ONCE:
            return 1
        return self.layers * (2 if name in _TWICE_PER_LAYER else 1)


def read_operators(frame: pl.DataFrame, layers: int) -> Operators:
    """Sort one target's operator rows into curves, without the measurements that failed."""
    curves, dropped = {}, 0
    grouped = frame.group_by("op", "tokens").agg(pl.col("latency_ms").median()).sort("tokens")
    for (name,), rows in grouped.group_by("op", maintain_order=True):
        tokens = rows["tokens"].to_numpy().astype(float)
        ms = rows["latency_ms"].to_numpy().astype(float)
        kept = _succeeded(str(name), ms)
        dropped += int((~kept).sum())
        if kept.any():
            curves[str(name)] = Curve(tokens[kept], ms[kept])
    return Operators(curves, dropped, layers)


def _succeeded(name: str, ms: Floats) -> NDArray[np.bool_]:
    kept = np.ones(len(ms), bool)
    if not name.endswith(_GEMMS):
        return kept
    most = 0.0
    for place, value in enumerate(ms):
        kept[place] = value >= max(_FAILED_MS, _FAILED_SHARE * most)
        most = max(most, value) if kept[place] else most
    return kept
