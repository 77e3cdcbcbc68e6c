"""Quantiles of every model from one network: shared layers, pinball loss in tokens."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._known import column_means, require_known
from pipeline.predictors._repeats import answers
from pipeline.predictors.learners._learner import StoredLearner
from pipeline.predictors.learners._net import Loss, NetOptions, Nets, train_nets
from pipeline.predictors.learners.length._expectation import mean_factors, quantile_mean
from pipeline.predictors.learners.length._features import PromptFeatures
from pipeline.predictors.learners.length._words import WordRegression

if TYPE_CHECKING:
    import torch

__all__ = ["QuantileHead"]

Floats = NDArray[np.float64]

_BEYOND = 1.0  # a quantile goes at most this far, in logarithms, beyond what training showed
_SHARPEN = 2.0  # predictions vary less than what they predict; features vary by about 1


class QuantileHead(StoredLearner):
    """A network over embedding, surface and words with a quantile per model and level.

    Its outputs are standardised logarithms of tokens; its loss is the pinball loss (Koenker and
    Bassett 1978) in units of each model's median length, which is what is to be small.

    Args:
        words: dimensions of the words' latent semantic space.
        width, steps, dropout, learning_rate, nets: as `NetOptions`.
        seed: of its training.
    """

    name: ClassVar[str] = "quantile_head"

    def __init__(
        self,
        words: int = 100,
        width: int = 256,
        steps: int = 400,
        dropout: float = 0.4,
        learning_rate: float = 2e-3,
        nets: int = 2,
        seed: int = 0,
    ) -> None:
        self.words = words
        self.options = NetOptions(width, steps, dropout, learning_rate, nets)
        self.seed = seed

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        self.columns_ = list(columns)
        logs = np.log(answers(values))
        self.centre_ = np.nanmean(logs, axis=(0, 2))
        spread = np.nanstd(logs, axis=(0, 2))
        self.scale_ = np.where(spread > 0, spread, 1.0)
        self.range_ = np.nanmin(logs, axis=(0, 2)) - _BEYOND, np.nanmax(logs, axis=(0, 2)) + _BEYOND
        scaled = (logs - self.centre_[:, None]) / self.scale_[:, None]
        start = np.nanquantile(scaled, LEVELS, axis=(0, 2)).T  # (C, Q)
        self.features_ = PromptFeatures(None, self.words).fit(inputs)
        means = np.stack([column_means(one.T) for one in scaled.transpose(1, 0, 2)], axis=1)
        self.hints_ = WordRegression().fit(inputs, means)
        self.nets_ = train_nets(
            np.hstack([self.features_.transform(inputs), _SHARPEN * self.hints_.left_out_]),
            start.ravel().astype(np.float32),
            self._loss(logs),
            self.options,
            self.seed,
        )
        self.factors_ = mean_factors(values, self._quantiles(inputs))
        return self

    def _loss(self, logs: Floats) -> Loss:
        import torch

        unit = np.nanmedian(logs, axis=(0, 2))[:, None]
        known = torch.from_numpy(~np.isnan(logs))
        actual = torch.from_numpy(np.nan_to_num(np.exp(logs - unit[None])).astype(np.float32))
        levels = torch.tensor(LEVELS, dtype=torch.float32)
        scale, shift, most = (
            torch.from_numpy(one.astype(np.float32))
            for one in (
                self.scale_[:, None],
                self.centre_[:, None] - unit,
                self.range_[1][:, None] - unit,
            )
        )

        def loss(outputs: "torch.Tensor", rows: "torch.Tensor") -> "torch.Tensor":
            told = outputs.view(len(rows), len(scale), len(levels)) * scale + shift
            apart = actual[rows][..., None] - torch.minimum(told, most).exp()[:, :, None]
            lost = torch.maximum(levels * apart, (levels - 1) * apart).mean(dim=-1)
            return lost[known[rows]].mean()

        return loss

    def _quantiles(self, inputs: Prompts) -> Floats:
        hints = _SHARPEN * self.hints_.predict(inputs)
        seen = np.hstack([self.features_.transform(inputs), hints])
        outputs = self.nets_(seen).astype(np.float64)
        scaled = outputs.reshape(len(inputs), len(self.columns_), len(LEVELS))
        logs = scaled * self.scale_[:, None] + self.centre_[:, None]
        least, most = (end[:, None] for end in self.range_)
        return Distribution.sorted(np.exp(np.clip(logs, least, most))).values

    def predict(self, inputs: Prompts) -> Floats:
        return quantile_mean(self._quantiles(inputs)) * self.factors_

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution(self._quantiles(inputs))

    def _options(self) -> dict[str, Any]:
        return {"words": self.words, **asdict(self.options), "seed": self.seed}

    def _write(self, folder: Path) -> None:
        self.features_.save(folder / "features.npz")
        self.hints_.save(folder / "hints.npz")
        self.nets_.save(folder / "nets.npz")
        np.savez(
            folder / "columns.npz",
            centre=self.centre_,
            scale=self.scale_,
            range=np.array(self.range_),
            factors=self.factors_,
        )

    def _read(self, folder: Path) -> None:
        self.features_ = PromptFeatures.load(folder / "features.npz")
        self.hints_ = WordRegression.load(folder / "hints.npz")
        self.nets_ = Nets.load(folder / "nets.npz")
        with np.load(folder / "columns.npz", allow_pickle=False) as arrays:
            self.centre_, self.scale_ = arrays["centre"], arrays["scale"]
            self.range_, self.factors_ = tuple(arrays["range"]), arrays["factors"]
