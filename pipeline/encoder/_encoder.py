"""The encoder that serves: chosen by a rule, held against the reference, and able to say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline import minilm
from pipeline.encoder._paths import PATHS, REFERENCE, Run
from pipeline.errors import ModelError, UnknownNameError

__all__ = ["TOLERANCE", "Encoder", "load_encoder"]

Vectors = NDArray[np.float32]

# Least cosine between an embedding and that of the reference. Two prompts of one data set are
# seldom closer than .99, so what is nearest to what stays as it was.
TOLERANCE = 0.9999

# A text with next to nothing in it, plain ones, other scripts, marks, and one that is cut.
_PROBES = (
    "",
    "?",
    "A tank holds 240 litres and loses 3 litres an hour. How much is left after 7 hours?",
    "Translate: der Fluß führt Hochwasser, 河水上涨了, река вышла из берегов 🌊",
    "def f(x):\n    return {k: v**2 for k, v in x.items() if v >= 0}  # $\\sum_i x_i^2$",
    "Which of these is a prime number? (A) 21 (B) 51 (C) 59 (D) 91\nAnswer:",
    "The committee met again on Tuesday and could not agree on what the minutes had said. " * 20,
)


@dataclass(frozen=True)
class Encoder:
    """Embeds texts as unit rows; one caller at a time.

    Attributes:
        path: one of `PATHS`.
        cosine: lowest cosine to the reference over the texts that were tried when it was loaded.
        passed_over: faster paths, and why each does not serve.
    """

    path: str
    cosine: float
    passed_over: Mapping[str, str]
    _run: Run = field(repr=False)

    def encode(self, texts: list[str], batch_size: int = 2) -> Vectors:
        """Embed n texts, (n, 384) float32; what a text is embedded with moves it by little.

        Args:
            texts: n of them; longer ones are cut at 256 tokens.
            batch_size: texts at a time. On a CPU larger batches save less than padding costs.
        """
        return minilm.embed(texts, self._run, batch_size)

    def describe(self) -> str:
        """Which path serves and why, in a sentence."""
        said = f"encoder: {self.path}, cosine to {REFERENCE} at least {self.cosine:.6f}"
        if self.path == REFERENCE:
            said = f"encoder: {self.path}, the reference itself"
        why = "; ".join(f"{name} does not serve: {what}" for name, what in self.passed_over.items())
        return f"{said}; {why}" if why else said


def load_encoder(path: str | None = None) -> Encoder:
    """Load the fastest path that this machine has and that agrees with the reference.

    Every path is tried on a few fixed texts, alone and together. It runs on as many threads as
    PyTorch may use when it is loaded.

    Args:
        path: one of `PATHS`, which then serves or is refused; None for the first that can.

    Raises:
        UnknownNameError: there is no such path.
        ModelError: the path that was asked for cannot run here or strays from the reference, or the
            encoder itself is absent.
    """
    import torch

    if path is not None and path not in PATHS:
        raise UnknownNameError("encoder path", path, PATHS)
    passed: dict[str, str] = {}
    for name in PATHS if path is None else (path,):
        tried = _try(name, torch.get_num_threads())
        if isinstance(tried, str):
            passed[name] = tried
        else:
            return Encoder(name, tried[1], passed, tried[0])
    raise ModelError(f"the encoder cannot run as {path}: {passed[str(path)]}")


@cache
def _try(name: str, threads: int) -> tuple[Run, float] | str:
    """What runs the path and its lowest cosine to the reference, or why it does not serve."""
    lack = PATHS[name].lacks()
    if lack is not None:
        return lack
    try:
        run = PATHS[name].build(threads)
    except (ImportError, RuntimeError) as error:
        return f"it could not be built ({str(error).strip().splitlines()[0]})"
    cosine = _agreement(run)
    if not cosine >= TOLERANCE:  # nor is NaN
        return f"its embeddings have a cosine of {cosine:.6f} to the reference, below {TOLERANCE}"
    return run, cosine


def _agreement(run: Run) -> float:
    """Lowest cosine to the reference over the probes, each alone and all together."""
    texts = list(_PROBES)
    reference = minilm.encode(texts, 1, quiet=True).astype(np.float64)
    found = [minilm.embed(texts, run, size) for size in (1, len(texts))]
    return float(min((reference * rows).sum(axis=1).min() for rows in found))
