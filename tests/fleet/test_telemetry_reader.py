"""Readers against servers on the loopback interface that answer, stall, lie, go and come back."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry import FleetReader, Observed, PollRule
from tests.page_server import PageServer
from tests.stub_server import Reply
from tests.vllm_pages import V0_19, V0_33

RULE = PollRule(
    period=0.02,
    timeout=0.3,
    stale_after=0.2,
    unreachable_after=2,
    backoff_first=0.02,
    backoff_longest=0.1,
    jitter=0.5,
)
METRICS = Reply(body=V0_19, content_type="text/plain")


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def until(reader: FleetReader, holds: Callable[[list[Observed]], bool]) -> list[Observed]:
    """Look until it holds; the limit only ends a test that would never end."""
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(20):
        while not holds(view := reader.view(clock())):
            await asyncio.sleep(0.005)
    return view


def watch(
    endpoints: dict[str, str], holds: Callable[[list[Observed]], bool], rule: PollRule = RULE
) -> list[Observed]:
    """Read a fleet until it holds."""

    async def run() -> list[Observed]:
        async with FleetReader(endpoints, rule, seed=1) as reader:
            return await until(reader, holds)

    return asyncio.run(run())


def states(view: list[Observed]) -> list[str]:
    return [seen.state for seen in view]


def test_reads_a_fleet_in_declared_order() -> None:
    other = Reply(body=V0_33, content_type="text/plain")
    with PageServer({"/metrics": METRICS}) as one, PageServer({"/metrics": other}) as two:
        endpoints = {"b-0": one.url, "a-0": f"{two.url}/v1/"}
        view = watch(endpoints, lambda view: states(view) == ["fresh", "fresh"])
    assert [seen.name for seen in view] == ["b-0", "a-0"]
    assert [seen.sample and seen.sample.engines for seen in view] == [1, 2]
    assert all(seen.age_s is not None and 0 <= seen.age_s <= 0.2 for seen in view)


def test_nothing_is_known_before_the_first_answer() -> None:
    async def run() -> list[Observed]:
        async with FleetReader({"a-0": "http://127.0.0.1:9"}, RULE, seed=1) as reader:
            return reader.view(asyncio.get_running_loop().time())

    (seen,) = asyncio.run(run())
    assert (seen.state, seen.sample, seen.age_s) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=503), "answered HTTP 503"),
        (Reply(body="<html>"), "is not Prometheus text"),
        (Reply(body="up 1\n"), "none of vLLM's metrics"),
        (Reply(body=V0_19, delay_s=5.0), "did not answer within 0.3 s"),
    ],
)
def test_a_wrong_answer_is_no_answer(reply: Reply, said: str) -> None:
    with PageServer({"/metrics": reply}) as server:
        (seen,) = watch({"a-0": server.url}, lambda view: states(view) == ["unreachable"])
    assert seen.error is not None
    assert said in seen.error
    assert seen.sample is None
    assert seen.failures >= 2


def test_refused_connection() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    (seen,) = watch({"a-0": url}, lambda view: states(view) == ["unreachable"])
    assert seen.error == f"{url}/metrics cannot be reached: connection refused"


def test_goes_and_comes_back() -> None:
    """While it is gone its last sample stays and ages; it never looks idle."""

    async def run() -> None:
        server = PageServer({"/metrics": METRICS})
        server.__enter__()
        async with FleetReader({"a-0": server.url}, RULE, seed=1) as reader:
            await until(reader, lambda view: states(view) == ["fresh"])
            await asyncio.to_thread(server.__exit__)
            (gone,) = await until(reader, lambda view: states(view) == ["unreachable"])
            assert gone.sample is not None
            assert gone.sample.running == 3
            (older,) = await until(reader, lambda view: view[0].failures >= gone.failures + 2)
            assert older.age_s is not None
            assert gone.age_s is not None
            assert older.age_s > gone.age_s
            assert older.since == gone.since
            with PageServer({"/metrics": METRICS}, port=server.port):
                (back,) = await until(reader, lambda view: states(view) == ["fresh"])
            assert back.failures == 0
            assert back.error is None

    asyncio.run(run())


def test_a_server_that_stalls_goes_stale_first() -> None:
    patient = PollRule(period=0.02, timeout=30.0, stale_after=0.1)
    replies = iter([METRICS])

    def page() -> Reply:
        return next(replies, Reply(body=V0_19, delay_s=30.0))

    with PageServer({"/metrics": page}) as server:
        (seen,) = watch({"a-0": server.url}, lambda view: states(view) == ["stale"], patient)
    assert seen.sample is not None
    assert seen.failures == 0


def test_malformed_url_is_refused_at_once() -> None:
    with pytest.raises(EndpointError, match="http://HOST:PORT is accepted"):
        watch({"a-0": "gpu-1:8000"}, lambda view: True)
