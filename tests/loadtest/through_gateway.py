"""Cells through a gateway of this process, in front of an emulated fleet."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl
import pytest

from pipeline.fleet import Fleet
from pipeline.fleet.server import Emulator, Recorded, Settings
from pipeline.gateway import Gateway
from pipeline.loadtest import Bench, Cell, Rig, Workload, run_cell
from pipeline.loadtest.served import Served, open_gateway
from pipeline.params import (
    FleetParams,
    HttpParams,
    LoadtestParams,
    PoissonParams,
)
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import ARMS, loadtest_params, make_gateway

__all__ = [
    "CELL",
    "CLAMPED",
    "ONE",
    "RATE",
    "REQUESTS",
    "Through",
    "bench_of",
    "params_of",
    "recorded",
    "running",
]

REQUESTS, RATE, SPEED = 40, 60.0, 20.0
CELL, ONE, CLAMPED = (Cell(arm, RATE, 1) for arm in ("turns", "large", "large_clamped"))


def params_of(root: Path, **changes: Any) -> LoadtestParams:
    small = {"requests": REQUESTS, "warmup_requests": 5, "arrivals": PoissonParams()}
    return loadtest_params(root).model_copy(update=small | changes)


def bench_of(params: LoadtestParams, workload: Workload, fleet: FleetParams) -> Bench:
    return Bench(params, fleet, {"test": workload}, Path("none"), 7, "inputs")


def recorded(workload: Workload, texts: list[str]) -> dict[str, dict[str, Recorded]]:
    """Answers without a text, of the lengths of the workload."""
    models = small_fleet().models
    return {
        model: {
            text: Recorded(None, int(tokens))
            for text, tokens in zip(texts, workload.output_tokens[:, column], strict=True)
        }
        for column, model in enumerate(models)
    }


@contextmanager
def running(
    fleet: FleetParams,
    answers: Mapping[str, Mapping[str, Recorded]],
    **options: Any,
) -> Iterator[Gateway]:
    """A gateway in front of emulated instances, in a loop of a thread of its own."""
    started: list[Gateway | BaseException] = []
    there, leave = Event(), Event()

    async def serve() -> None:
        settings = Settings(speed=SPEED, seed=7)
        async with Emulator(fleet, settings, "127.0.0.1", 0, answers) as emulator:
            known = fleet.model_copy(update={"endpoints": emulator.urls})
            async with make_gateway(known, **options) as gateway:
                started.append(gateway)
                there.set()
                await asyncio.to_thread(leave.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            started.append(error)
            there.set()

    thread = Thread(target=run, daemon=True)
    thread.start()
    assert there.wait(30)
    try:
        [gateway] = started
        assert isinstance(gateway, Gateway), gateway
        yield gateway
    finally:
        leave.set()
        thread.join(30)


class Through:
    """Serves cells through a gateway of this process."""

    def __init__(
        self, root: Path, workload: Workload, texts: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.root, self.workload, self.texts = root, workload, texts
        monkeypatch.setitem(ARMS, CLAMPED.arm, ARMS[ONE.arm] | {"budget": "clamp"})
        monkeypatch.setattr(
            "pipeline.loadtest.served._through_gateway.prompt_texts", lambda _: texts
        )
        monkeypatch.setattr(Bench, "rig", lambda bench: self.rig(bench.params, bench.fleet))

    def rig(self, params: LoadtestParams, fleet: FleetParams) -> Rig:
        return Rig(params, Fleet.of(fleet), {"test": self.workload}, None, 7)

    def run(
        self,
        cell: Cell = CELL,
        fleet: FleetParams | None = None,
        http: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        keep_texts: bool = False,
        **changes: Any,
    ) -> Served:
        served, params = fleet or small_fleet(), params_of(self.root, **changes)
        with running(served, recorded(self.workload, self.texts), **(options or {})) as gateway:
            told = HttpParams.model_validate({"url": gateway.url, "timeout_s": 20.0} | (http or {}))
            front = open_gateway(
                bench_of(params, self.workload, served), told, keep_texts=keep_texts
            )
            return front.run(cell)

    def simulated(self, cell: Cell = CELL, **changes: Any) -> pl.DataFrame:
        return run_cell(cell, self.rig(params_of(self.root, **changes), small_fleet()))
