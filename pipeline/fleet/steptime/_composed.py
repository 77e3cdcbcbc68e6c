"""One target of the tables, as rows to fit and rows to test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet.steptime._cards import architecture_of, hardware_of
from pipeline.fleet.steptime._estimate import estimate_kv_tokens
from pipeline.fleet.steptime._operators import Operators, read_operators
from pipeline.fleet.steptime._physics import experts_ms, lm_head_ms
from pipeline.fleet.steptime._rows import Rows, compose
from pipeline.fleet.steptime._tables import Tables, Target
from pipeline.params import ArchitectureParams, HardwareParams

__all__ = ["Composer", "composer_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Composer:
    """Adds up iterations of one target.

    Attributes:
        target: the card, the model and how many cards share it.
        source: where its rows were measured.
        architecture, hardware: what the names stand for.
        missing: parts that the tables have no operator for, and data sheets stand in for.
    """

    target: Target
    source: str
    architecture: ArchitectureParams
    hardware: HardwareParams
    missing: tuple[str, ...]

    @property
    def kv_tokens(self) -> int:
        """Tokens that the card's KV cache holds, estimated."""
        return estimate_kv_tokens(self.architecture, self.hardware, self.target.tp)

    def operators(self, tables: Tables) -> Operators:
        """Operators of the target; failed measurements are left out."""
        return read_operators(tables.only(self.target).layers, self.architecture.layers)

    def rows(self, tables: Tables, operators: Operators) -> Rows:
        """Iterations of the target's attention rows, on the dense operators given."""
        return compose(operators, tables.only(self.target).attention, self.unmeasured)

    def points(self, operators: Operators) -> tuple[Floats, Floats]:
        """Token counts of the dense curve and its milliseconds, unmeasured parts included."""
        tokens = operators.points()
        return tokens, operators.dense(tokens) + self.unmeasured(tokens)

    def unmeasured(self, tokens: Floats) -> Floats:
        """Milliseconds of the missing parts, estimated; (R,) -> (R,)."""
        a, h, gpus = self.architecture, self.hardware, self.target.tp
        total = np.zeros_like(tokens)
        if "lm_head" in self.missing:
            total += lm_head_ms(a, h, gpus)
        if "experts" in self.missing:
            total += a.layers * experts_ms(a, h, gpus, tokens)
        return total


def composer_of(tables: Tables, target: Target) -> Composer:
    """Look up what the target's names stand for, and what its operators leave out.

    Raises:
        UnknownNameError: nobody knows the card's data sheet or the model's architecture.
    """
    layers = tables.only(target).layers
    source, operators = str(layers["source"][0]), set(layers["op"].unique())
    architecture = architecture_of(target)
    whole = any(name.startswith("full_layer") for name in operators)
    mlp = any(name.endswith(("down_proj", "moe")) for name in operators)
    missing = ["lm_head"] if "lm_head" not in operators else []
    missing += ["experts"] if architecture.experts > 1 and not mlp and not whole else []
    return Composer(target, source, architecture, hardware_of(target, source), tuple(missing))
