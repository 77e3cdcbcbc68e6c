"""What decides: an arm made ready, replaced as a whole by a hot swap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import minilm
from pipeline.errors import ParamsError, UnknownNameError
from pipeline.fleet import Fleet
from pipeline.gateway._request import REHEARSAL, Asked
from pipeline.loadtest import PromptReader
from pipeline.params import ArmParams, BatchParams, LoadtestParams, WeightParams
from pipeline.predictors import Distribution, LatencyModel, LengthPrediction, QualityPrediction
from pipeline.rows import PREDICTORS
from pipeline.scheduling import (
    Batch,
    Batcher,
    Estimates,
    FleetState,
    Policy,
    batching_of,
    expected_cost,
    make_policy,
    telemetry_of,
    with_error,
)
from pipeline.streams import stream
from pipeline.workload.collect import TOKENS_PER_WORDPIECE

__all__ = ["Choice", "Loaded", "Maker", "Parts"]

Floats = NDArray[np.float64]

_ORACLES = ("dataset_oracle", "query_oracle")
_GIVEN = "given"  # name of weights that were handed over as numbers


@dataclass(frozen=True)
class Choice:
    """What may be swapped.

    Attributes:
        arm: one of loadtest.arms.
        weights: a preset, or numbers, instead of those of the arm; None keeps them.
        predictors: version or alias of single predictors, by kind.
        every: of the others: current (as the last run left them), champion or challenger.
    """

    arm: str
    weights: str | WeightParams | None = None
    predictors: Mapping[str, str] = field(default_factory=dict)
    every: str = "current"

    def shown(self) -> dict[str, Any]:
        """As the body of /admin/config."""
        given = self.weights
        weights = given.model_dump() if isinstance(given, WeightParams) else given
        versions = {kind: self.predictors.get(kind, self.every) for kind in PREDICTORS}
        return {"arm": self.arm, "weights": weights, "predictors": versions}


@dataclass(frozen=True)
class Loaded:
    """Trained parts of an arm; None what it does without.

    Attributes:
        reader, latency: of prompts, and of times.
        best_single: model with the best quality.
        contents: hash of every predictor of the choice by kind, whether the arm uses it or not.
    """

    reader: PromptReader | None = None
    latency: LatencyModel | None = None
    best_single: str | None = None
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parts:
    """An arm that decides about batches.

    Attributes:
        choice: what it was made from.
        arm, batching: its declaration.
        policy, batcher: its parts.
        reader: of prompts; None where the arm reads none.
        prices: USD per million prompt and output tokens, by model.
        draws: stream of injected error.
        contents: of `Loaded`.
    """

    choice: Choice
    arm: ArmParams
    batching: BatchParams
    policy: Policy
    batcher: Batcher
    reader: PromptReader | None
    prices: list[tuple[float, float]]
    draws: np.random.Generator
    contents: Mapping[str, str]

    def read(self, asked: list[Asked], typical: Floats) -> Estimates:
        """Beliefs about n requests; one caller at a time.

        Args:
            asked: the requests.
            typical: output tokens of each model's usual answer, (M,), for an arm that reads none.
        """
        counted = minilm.count_tokens([one.text for one in asked])
        tokens = np.maximum(1.0, np.round(TOKENS_PER_WORDPIECE * np.array(counted)))
        if self.reader is None:
            return _unread(tokens, typical, self.prices)
        told = self.reader.read([one.document for one in asked], tokens)
        if self.arm.error is None:
            return told
        return with_error(told, self.arm.error, self.prices, self.draws)


class Maker:
    """Makes the parts of a choice.

    Args:
        params: where arms, weights and scales are declared.
        fleet: the instances.
        load: the trained parts of an arm, in the versions of a choice.
        seed: of the arm's own random choices.
    """

    def __init__(
        self,
        params: LoadtestParams,
        fleet: Fleet,
        load: Callable[[ArmParams, Choice], Loaded],
        seed: int,
    ) -> None:
        self._params, self._fleet, self._load, self._seed = params, fleet, load, seed

    def make(self, choice: Choice) -> Parts:
        """Make an arm ready: models are loaded, code is compiled, and a batch was decided.

        Raises:
            UnknownNameError: no such arm, preset of weights, or version.
            ParamsError: the arm is one that only a simulation has, or has no weights to replace.
            ModelError, DataError, SchemaError: its trained parts cannot be used.
        """
        arm, params = self._declared(choice)
        loaded = self._load(arm, choice)
        parts = self._assembled(choice, arm, params, loaded)
        _rehearse(self._assembled(choice, arm, params, loaded), len(self._fleet.names))
        return parts

    def _declared(self, choice: Choice) -> tuple[ArmParams, LoadtestParams]:
        params, name = self._params, choice.arm
        if name not in params.arms:
            raise UnknownNameError("arm", name, params.arms, "loadtest.arms")
        arm = params.arms[name]
        if arm.router in _ORACLES:
            raise ParamsError(f"arm {name} knows the answers beforehand; other arms can serve")
        if telemetry_of(arm, params).simulated_only:
            raise ParamsError(
                f"arm {name} hears of tokens under way, late, or not always, which only a "
                "simulated fleet does; arms with telemetry of surface vllm can serve"
            )
        return _weighted(arm, params, choice)

    def _assembled(
        self, choice: Choice, arm: ArmParams, params: LoadtestParams, loaded: Loaded
    ) -> Parts:
        draws, batching = stream(self._seed, "gateway", choice.arm), batching_of(arm, params)
        # Only an arm whose model is `best` looks at it, and for that one it is loaded.
        best = loaded.best_single or self._fleet.params.models[0]
        return Parts(
            choice=choice,
            arm=arm,
            batching=batching,
            policy=make_policy(arm, self._fleet, params, loaded.latency, best, draws),
            batcher=Batcher(batching),
            reader=loaded.reader,
            prices=list(self._fleet.params.prices.values()),
            draws=draws,
            contents=loaded.contents,
        )


def _weighted(
    arm: ArmParams, params: LoadtestParams, choice: Choice
) -> tuple[ArmParams, LoadtestParams]:
    """Put the chosen weights in the place of the arm's."""
    given = choice.weights
    if given is None:
        return arm, params
    if arm.weights is None:
        raise ParamsError(f"weights: arm {choice.arm} has none; arms that weigh are accepted")
    if isinstance(given, str):
        if given not in params.weights:
            raise UnknownNameError("weights", given, params.weights, "loadtest.weights")
        return arm.model_copy(update={"weights": given}), params
    presets = {**params.weights, _GIVEN: given}
    named = arm.model_copy(update={"weights": _GIVEN})
    return named, params.model_copy(update={"weights": presets})


def _rehearse(parts: Parts, instances: int) -> None:
    """Decide batches that nobody sends, on parts that are thrown away."""
    told = np.full(len(parts.prices), 1.0)
    for size in (1, parts.batcher.most):
        asked = [REHEARSAL] * size
        batch = replace(Batch.plain(list(range(size))), open=np.ones((size, instances), bool))
        parts.policy.assign(batch, parts.read(asked, told), FleetState.of(np.zeros((6, instances))))


def _unread(tokens: Floats, typical: Floats, prices: list[tuple[float, float]]) -> Estimates:
    """What an arm believes of n prompts that it does not read: their size, and usual answers."""
    length = np.tile(typical, (len(tokens), 1))
    unknown = np.full(length.shape, np.nan)
    return Estimates(
        prompt_tokens=tokens,
        quality=QualityPrediction(unknown, unknown, unknown),
        length=LengthPrediction(length, Distribution.point(length), 0.0),
        cost=expected_cost(tokens, length, prices),
        oracle_quality=unknown,
        dataset_quality=unknown,
    )
