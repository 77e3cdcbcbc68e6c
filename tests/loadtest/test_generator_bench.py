"""The benchmark of load generators: what is read off a run, and that the stub tells the truth."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks._loadgen_measure import Measured, _window
from benchmarks._loadgen_tools import PEERS, TOOLS, Job, Tool
from benchmarks._stub import TOKENS, Answered, stub
from benchmarks.loadgen import Runs, chosen, figures
from pipeline.errors import UnknownNameError
from pipeline.loadtest.generator import Call, Target, run_open


def test_rate_and_cpu_are_of_the_middle_of_a_run() -> None:
    # 21 answers a tenth of a second apart, after a second of start; half a core at work since then,
    # two cores before it.
    answers = [Answered(0.0, 0.0, 1.0 + 0.1 * i) for i in range(21)]
    samples = np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 3.5]])
    rate, cpu_ms = _window(answers, samples)
    assert rate == pytest.approx(10.0)
    assert cpu_ms == pytest.approx(50.0)


def test_figures_are_medians_and_say_what_is_measured() -> None:
    vllm, locust = (
        next(tool for tool in PEERS if tool.name == n) for n in ("vllm bench", "locust")
    )
    closed = [Measured(rate, 0.5, 1.0, 0.0, 0.0) for rate in (900.0, 1000.0, 400.0)]
    paced = [Measured(60.0, 2.0, 1.5, 35.0, -33.0)]
    told = figures(vllm, Runs(closed, paced))
    assert (told["max_req_per_s"], told["rates"]) == (900.0, [400.0, 1000.0])
    assert (told["ttft_error_ms"], told["ttft_error_to_what_it_counts_ms"]) == (33.5, 1.5)
    assert figures(locust, Runs(closed))["ttft_error_ms"] is None


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'aiperf'"):
        chosen("aiperv")
    assert [tool.name for tool in chosen("locust, aiperf")] == ["locust", "aiperf"]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_commands_name_the_server_and_the_requests(tool: Tool, tmp_path: Path) -> None:
    job = Job("http://127.0.0.1:9", 77, tmp_path)
    for command in (tool.closed, tool.opened):
        if command is not None:
            told = " ".join([*command(job), *tool.variables(job).values()])
            assert job.url in told
            assert "77" in told


@pytest.mark.slow
def test_the_stub_says_when_it_sent_what() -> None:
    body = b'{"stream": true}'
    with stub("--first-ms", "20", "20", "--gap-ms", "1") as served:
        sent = run_open([Call(i, 0.01 * i, body) for i in range(5)], Target(served.url))
    assert {one.outcome for one in sent} == {"ok"}
    assert {one.tokens for one in sent} == {TOKENS}
    assert len(served.answers) == 5
    assert all(true.first - true.received >= 0.019 for true in served.answers)
    assert all(true.first < true.done for true in served.answers)
    # A client sends before it is received, and sees after it was sent.
    seen = sum((one.first_token or 0.0) - one.issued for one in sent)
    assert seen >= sum(true.first - true.received for true in served.answers)
    ended = sum((one.last_token or 0.0) - one.issued for one in sent)
    assert ended >= sum(true.done - true.received for true in served.answers)
