"""Cells over HTTP: the simulated cell's requests, measured, and a ledger that ends empty."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet import Fleet
from pipeline.fleet.server import Emulator, Settings
from pipeline.fleet.telemetry import MetricsSample, Observed
from pipeline.loadtest import Bench as LoadBench
from pipeline.loadtest import (
    Cell,
    PromptReader,
    Rig,
    Site,
    Workload,
    lags,
    open_site,
    run_cell,
    run_wall_cell,
)
from pipeline.loadtest._wall_polls import busy_share, readings
from pipeline.minilm import encode
from pipeline.params import (
    ArmParams,
    ClosedParams,
    FleetParams,
    LoadtestParams,
    ObjectiveParams,
    Params,
    TelemetryParams,
    dump_fleet,
)
from pipeline.predictors import LengthModel, Prompts, QualityModel
from pipeline.predictors.learners import Knn
from pipeline.scheduling import Estimator, Ledger, make_keeper
from tests.fleet.serving import small_fleet

MODELS = ["emu-small", "emu-large"]
REQUESTS = 40
CELL = Cell("told", 80.0, 1)
ARMS: dict[str, dict[str, Any]] = {
    "fused_static": {
        "router": "fused",
        "dispatcher": "shortest_queue",
        "weights": "uniform",
        "latency": "static",
    },
    "shortest_queue": {"router": "passthrough", "dispatcher": "shortest_queue"},
}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    words = ["add", "divide", "list", "sort", "name", "map", "river", "stone", "of", "in", "the"]
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(words, 4 + i % 9)) for i in range(60)]


@pytest.fixture(scope="module")
def reader(texts: list[str]) -> PromptReader:
    rng = np.random.default_rng(4)
    rows = encode(texts)
    train, rest = Prompts(rows[:30]), Prompts(rows[30:])
    labels, tokens = rng.random((60, 2)), rng.integers(20, 60, (60, 2)).astype(float)
    quality = QualityModel(Knn(5), 0.9).fit(MODELS, train, labels[:30], rest, labels[30:])
    length = LengthModel(Knn(5), 0.9).fit(MODELS, train, tokens[:30], rest, tokens[30:])
    return PromptReader(encode, Estimator(quality, length, small_fleet().prices))


@pytest.fixture(scope="module")
def workload(texts: list[str], reader: PromptReader) -> Workload:
    rng = np.random.default_rng(5)
    n = len(texts)
    return Workload(
        prompt_ids=[f"p{i:02d}" for i in range(n)],
        group_ids=[f"g{i // 2}" for i in range(n)],
        datasets=["toy"] * n,
        estimates=reader.read(texts, rng.integers(10, 100, n).astype(float)),
        output_tokens=rng.integers(20, 80, (n, 2)),
        output_sources=[["counted:wordpiece"] * 2 for _ in range(n)],
        quality=rng.random((n, 2)),
        best_single="emu-large",
    )


class Bench:
    """Serves cells of one arm against emulated servers in this process."""

    def __init__(
        self,
        params: Params,
        workload: Workload,
        texts: list[str],
        reader: PromptReader,
        keepers: list[Ledger],
    ) -> None:
        self.workload, self.texts, self.reader, self.keepers = workload, texts, reader, keepers
        self.loadtest = params.loadtest.model_copy(
            update={"requests": REQUESTS, "warmup_requests": 5}
        )

    def params(self, arm: dict[str, Any], **changes: Any) -> LoadtestParams:
        told = self.loadtest.model_copy(update=changes)
        return told.model_copy(update={"arms": {"told": ArmParams.model_validate(arm)}})

    def run(
        self,
        arm: dict[str, Any],
        fleet: FleetParams | None = None,
        speed: float = 20.0,
        **changes: Any,
    ) -> pl.DataFrame:
        served = fleet or small_fleet()

        async def run() -> pl.DataFrame:
            async with Emulator(served, Settings(speed=speed, seed=7), "127.0.0.1", 0) as emulator:
                site = Site(emulator.urls, "emulated", self.texts, self.reader, 20.0)
                params, laid_out = self.params(arm, **changes), Fleet.of(served)
                return await run_wall_cell(
                    CELL, Rig(params, laid_out, {"test": self.workload}, None, 7), site
                )

        told = asyncio.run(asyncio.wait_for(run(), 60))
        assert self.keepers[-1].in_flight == 0
        return told


@pytest.fixture
def bench(
    params: Params,
    workload: Workload,
    texts: list[str],
    reader: PromptReader,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    keepers: list[Ledger] = []

    def kept(*given: Any) -> Any:
        keeper = make_keeper(*given)
        assert isinstance(keeper, Ledger)
        keepers.append(keeper)
        return keeper

    monkeypatch.setattr("pipeline.loadtest._setup.make_keeper", kept)
    return Bench(params, workload, texts, reader, keepers)


@pytest.mark.parametrize("name", list(ARMS))
def test_a_served_cell_has_the_requests_of_the_simulated_one(name: str, bench: Bench) -> None:
    arm = ARMS[name]
    rows = bench.run(arm)
    params, fleet = bench.params(arm), Fleet.of(small_fleet())
    simulated = run_cell(CELL, Rig(params, fleet, {"test": bench.workload}, None, 7))
    for column in ("request_id", "prompt_id", "t_scheduled", "measured", "prompt_tokens"):
        assert rows[column].equals(simulated[column]), column
    assert (rows["status"] == "ok").all()
    assert (rows["label"] == "emulated").all()
    times = ["t_scheduled", "t_decided", "t_dispatched", "t_first_token", "t_done"]
    for before, after in pairwise(times):
        assert (rows[before] <= rows[after]).all()
    late = lags(rows)
    assert late.shape == (rows["measured"].sum(),)
    assert (late >= 0).all()
    assert rows["queue_true"].null_count() == rows.height
    models = rows["model"].to_list()
    prompts = [int(name[1:]) for name in rows["prompt_id"]]
    asked = [
        int(bench.workload.output_tokens[prompt, MODELS.index(model)])
        for prompt, model in zip(prompts, models, strict=True)
    ]
    assert rows["output_tokens"].to_list() == asked


def test_an_arm_decides_on_what_it_read_and_others_read_nothing(bench: Bench) -> None:
    rows = bench.run(ARMS["fused_static"])
    prompts = [int(name[1:]) for name in rows["prompt_id"]]
    models = [MODELS.index(model) for model in rows["model"]]
    # Read again in other company, so equal but for rounding.
    expected = bench.workload.estimates.quality.mean[prompts, models]
    assert rows["predicted_quality"].to_numpy() == pytest.approx(expected, abs=1e-4)

    def refuse(texts: list[str]) -> Any:
        raise AssertionError("an arm that reads no prompt embeds none")

    bench.reader = PromptReader(refuse, bench.reader.estimator)
    assert bench.run(ARMS["shortest_queue"]).height == REQUESTS


def test_a_budget_clamps_what_is_asked_for(bench: Bench) -> None:
    rows = bench.run(
        ARMS["shortest_queue"] | {"budget": "clamp"}, objectives=ObjectiveParams(budget_share=1.0)
    )
    cut = rows.filter("cut")
    assert 0 < cut.height < REQUESTS
    assert cut["quality"].null_count() == cut.height
    kept = rows.filter(pl.col("output_tokens") > 1)
    assert (kept["cost_usd"] <= kept["budget_usd"] * (1 + 1e-9)).all()
    assert (rows.filter(~pl.col("cut"))["status"] == "ok").all()


def test_a_budget_ends_a_stream_on_the_way(bench: Bench) -> None:
    changes = {"objectives": ObjectiveParams(budget_share=1.0)}
    rows = bench.run(ARMS["shortest_queue"] | {"budget": "stop"}, speed=5.0, **changes)
    clamped = bench.run(ARMS["shortest_queue"] | {"budget": "clamp"}, **changes)
    assert 0 < rows["cut"].sum() < REQUESTS
    both = rows.join(clamped, on=["request_id", "model"], suffix="_clamped")
    assert both.height > 0
    assert both["output_tokens"].equals(both["output_tokens_clamped"].alias("output_tokens"))
    assert both["cut"].equals(both["cut_clamped"].alias("cut"))


def test_a_fleet_that_answers_503_gives_failed_rows(bench: Bench) -> None:
    down = [
        {"instance": name, "kind": "crash", "from_s": 0.0, "to_s": 1e6}
        for name in small_fleet().instance_names
    ]
    rows = bench.run(ARMS["shortest_queue"], small_fleet(*down))
    assert (rows["status"] == "failed").all()
    assert rows["output_tokens"].sum() == 0
    assert (rows["failure"] == "HTTP 503").all()
    assert (rows["attempts"] == 1).all()
    assert rows["t_dispatched"].null_count() == 0
    assert rows["t_done"].null_count() == rows["telemetry_age_s"].null_count() == REQUESTS


def test_a_stream_that_breaks_is_a_failed_row_with_its_tokens(bench: Bench) -> None:
    broken = {"kind": "reset", "from_s": 0.0, "to_s": 1e6, "share": 1.0, "tokens": 3}
    rows = bench.run(ARMS["shortest_queue"], small_fleet({"instance": "large-0"} | broken))
    hit = rows.filter(pl.col("instance") == "large-0")
    assert hit.height > 0
    assert (hit["status"] == "failed").all()
    assert hit["output_tokens"].to_list() == [3] * hit.height
    assert hit["failure"].null_count() == 0
    assert (rows.filter(pl.col("instance") != "large-0")["status"] == "ok").all()


def test_two_workers_with_a_timer_lose_nobody(bench: Bench) -> None:
    preset = bench.loadtest.router.batching["micro_batched"]
    two = preset.model_copy(update={"max_batch": 4, "workers": 2, "wait_ms": 20.0})
    router = bench.loadtest.router.model_copy(update={"batching": {"two": two}})
    rows = bench.run(ARMS["fused_static"], router=router)
    assert rows["request_id"].to_list() == list(range(REQUESTS))
    assert 1 < rows["batch_size"].max() <= 4
    assert (rows["status"] == "ok").all()


def test_a_user_waits_for_his_answer(bench: Bench) -> None:
    closed = ClosedParams(users=3, think_s=0.01)
    rows = bench.run(ARMS["shortest_queue"], arrivals=closed, requests=12)
    moments = [(at, 1) for at in rows["t_scheduled"]] + [(at, -1) for at in rows["t_done"]]
    out = np.cumsum([change for _, change in sorted(moments)])
    assert rows.height == 12
    assert out.max() <= 3


def test_readings_tell_what_the_servers_told_and_when() -> None:
    sample = MetricsSample(running=3, waiting=1, kv_utilisation=0.25)
    silent = Observed("b", "unknown", None, None, 2, 0.5, "no answer")
    broken = Observed("c", "stale", sample, 6.0, 1, 9.0, "no answer")
    seen = [Observed("a", "fresh", sample, 0.5, 0, None, None), silent, broken]
    values, taken = readings(seen, [1000, 1000, 2000], now=10.0)
    assert values[:, 0] == pytest.approx([3, 1, np.nan, np.nan, 250, 0.25], nan_ok=True)
    assert np.isnan(values[:, 1]).all()
    assert values[4, 2] == 500
    assert taken.tolist() == [9.5, -np.inf, 4.0]
    assert busy_share(seen) == pytest.approx(1 / 3)


def test_telemetry_that_only_a_simulation_has_is_refused(bench: Bench) -> None:
    full = TelemetryParams(period_s=0.1, surface="full")
    arm = ARMS["shortest_queue"] | {"telemetry": full.model_dump()}
    with pytest.raises(ParamsError, match="surface vllm"):
        bench.run(arm)


def test_an_interrupted_run_leaves_nothing_behind(bench: Bench) -> None:
    served = small_fleet()

    async def run() -> list[str]:
        async with Emulator(served, Settings(speed=1.0), "127.0.0.1", 0) as emulator:
            site = Site(emulator.urls, "emulated", bench.texts, bench.reader, 20.0)
            params = bench.params(ARMS["fused_static"])
            cell = run_wall_cell(
                CELL, Rig(params, Fleet.of(served), {"test": bench.workload}, None, 7), site
            )
            task = asyncio.create_task(cell)
            while "WallRouter._follow" not in working():
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return working()

    def working() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if name.startswith(("WallRouter", "Reader"))]

    assert asyncio.run(asyncio.wait_for(run(), 60)) == []


def test_a_fleet_file_of_another_project_is_refused(
    params: Params, workload: Workload, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.yaml"
    bench = LoadBench(params.loadtest, params.base.fleet, {"test": workload}, tmp_path, 7, "inputs")
    dump_fleet(small_fleet(), file)
    with pytest.raises(ParamsError, match="has 2 small, 1 large serving emu-small, emu-large, but"):
        asyncio.run(open_site(bench, CELL, file, 1.0))
    dump_fleet(params.base.fleet, file)
    with pytest.raises(ParamsError, match="3b_a30-0 has no endpoint"):
        asyncio.run(open_site(bench, CELL, file, 1.0))


def test_the_servers_say_who_they_are(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pipeline.loadtest._wall_open.prompt_reader", lambda *_: bench.reader)
    monkeypatch.setattr("pipeline.loadtest._wall_open.prompt_texts", lambda _: bench.texts)
    served, file = small_fleet(), tmp_path / "fleet.yaml"
    params = bench.params(ARMS["shortest_queue"])
    told = LoadBench(params, served, {"test": bench.workload}, tmp_path, 7, "inputs")

    async def run() -> Site:
        async with Emulator(served, Settings(speed=20.0), "127.0.0.1", 0) as emulator:
            dump_fleet(served.model_copy(update={"endpoints": emulator.urls}), file)
            return await open_site(told, CELL, file, 3.0)

    site = asyncio.run(run())
    assert (site.label, site.timeout_s, list(site.endpoints)) == (
        "emulated", 3.0, served.instance_names,
    )  # fmt: skip
    assert "note: the fleet is emulated at speed 20" in capsys.readouterr().err
    with pytest.raises(EndpointError, match=r"small-0: .* \(2 more problems\); see `routebalance"):
        asyncio.run(open_site(told, CELL, file, 3.0))
