"""Cells through a gateway: the simulated cell's requests, each one row, whatever happens."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError, EndpointError, ParamsError
from pipeline.fleet import Fleet
from pipeline.fleet.server import Emulator, Recorded, Settings
from pipeline.gateway import Access, Gateway, read_keys
from pipeline.gateway import Settings as Limits
from pipeline.loadtest import Bench, Cell, Rig, Workload, run_cell
from pipeline.loadtest.served import Served, kept_cell, open_fleet, open_gateway, sweep_over_http
from pipeline.loadtest.served._front import wait_idle
from pipeline.minilm import count_tokens
from pipeline.params import (
    ClosedParams,
    FleetParams,
    HttpParams,
    LoadtestParams,
    ObjectiveParams,
    Params,
    PoissonParams,
    dump_fleet,
)
from pipeline.workload.collect import TOKENS_PER_WORDPIECE
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import ARMS, loadtest_params, make_gateway, make_reader

REQUESTS, RATE, SPEED = 40, 60.0, 20.0
CELL, ONE, CLAMPED = (Cell(arm, RATE, 1) for arm in ("turns", "large", "large_clamped"))
SEEN = ("request_id", "prompt_id", "measured", "prompt_tokens", "ttft_slo_s", "budget_usd")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    words = ["add", "divide", "list", "sort", "name", "map", "river", "stone", "of", "in", "the"]
    rng = np.random.default_rng(3)
    return [f"{i} " + " ".join(rng.choice(words, 4 + i % 9)) for i in range(60)]


@pytest.fixture(scope="module")
def workload(texts: list[str]) -> Workload:
    rng = np.random.default_rng(5)
    n = len(texts)
    # As the gateway counts them, so that it clamps where the simulation does.
    tokens = np.round(TOKENS_PER_WORDPIECE * np.array(count_tokens(texts)))
    reader = make_reader(small_fleet())
    return Workload(
        prompt_ids=[f"p{i:02d}" for i in range(n)],
        group_ids=[f"g{i // 2}" for i in range(n)],
        datasets=["toy"] * n,
        estimates=reader.read(texts, tokens),
        output_tokens=rng.integers(20, 80, (n, 2)),
        output_sources=[["counted:wordpiece"] * 2 for _ in range(n)],
        quality=rng.random((n, 2)),
        best_single="emu-large",
    )


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


@pytest.fixture
def through(
    root: Path, workload: Workload, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> Through:
    return Through(root, workload, texts, monkeypatch)


def test_an_arm_that_looks_at_nothing_gives_the_rows_of_the_simulation(through: Through) -> None:
    told, simulated = through.run(ONE).rows, through.simulated(ONE)
    for column in (*SEEN, "t_scheduled", "instance", "model", "output_tokens", "quality"):
        assert told[column].equals(simulated[column]), column
    assert told["cost_usd"].to_list() == pytest.approx(simulated["cost_usd"].to_list())
    assert (told["status"] == "ok").all()
    assert (told["label"] == "emulated").all()
    assert (told["attempts"] == 1).all()
    assert told["output_tokens_source"].unique().to_list() == ["counted:wordpiece"]
    times = ["t_scheduled", "t_issued", "t_decided", "t_dispatched", "t_first_token", "t_done"]
    for before, after in pairwise(times):
        assert (told[before] <= told[after]).all(), (before, after)
    assert told["queue_true"].null_count() == told.height
    assert (told["decision_ms"] > 0).all()


def test_turns_give_the_mix_of_the_simulation_and_the_truth_of_each_pair(
    through: Through, workload: Workload
) -> None:
    told, simulated = through.run().rows, through.simulated()
    # Requests that come at the same moment may take each other's turn, and nobody loses one.
    for column in ("instance", "model"):
        counts = [side[column].value_counts().sort(column) for side in (told, simulated)]
        assert counts[0].equals(counts[1])
    places = zip(told["prompt_id"], told["model"], strict=True)
    pairs = [(int(name[1:]), small_fleet().models.index(model)) for name, model in places]
    assert told["output_tokens"].to_list() == [int(workload.output_tokens[pair]) for pair in pairs]
    assert told["quality"].to_list() == [float(workload.quality[pair]) for pair in pairs]


def test_an_arm_that_reads_prompts_tells_what_it_believed(through: Through) -> None:
    rows = through.run(Cell("fused", RATE, 1), keep_texts=True)
    told = rows.rows
    for name in ("quality", "length", "ttft", "tpot", "e2e"):
        assert told[f"predicted_{name}"].null_count() == 0
    assert told["score_quality"].null_count() == 0
    assert rows.texts is not None
    assert rows.texts.select("request_id", "model").equals(told.select("request_id", "model"))
    assert (rows.texts["response_text"].str.len_chars() > 0).all()


def test_wishes_travel_with_the_request_and_budgets_cut_answers(through: Through) -> None:
    wishes = {"objectives": ObjectiveParams(budget_share=0.7, ttft_s=30.0)}
    told = through.run(CLAMPED, **wishes).rows
    simulated = through.simulated(CLAMPED, **wishes)
    for column in (*SEEN, "instance"):
        assert told[column].equals(simulated[column]), column
    assert told["budget_usd"].null_count() < told.height
    assert simulated["cut"].any()
    assert told["cut"].equals(simulated["cut"])
    assert told["output_tokens"].equals(simulated["output_tokens"])
    assert told.filter("cut")["quality"].null_count() == told["cut"].sum()
    whole = told.filter(~pl.col("cut"))
    assert whole["quality"].null_count() == 0


def test_a_gateway_that_is_full_refuses_and_every_request_has_its_row(through: Through) -> None:
    limits = Limits(max_queue=2, max_in_flight=2)
    told = through.run(replace(CELL, rate=600.0), options={"settings": limits}).rows
    assert told["request_id"].to_list() == list(range(REQUESTS))
    refused = told.filter(pl.col("status") == "refused")
    assert 0 < refused.height < REQUESTS
    assert (refused["cost_usd"] == 0).all()
    assert refused["instance"].null_count() == refused["attempts"].null_count() == refused.height
    assert refused["failure"].str.starts_with("HTTP 429").all()


def test_a_broken_stream_is_a_failed_row_with_what_came(through: Through) -> None:
    broken = {"kind": "reset", "from_s": 0.0, "to_s": 1e6, "share": 1.0, "tokens": 3}
    told = through.run(fleet=small_fleet({"instance": "large-0"} | broken)).rows
    hit = told.filter(pl.col("instance") == "large-0")
    assert told.height == REQUESTS
    assert hit.height > 0
    assert (hit["status"] == "failed").all()
    assert (hit["output_tokens"] == 3).all()
    assert hit["failure"].null_count() == hit["t_first_token"].null_count() == 0
    assert hit["quality"].null_count() == hit["t_done"].null_count() == hit.height


def test_an_instance_that_answers_5xx_is_tried_and_left(through: Through) -> None:
    broken = {"kind": "error", "from_s": 0.0, "to_s": 1e6, "share": 1.0}
    told = through.run(fleet=small_fleet({"instance": "large-0"} | broken)).rows
    assert (told["status"] == "ok").all()
    assert (told["instance"] != "large-0").all()
    assert told["attempts"].max() == 2


def test_users_wait_for_their_answers(through: Through) -> None:
    closed = ClosedParams(users=3, think_s=0.01)
    told = through.run(arrivals=closed, requests=12).rows
    moments = [(at, 1) for at in told["t_issued"]] + [(at, -1) for at in told["t_done"]]
    assert told.height == 12
    assert np.cumsum([change for _, change in sorted(moments)]).max() <= 3
    simulated = through.simulated(arrivals=closed, requests=12)
    assert told["prompt_id"].equals(simulated["prompt_id"])


def test_a_key_opens_the_gateway_and_stands_in_no_row(
    through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "first-secret,second-secret")
    access = Access(read_keys("A_KEY", {"A_KEY": "first-secret,second-secret"}))
    with pytest.raises(EndpointError, match="HTTP 401"):
        through.run(options={"access": access})
    told = through.run(http={"key_variable": "A_KEY"}, options={"access": access}, keep_texts=True)
    assert (told.rows["status"] == "ok").all()
    assert told.texts is not None
    assert "secret" not in told.rows.write_json() + told.texts.write_json()
    with pytest.raises(ParamsError, match="NO_KEY holds no key"):
        through.run(http={"key_variable": "NO_KEY"})


def test_what_the_gateway_refuses_is_said(through: Through) -> None:
    with pytest.raises(EndpointError, match="arm oracle knows the answers"):
        through.run(Cell("oracle", RATE, 1))
    other = small_fleet().model_copy(update={"instances": {"small": 1, "large": 1}})
    told = bench_of(params_of(through.root), through.workload, other)
    with (
        running(small_fleet(), {}) as gateway,
        pytest.raises(EndpointError, match="serves small-0, small-1, large-0, and params"),
    ):
        open_gateway(told, HttpParams(url=gateway.url))
    with pytest.raises(EndpointError, match="did not answer as a gateway"):
        open_gateway(told, HttpParams(url="http://127.0.0.1:9"))
    with pytest.raises(ParamsError, match="no gateway is named"):
        open_gateway(told, HttpParams())


def test_the_servers_of_a_fleet_file_serve_the_same_cell(
    through: Through, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_reader(small_fleet())
    monkeypatch.setattr("pipeline.loadtest._wall_open.prompt_texts", lambda _: texts)
    monkeypatch.setattr("pipeline.loadtest._wall_open.prompt_reader", lambda *_: reader)
    bench = bench_of(params_of(through.root), through.workload, small_fleet())
    with running(small_fleet(), recorded(through.workload, texts)) as gateway:
        dump_fleet(gateway.fleet.params, tmp_path / "fleet.yaml")
        front = open_fleet(bench, tmp_path / "fleet.yaml", HttpParams())
        told, simulated = front.run(ONE).rows, through.simulated(ONE)
    for column in (*SEEN, "instance", "output_tokens", "quality"):
        assert told[column].equals(simulated[column]), column
    assert (told["t_issued"] >= told["t_scheduled"]).all()
    assert len({front.key(CELL), bench.key(CELL), front.key(ONE)}) == 3


def test_a_cell_waits_for_the_rest_of_the_one_before() -> None:
    counts, slept = iter([3, 1, 0]), list[float]()
    wait_idle(lambda: next(counts), 10.0, clock=lambda: 0.0, sleep=slept.append)
    assert len(slept) == 2
    ticks = iter(range(100))
    with pytest.raises(EndpointError, match="2 requests are still under way in the fleet after 3"):
        wait_idle(lambda: 2, 3.0, clock=lambda: float(next(ticks)), sleep=slept.append)


class Counting:
    """A front that serves one row per cell, late where it is told to be."""

    def __init__(self, late: float = 0.0) -> None:
        self.late, self.served = late, list[Cell]()

    def key(self, cell: Cell) -> str:
        return f"{cell.arm}-{cell.seed}"

    def run(self, cell: Cell) -> Served:
        from tests.reporting_rows import request, requests_frame

        self.served.append(cell)
        row = request(arm=cell.arm, seed=cell.seed, t_issued=1.0 + self.late)
        return Served(requests_frame([row]))


def sweep(front: Counting, cells: list[Cell], params: Params, kept: Path) -> list[pl.DataFrame]:
    return [one.rows for one in sweep_over_http(front, cells, params.loadtest, kept, 1)]


def test_a_sweep_is_interleaved_and_pays_no_cell_twice(params: Params, tmp_path: Path) -> None:
    cells = [Cell(arm, 6.0, seed) for seed in (1, 2) for arm in ("random", "round_robin")]
    first, second = Counting(), Counting()
    assert sweep(first, cells[:3], params, tmp_path)
    rows = sweep(second, cells, params, tmp_path)
    assert second.served == cells[3:]
    assert [one["arm"][0] for one in rows] == [cell.arm for cell in cells]
    third = Counting()
    sweep(third, cells, params, tmp_path / "other")
    assert [cell.arm for cell in third.served] == ["random", "round_robin", "round_robin", "random"]


def test_a_late_cell_is_refused_and_not_kept(params: Params, tmp_path: Path) -> None:
    late, cell = Counting(late=0.5), Cell("random", 6.0, 1)
    with pytest.raises(DataError, match="the client was late: 1 of 1"):
        sweep(late, [cell], params, tmp_path)
    assert not list(tmp_path.iterdir())
    served = kept_cell(late, cell, tmp_path, params.loadtest.http, keep_late=True)
    assert served.rows.height == 1
    assert not list(tmp_path.iterdir())


def test_a_traffic_that_only_a_simulation_has_is_refused(params: Params, tmp_path: Path) -> None:
    front = Counting()
    faulty = next(name for name, one in params.loadtest.traffic.items() if one.faults or one.change)
    with pytest.raises(ParamsError, match="only a simulated fleet follows"):
        sweep(front, [Cell("random", 6.0, 1), Cell("random", 6.0, 1, faulty)], params, tmp_path)
    assert not front.served
