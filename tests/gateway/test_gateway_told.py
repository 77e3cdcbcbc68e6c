"""What the gateway tells of itself: metrics, traces and the log, and never what is secret."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import ParamsError
from pipeline.gateway import Access, Keys
from pipeline.gateway._log import TraceLog
from pipeline.rows import REQUESTS
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import Rig, behind, until

SECRET = "swordfish-4711"
BESIDE = {"number", "attempts", "decided_s", "dispatched_s", "first_token_s"}


def samples(page: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by sample name and labels, as the Prometheus parser reads them."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            key = tuple(f"{k}={v}" for k, v in sorted(one.labels.items()))
            found.setdefault(one.name, {})[key] = one.value
    return found


def test_a_trace_speaks_in_columns_of_the_rows_and_in_order_of_time() -> None:
    async def work(rig: Rig) -> None:
        told = await rig.chat("How many?", stream=True, routebalance={"trace": True})
        trace = told.trace
        columns = {column.name for column in REQUESTS.columns}
        assert set(trace) - columns <= BESIDE
        assert 0 < trace["decided_s"] <= trace["dispatched_s"] <= trace["first_token_s"]
        assert trace["decision_ms"] <= 1e3 * trace["decided_s"]
        assert (trace["arm"], trace["attempts"], trace["batch_size"]) == ("fused", 1, 1)
        assert trace["model"] == json.loads(told.body.split(b"\n")[0][6:])["model"]
        assert trace["prompt_tokens"] == 3  # "how many ?" times 0.93
        assert trace["predicted_quality_low"] <= trace["predicted_quality"] <= 1
        assert trace["predicted_length_low"] <= trace["predicted_length_high"]
        assert trace["predicted_e2e"] > 0
        assert trace["telemetry_age_s"] < 5
        assert (await rig.get("/admin/state")).json["label"] == "emulated"
        assert "x-routebalance-trace" not in (await rig.chat()).headers

    behind(work, arm="fused")


def test_an_arm_that_reads_nothing_predicts_nothing() -> None:
    async def work(rig: Rig) -> None:
        trace = (await rig.chat(routebalance={"trace": True})).trace
        predicted = {key: value for key, value in trace.items() if key.startswith("predicted")}
        assert predicted
        assert set(predicted.values()) == {None}

    behind(work)


def test_the_log_has_a_line_per_request_however_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    faults = [
        {"instance": "large-0", "kind": "error", "from_s": 0.0, "to_s": 1e6, "share": 1.0},
    ]

    async def work(rig: Rig) -> None:
        headers = {"Authorization": f"Bearer {SECRET}"}
        body: dict[str, Any] = {"messages": [{"role": "user", "content": f"say {SECRET}"}]}
        body |= {"max_tokens": 4}
        path = "/v1/chat/completions"
        assert (await rig.post(path, body | {"model": "emu-small"}, **headers)).status == 200
        assert (await rig.post(path, body | {"model": "emu-large"}, **headers)).status == 502
        asked = body | {"model": "emu-small", "max_tokens": 5000}
        gone = asyncio.create_task(rig.post(path, asked, **headers))
        await until(lambda: rig.gateway.router.ledger.in_flight == 1)
        gone.cancel()
        await until(lambda: rig.gateway.relay.under_way == 0)
        assert SECRET not in await rig.metrics()
        assert SECRET not in (await rig.get("/admin/state", **headers)).body.decode()

    fleet = small_fleet(*faults)
    served = {"speed": 20.0, "output_tokens": 5000}
    behind(work, fleet, served=served, trace_log=file, access=Access(Keys([SECRET])))
    text = file.read_text()
    assert SECRET not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["number"], line["http"], line["outcome"]) for line in lines] == [
        (0, 200, "ok"), (1, 502, "failed"), (2, None, "cancelled"),
    ]  # fmt: skip
    assert [line["output_tokens"] for line in lines] == [4, 0, 0]
    assert lines[1]["failure"] == "it answered HTTP 500"
    assert lines[0]["first_token_s"] <= lines[0]["done_s"]


def test_the_numbers_add_up() -> None:
    async def work(rig: Rig) -> None:
        for _ in range(5):
            await rig.chat(stream=True, max_tokens=8)
        await rig.chat(model="nobody")
        found = samples(await rig.metrics())
        total = found["routebalance_requests_total"]
        assert total == {("arm=fused", "http=200", "outcome=ok"): 5.0}
        for name in ("wait_seconds", "decision_seconds", "batch_size"):
            assert found[f"routebalance_{name}_count"] == {("arm=fused",): 5.0}
        for name in (
            "ttft_seconds",
            "ttft_error",
            "e2e_error",
            "length_error",
            "predicted_quality",
        ):
            assert sum(found[f"routebalance_{name}_count"].values()) == 5
        assert sum(found["routebalance_output_tokens_total"].values()) == 40
        # Predicted, 20 to 60, less actual, which is 8 tokens.
        errors = found["routebalance_length_error_bucket"]
        assert sum(value for key, value in errors.items() if "le=0.0" in key) == 0
        assert sum(value for key, value in errors.items() if "le=100.0" in key) == 5
        assert set(found["routebalance_ledger_error"]) == {
            (f"instance={name}",) for name in rig.gateway.fleet.names
        }
        assert set(found["routebalance_in_flight"].values()) == {0.0}

    behind(work, arm="fused")


def test_the_ledger_error_is_what_is_believed_less_what_is_reported() -> None:
    async def work(rig: Rig) -> None:
        url = rig.emulator.urls["large-0"] + "/v1/chat/completions"
        body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 5000}
        other = asyncio.create_task(rig.session.post(url, json=body))

        def seen() -> Any:
            [*_, large] = rig.gateway.status._telemetry.view(0.0)
            return large.sample.running

        await until(lambda: bool(seen() == 1))
        # Somebody else's request: the ledger knows of it from the telemetry alone.
        await rig.chat()
        found = samples(await rig.metrics())
        assert found["routebalance_ledger_error"]["instance=large-0",] == 0
        believed = (await rig.get("/admin/state")).json["instances"][2]["queue_believed"]
        assert believed == 1
        other.cancel()

    behind(work, served={"speed": 2.0, "output_tokens": 5000})


def test_a_log_that_cannot_be_written_costs_no_request(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(ParamsError, match="cannot be written"), TraceLog(tmp_path):
        pass
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")

    async def work(rig: Rig) -> None:
        assert [(await rig.chat()).status for _ in range(3)] == [200, 200, 200]
        assert "routebalance_trace_lines_lost 3.0" in await rig.metrics()

    behind(work, trace_log=full)
    assert capsys.readouterr().err.count("cannot be written") == 1
