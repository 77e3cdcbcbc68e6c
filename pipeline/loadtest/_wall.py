"""One cell of a load test over HTTP, on the wall clock."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from pipeline.errors import ParamsError
from pipeline.fleet.live import Client
from pipeline.fleet.telemetry import FleetReader, PollRule
from pipeline.loadtest._cell import Cell, plan_cell
from pipeline.loadtest._record import RunKey, record
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._setup import Setup
from pipeline.loadtest._wall_beliefs import Beliefs, PromptReader, decide
from pipeline.loadtest._wall_router import WallRouter
from pipeline.params import LoadtestParams

__all__ = ["Site", "check_servable", "run_wall_cell"]

# Reading a page of vLLM's metrics takes 1 ms of the loop that also reads the streams, so 13
# instances polled at this pace take a fifteenth of a core.
SHORTEST_PERIOD_S = 0.2


@dataclass(frozen=True)
class Site:
    """Who serves, and what the router needs to read the prompts.

    Attributes:
        endpoints: base URL by instance name; every instance has one.
        label: what stands behind them.
        texts: of the workload's prompts, in its order.
        reader: reads them; made for the arm that is run.
        timeout_s: after which a request has failed.
    """

    endpoints: Mapping[str, str]
    label: Literal["live", "emulated"]
    texts: list[str]
    reader: PromptReader
    timeout_s: float = 300.0


async def run_wall_cell(cell: Cell, rig: Rig, site: Site) -> pl.DataFrame:
    """Serve one cell over HTTP, at this site; return one REQUESTS row per request.

    Arrivals, prompts and objectives are those of the simulated cell. Router time and everything
    after it are measured; what was really on an instance nobody knows, and stays null.

    Raises:
        ParamsError: the arm's telemetry or its traffic is one that only a simulation has.
        EndpointError: an endpoint is not the URL of a server.
    """
    check_servable(cell.traffic, rig.params)
    _rehearse(plan_cell(cell, rig).setup, site)
    plan = plan_cell(cell, rig)
    beliefs = Beliefs(plan.setup, site.texts, site.reader)
    setup = replace(plan.setup, estimates=beliefs.estimates)
    clock = asyncio.get_running_loop().time  # monotonic, as the clients' is
    urls = {name: site.endpoints[name] for name in rig.fleet.names}
    rule = PollRule(period=max(setup.telemetry.period_s, SHORTEST_PERIOD_S))
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(url, site.timeout_s, needs_usage=False))
            for url in urls.values()
        ]
        telemetry = await stack.enter_async_context(FleetReader(urls, rule, rig.seed))
        await telemetry.all_asked()
        router = WallRouter(
            setup, plan.source, plan.rows, site.texts, beliefs, clients, telemetry, clock
        )
        decisions = await router.serve()
    split = rig.params.shape(cell.traffic).split
    key = RunKey(cell.traffic, cell.arm, cell.rate, cell.seed, split, site.label)
    return record(key, decisions, setup, rig.params.warmup_requests)


def check_servable(traffic: str, params: LoadtestParams) -> None:
    """Refuse what only a simulated fleet can be asked to live through.

    Raises:
        ParamsError: the traffic has faults or a change in mid-run.
    """
    shape = params.shape(traffic)
    if shape.faults or shape.change is not None:
        raise ParamsError(
            f"loadtest.traffic.{traffic} has faults or a change, which only a simulated fleet "
            "follows; over HTTP a fleet file declares its faults itself"
        )


def _rehearse(setup: Setup, site: Site) -> None:
    """Decide batches that nobody sends, on parts that are thrown away: models load, code compiles.

    Raises:
        ParamsError: the arm's telemetry is one that only a simulation has.
    """
    if setup.telemetry.simulated_only:
        raise ParamsError(
            "the arm hears of tokens under way, late, or not always, which only a simulated fleet "
            "does; telemetry with surface vllm, delay_s 0 and loss 0 is accepted over HTTP"
        )
    beliefs = Beliefs(setup, site.texts, site.reader)
    for size in (1, min(setup.batcher.most, len(site.texts))):
        decide(setup, beliefs, list(range(size)))
