"""A wall-clock run from the files of earlier stages and a fleet file."""

import os
from pathlib import Path

import aiohttp

from pipeline.encoder import load_encoder
from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet.telemetry import check_fleet, probe_fleet
from pipeline.loadtest._cell import Cell
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._wall import Site
from pipeline.loadtest._wall_beliefs import PromptReader
from pipeline.loadtest._workload import Workload
from pipeline.params import ArmParams, FleetParams, load_fleet
from pipeline.predictors import LengthModel, QualityModel
from pipeline.progress import say
from pipeline.rows import PROMPTS
from pipeline.scheduling import Estimator, learned_of
from pipeline.scheduling.baselines import load_routers
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["open_site", "prompt_reader", "prompt_texts"]

_PROBE_S = 3.0


async def open_site(bench: Bench, cell: Cell, file: Path, timeout_s: float) -> Site:
    """Ask the servers of a fleet file who they are, and load what reads prompts.

    Raises:
        ParamsError: the file declares other instances or models than the project, or no endpoint.
        EndpointError: something is wrong with a server.
        SchemaError, ModelError: an earlier stage's file is absent or unusable.
    """
    declared = load_fleet(file)
    _check_same(declared, bench.fleet, file)
    probes = await probe_fleet(declared.endpoints, _PROBE_S)
    checked = check_fleet(declared, probes)
    problems = [f"{one.name}: {problem}" for one in checked for problem in one.problems]
    if problems:
        more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise EndpointError(f"{problems[0]}{more}; see `routebalance fleet check {file}`")
    labels = {probe.label for probe in probes.values()}
    if len(labels) > 1:
        raise EndpointError(
            f"{file}: some servers are live and some emulated; one kind is accepted"
        )
    label = labels.pop()
    if label == "emulated":
        await _warn_of_speed(next(iter(declared.endpoints.values())))
    return Site(
        endpoints=declared.endpoints,
        label=label,
        texts=prompt_texts(bench.workloads[bench.params.shape(cell.traffic).split]),
        reader=prompt_reader(bench, bench.params.arms[cell.arm]),
        timeout_s=timeout_s,
    )


async def _warn_of_speed(url: str) -> None:
    """The router has the wall's seconds and the engines their own; only at speed 1 they agree."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/emulator") as answer:
        speed = float((await answer.json())["speed"])
    if speed != 1:
        say(
            f"note: the fleet is emulated at speed {speed:g}, so times and rates are not those of "
            "its engines; `routebalance fleet up --speed 1` serves it at their pace"
        )


def prompt_texts(workload: Workload) -> list[str]:
    """The prompts of a workload, in its order."""
    rows = read_rows(Paths.PROMPTS, PROMPTS).select("prompt_id", "prompt_text")
    texts = dict(rows.iter_rows())
    return [texts[name] for name in workload.prompt_ids]


def prompt_reader(bench: Bench, arm: ArmParams) -> PromptReader:
    """What reads prompts for an arm: the encoder, the trained predictors, its learned router.

    From then on PyTorch, and the encoder with it, leaves one core of this process alone: threads
    wait for each other by spinning, and an event loop beside them would hold all of them up.
    """
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    prices = bench.fleet.prices
    quality, length = QualityModel.load(bench.quality_folder), LengthModel.load(bench.length_folder)
    estimator = Estimator(quality, length, prices)
    learned = learned_of(arm, load_routers(Paths.ROUTERS, list(prices)))
    encoder = load_encoder()
    say(encoder.describe())
    return PromptReader(encoder.encode, estimator, learned)


def _check_same(found: FleetParams, wanted: FleetParams, file: Path) -> None:
    if found.instance_names != wanted.instance_names or found.models != wanted.models:
        raise ParamsError(
            f"{file}: has {_said(found)}, but params.yaml has {_said(wanted)}; serve the fleet of "
            "params.yaml, for example by `routebalance fleet up --write FILE`"
        )
    missing = [name for name in wanted.instance_names if name not in found.endpoints]
    if missing:
        raise ParamsError(f"{file}: {missing[0]} has no endpoint; every instance needs one")


def _said(fleet: FleetParams) -> str:
    counts = (f"{fleet.instances.get(tier, 0)} {tier}" for tier in fleet.tiers)
    return f"{', '.join(counts)} serving {', '.join(fleet.models)}"
