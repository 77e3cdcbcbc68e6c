"""Cells through a gateway: the simulated cell's requests, each one row, whatever happens."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import EndpointError, ParamsError
from pipeline.gateway import Access, read_keys
from pipeline.gateway import Settings as Limits
from pipeline.loadtest import Cell, Workload, summary
from pipeline.loadtest.served import open_fleet, open_gateway
from pipeline.minilm import count_tokens
from pipeline.params import (
    ClosedParams,
    HttpParams,
    ObjectiveParams,
    Params,
    dump_fleet,
)
from pipeline.rows import REQUESTS as REQUESTS_ROWS
from pipeline.schema import read_rows
from pipeline.stage import Paths
from pipeline.workload.collect import TOKENS_PER_WORDPIECE
from stages import loadtest as stage
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import make_reader
from tests.loadtest.through_gateway import (
    CELL,
    CLAMPED,
    ONE,
    RATE,
    REQUESTS,
    Through,
    bench_of,
    params_of,
    recorded,
    running,
)

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


def test_what_a_call_without_an_answer_cost_is_unknown(through: Through) -> None:
    hung = [
        {"instance": name, "kind": "stall", "from_s": 0.0, "to_s": 1e6}
        for name in small_fleet().instance_names
    ]
    told = through.run(fleet=small_fleet(*hung), http={"timeout_s": 0.5}).rows
    assert told["request_id"].to_list() == list(range(REQUESTS))
    assert set(told["status"]) == {"failed"}
    assert told["cost_usd"].null_count() == REQUESTS
    assert any(f"{told['measured'].sum()} of unknown cost" in line for line in summary(told))


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
    with pytest.raises(EndpointError, match="variable NO_KEY is not set"):
        through.run(http={"key_variable": "NO_KEY"})


def test_predictors_that_change_under_a_run_end_it(through: Through) -> None:
    params = params_of(through.root)
    answers = recorded(through.workload, through.texts)
    bench = bench_of(params, through.workload, small_fleet())
    with running(small_fleet(), answers) as gateway:
        front = open_gateway(bench, HttpParams(url=gateway.url))
        later = replace(front, state=replace(front.state, contents={"quality": "of before"}))
        assert front.key(CELL) != later.key(CELL)
        with pytest.raises(EndpointError, match="serves other predictors"):
            later.run(CELL)


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


def test_the_stage_runs_its_grid_through_the_gateway(
    through: Through, params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload, fleet = through.workload, small_fleet()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "stages.loadtest.open_bench", lambda told: bench_of(told.loadtest, workload, fleet)
    )
    grid = {"rates": (RATE,), "seeds": (1, 2), "traffic": {}, "steady_arms": ("large",)}
    with running(fleet, recorded(workload, through.texts)) as gateway:
        # However late this machine is, the stage is what is tested here.
        http = HttpParams(url=gateway.url, max_late_share=1.0)
        load = params_of(through.root, over="gateway", http=http, **grid)
        stage.main(params.model_copy(update={"loadtest": load}))
    rows = read_rows(Paths.REQUESTS, REQUESTS_ROWS)
    assert rows.group_by("arm", "seed").len()["len"].to_list() == [REQUESTS] * 2
    assert rows["label"].unique().to_list() == ["emulated"]
    assert len(list((Paths.KEPT / "loadtest").glob("*.parquet"))) == 2
