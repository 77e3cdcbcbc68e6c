"""Hard caps: nothing starts that could pass one; what was paid is kept, and a sentence says so."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collecting._purse import Purse
from pipeline.errors import CapError
from pipeline.journal import Journal
from pipeline.stage import exit_on_error
from tests.collecting.chat_stub import ChatStub, Said
from tests.collecting.live_cases import collected, live, prompts

# A prompt of 9 bytes may be 9 + 64 tokens, and 16 may come: 89 at most, at 1000 USD a million.
WORST_USD = 0.089
ACTUAL_USD = 0.015  # 11 and 4 tokens, as the stub reports
PRICES: dict[str, Any] = {"price_in": 1000.0, "price_out": 1000.0}
TEXTS = [f"prompt {number:02}" for number in range(20)]


def test_the_worst_case_of_the_next_request_decides(tmp_path: Path) -> None:
    with ChatStub() as stub:
        settings = live(stub.url, PRICES | {"concurrency": 1}, max_usd=0.2)
        with pytest.raises(CapError) as caught:
            collected(prompts(*TEXTS), settings, tmp_path)
        # After n answers 0.015 n is spent, and the next may cost 0.089: it starts up to n = 7.
        assert 7 * ACTUAL_USD + WORST_USD <= 0.2 < 8 * ACTUAL_USD + WORST_USD
        assert len(stub.bodies) == 8
        assert str(caught.value) == (
            "collect.live.max_usd 0.2 ended the run: 8 requests were sent for 0.12 USD, all "
            "answers are kept, 12 are open; raise the cap, or run it again to go on with as much "
            "again"
        )
        with Journal(tmp_path / "collect.sqlite") as journal:
            assert len(journal) == 8
        with pytest.raises(CapError, match="4 are open"):
            collected(prompts(*TEXTS), settings, tmp_path)
        rows = collected(prompts(*TEXTS), settings, tmp_path)
    assert rows["status"].to_list() == ["ok"] * 20
    assert sorted(stub.prompts) == TEXTS


def test_requests_under_way_are_waited_for_before_a_run_ends(tmp_path: Path) -> None:
    with ChatStub(lambda *_: Said(pause_s=0.02)) as stub:
        # Two worst cases fit at once, so two are under way although eight might be.
        settings = live(stub.url, PRICES, max_usd=0.2)
        with pytest.raises(CapError, match=r"8 requests were sent for 0\.12 USD"):
            collected(prompts(*TEXTS), settings, tmp_path)
    assert stub.most_at_once == 2
    assert len(stub.finished) == 8


def test_a_broken_stream_is_taken_for_its_worst_case(tmp_path: Path) -> None:
    def script(number: int, _: object) -> Said:
        return Said(reset=True) if number == 0 else Said()

    with ChatStub(script) as stub:
        settings = live(stub.url, PRICES | {"concurrency": 1}, max_usd=0.2)
        with pytest.raises(CapError, match=r"3 requests were sent for 0\.119 USD"):
            collected(prompts(*TEXTS), settings, tmp_path)


def test_a_refused_request_costs_nothing(tmp_path: Path) -> None:
    def script(number: int, _: object) -> Said:
        return Said(status=503) if number == 0 else Said()

    with ChatStub(script) as stub:
        settings = live(stub.url, PRICES | {"concurrency": 1}, max_usd=0.2)
        with pytest.raises(CapError, match=r"9 requests were sent for 0\.12 USD"):
            collected(prompts(*TEXTS), settings, tmp_path)


def test_requests_are_counted_with_those_sent_again(tmp_path: Path) -> None:
    def script(number: int, _: object) -> Said:
        return Said(status=503) if number == 0 else Said()

    with ChatStub(script) as stub:
        settings = live(stub.url, {"concurrency": 1}, max_requests=5)
        with pytest.raises(CapError) as caught:
            collected(prompts(*TEXTS), settings, tmp_path)
        assert len(stub.bodies) == 5
    said = str(caught.value)
    assert said.startswith("collect.live.max_requests 5 ended the run: 5 requests were sent for")
    assert "4 of them at an unknown price" in said
    assert "16 are open" in said


def test_a_cap_that_suffices_is_not_noticed(tmp_path: Path) -> None:
    with ChatStub() as stub:
        settings = live(stub.url, PRICES, max_usd=20 * WORST_USD, max_requests=20)
        rows = collected(prompts(*TEXTS), settings, tmp_path)
    assert rows["status"].to_list() == ["ok"] * 20


def test_a_cap_ends_a_command_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatStub() as stub:
        settings = live(stub.url, max_requests=1)
        with pytest.raises(SystemExit) as ended:
            exit_on_error(lambda: collected(prompts(*TEXTS), settings, tmp_path))
    assert ended.value.code == 2
    assert "error: collect.live.max_requests 1 ended the run" in capsys.readouterr().err


def test_an_unknown_price_never_counts_as_zero_under_a_cap() -> None:
    with pytest.raises(ValueError, match="needs a price"):
        asyncio.run(Purse(1.0, None).hold(None))


@given(
    requests=st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)), max_size=25),
    most=st.integers(1, 30),
    cap=st.floats(0.1, 5.0),
)
def test_neither_cap_is_ever_passed(
    requests: list[tuple[float, float]], most: int, cap: float
) -> None:
    async def run() -> Purse:
        purse = Purse(cap, most)

        async def ask(worst: float, share: float) -> None:
            if await purse.hold(worst):
                await asyncio.sleep(0)
                await purse.settle(worst, worst * share)

        await asyncio.gather(*(ask(*request) for request in requests))
        return purse

    purse = asyncio.run(run())
    assert purse.spent_usd <= cap * (1 + 1e-12)
    assert purse.requests <= min(most, len(requests))
    assert (purse.capped is None) == (purse.requests == len(requests))
