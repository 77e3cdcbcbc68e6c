"""Trained parts from the project's files and its registry."""

import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipeline.encoder import load_encoder
from pipeline.errors import ParamsError
from pipeline.files import file_hash
from pipeline.gateway._parts import Choice, Loaded
from pipeline.loadtest import PromptReader, best_model, check_registered
from pipeline.params import ArmParams, FleetParams, Params
from pipeline.predictors import LengthModel, QualityModel, load_latency
from pipeline.registry import chosen_folders, opened
from pipeline.rows import DATASET
from pipeline.scheduling import Estimator, learned_of
from pipeline.scheduling.baselines import ROUTERS, load_routers
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["Project", "check_models"]

_OWN = {"quality": Paths.QUALITY, "length": Paths.LENGTH, "latency": Paths.LATENCY}


class Project:
    """Loads what an arm was trained for.

    Args:
        params: params.yaml.
        fleet: whose prices and models count.
    """

    def __init__(self, params: Params, fleet: FleetParams) -> None:
        self._params, self._fleet = params, fleet

    def load(self, arm: ArmParams, choice: Choice) -> Loaded:
        """The trained parts of an arm; one that reads no prompt serves without any being there.

        Raises:
            UnknownNameError, ModelError: there is no such version, it cannot be read, or what the
                last run left is not what was registered.
        """
        best = None
        if arm.model == "best":
            rows = read_rows(Paths.DATASET, DATASET).filter(pl.col("split") == "validation")
            best = best_model(rows, self._fleet.models)
        registered = self._registered(choice)
        folders = _OWN | registered
        contents = {kind: file_hash(one) for kind, one in folders.items() if one.exists()}
        if not arm.reads_prompt:
            return Loaded(best_single=best, contents=contents)
        needed = {"quality", "length"} | ({"latency"} if arm.latency is not None else set())
        own = {kind: contents.get(kind, "") for kind in needed - registered.keys()}
        check_registered(own, self._params.register_.prefix)
        latency = load_latency(folders["latency"]) if arm.latency is not None else None
        return Loaded(self._reader(arm, folders), latency, best, contents)

    def _registered(self, choice: Choice) -> dict[str, Path]:
        """Folders of the predictors that the choice takes from the registry, by kind."""
        if not choice.predictors and choice.every == "current":
            return {}
        with opened(self._params.register_) as client:
            return chosen_folders(self._params, client, choice.every, choice.predictors)

    def _reader(self, arm: ArmParams, folders: Mapping[str, Path]) -> PromptReader:
        import torch

        # Threads of PyTorch wait by spinning, and the loop beside them needs a core.
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
        prices = self._fleet.prices
        quality = QualityModel.load(folders["quality"])
        estimator = Estimator(quality, LengthModel.load(folders["length"]), prices)
        learned = None
        if arm.router in ROUTERS:
            learned = learned_of(arm, load_routers(Paths.ROUTERS, list(prices)))
        return PromptReader(load_encoder().encode, estimator, learned)


def check_models(found: FleetParams, wanted: FleetParams, file: Path) -> None:
    """Refuse a fleet file whose models are not those that the project was trained for."""
    if found.models != wanted.models:
        raise ParamsError(
            f"{file}: serves {', '.join(found.models)}, but params.yaml has "
            f"{', '.join(wanted.models)}; the models of params.yaml in their order are accepted"
        )
