"""What a learned router is, what it learns from, and how it breaks ties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ParamsError, UnknownNameError

__all__ = [
    "Arrays",
    "Floats",
    "Knob",
    "LearnedRouter",
    "RouterData",
    "Vectors",
    "best_models",
    "cheaper_first",
]

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Index = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class RouterData:
    """N prompts and M models of one split.

    Attributes:
        models: the M names, in fleet order; columns below are in this order.
        embeddings: (N, d) unit rows.
        quality: (N, M) labels in [0, 1], NaN unknown.
        cost: (N, M) USD of prompt and output at the fleet's prices, NaN unknown.
        texts: the N prompts.
    """

    models: list[str]
    embeddings: Vectors
    quality: Floats
    cost: Floats
    texts: list[str]

    @property
    def order(self) -> Index:
        """Models by mean known cost, the cheapest first, in fleet order among equals; (M,)."""
        return np.argsort(np.nanmean(self.cost, axis=0), kind="stable")

    @property
    def strongest(self) -> int:
        """The model of the highest mean known quality, the cheaper one among equals."""
        order = self.order
        return int(order[np.argmax(np.nanmean(self.quality, axis=0)[order])])


@dataclass(frozen=True)
class Knob:
    """The one option that a router takes at decision time.

    Attributes:
        name: how `worth` calls it; its values lie in [0, 1].
        default: what holds when nothing is said.
        tried: values that the metrics show.
    """

    name: str
    default: float
    tried: tuple[float, ...]

    def read(self, options: Mapping[str, float]) -> float:
        """Take the value from what a caller of `worth` gave.

        Raises:
            UnknownNameError: another option was given.
            ParamsError: the value is outside [0, 1].
        """
        for name in options:
            if name != self.name:
                raise UnknownNameError("router option", name, [self.name])
        value = options.get(self.name, self.default)
        if not 0.0 <= value <= 1.0:
            raise ParamsError(f"{self.name} is {value}; a number from 0 to 1 is accepted")
        return value


class LearnedRouter(Protocol):
    """Says which model each prompt should go to.

    The model with the highest worth is chosen. No two models share the highest worth: where a
    policy holds them equal, the one that was cheaper in training is ahead.
    """

    name: ClassVar[str]
    knob: ClassVar[Knob]

    @property
    def takes(self) -> Literal["embeddings", "texts"]:
        """What it was trained on, so which of `worth` and `worth_of_texts` is the direct one."""
        return "embeddings"

    @classmethod
    def fit(cls, train: RouterData, validation: RouterData, params: Any, seed: int) -> Self:
        """Learn from `train`; only choices such as when to stop look at `validation`.

        Args:
            train: every model has a known quality and cost somewhere.
            validation: the same models in the same order.
            params: the router's own section of params.yaml.
            seed: below 2**31; equal seeds and data give equal arrays on one machine.
        """
        ...

    def worth(self, embeddings: Vectors, **options: float) -> Floats:
        """Worth of M models to n prompts given as unit rows (n, d); (n, M), no unit.

        Raises:
            UnknownNameError: an option is not the router's knob.
            ParamsError: the knob is out of range.
        """
        ...

    def worth_of_texts(self, texts: list[str], **options: float) -> Floats:
        """Worth of M models to n prompts given as texts; as `worth`."""
        from pipeline.minilm import encode

        return self.worth(encode(texts), **options)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that was learned, for one .npz."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Undo `arrays`."""
        ...


def best_models(quality: Floats, order: Index) -> Index:
    """The best known model of each prompt, the first in `order` among equals.

    Args:
        quality: (n, M), NaN unknown.
        order: (M,) models, the cheapest first.

    Returns:
        (n,) column, -1 where no model's quality is known.
    """
    known = ~np.isnan(quality)
    ordered = np.where(known, quality, -np.inf)[:, order]
    return np.where(known.any(axis=1), order[np.argmax(ordered, axis=1)], -1)


def cheaper_first(worth: Floats, order: Index) -> Floats:
    """Lower every model that shares the highest worth (n, M), except the first in `order`."""
    highest = worth == worth.max(axis=1, keepdims=True)
    winner = order[np.argmax(highest[:, order], axis=1)]
    highest[np.arange(len(worth)), winner] = False
    lowered: Floats = np.where(highest, np.nextafter(worth, -np.inf), worth)
    return lowered
