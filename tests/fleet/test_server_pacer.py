"""One engine on a clock that is moved by hand: what is written when, and what is counted."""

import asyncio
from collections.abc import Callable

import pytest

from pipeline.fleet import FaultEvent, Instance, Sequence, StepTime
from pipeline.fleet.server._clock import Clock
from pipeline.fleet.server._events import Answer, EventWriter
from pipeline.fleet.server._lag import LagRecord, lag_quantile
from pipeline.fleet.server._metrics import Counts
from pipeline.fleet.server._pacer import Pacer
from pipeline.fleet.server._replies import Reply
from pipeline.fleet.server._ticket import Ticket


class HandClock(Clock):
    """Engine time is what it is set to, and no timer comes to its end."""

    at = 0.0

    def now(self) -> float:
        return self.at

    def delay(self, at: float) -> float:
        return 1e6


class Wire(asyncio.WriteTransport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.chunks.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def make(*faults: FaultEvent, speed: float = 1.0) -> tuple[Pacer, HandClock, LagRecord]:
    """One instance whose iterations take 10 ms and hold 64 tokens."""
    step = StepTime.simple(a=10.0, b=0.0, c=0.0, d=0.0)
    engine = Instance(step, 1600, 4, 64, record_tokens=True)
    clock, lags = HandClock(speed), LagRecord()
    return Pacer(engine, clock, list(faults), lambda: Counts(1000, speed), lags), clock, lags


def paced(work: Callable[[Pacer, HandClock], None], *faults: FaultEvent) -> None:
    """Run a test on that instance."""

    async def run() -> None:
        pacer, clock, _ = make(*faults)
        work(pacer, clock)
        pacer.close()

    asyncio.run(run())


def ticket(number: int, prompt: int, output: int, reset_after: int | None = None) -> Ticket:
    """A streamed request, whose tokens read a, b, c and so on."""
    pieces = [bytes([97 + i]) for i in range(output)]
    events = EventWriter(Answer(False, "x", 0, "m", "f", prompt), False, False)
    sequence = Sequence(number, prompt, output, float(output), 0.0)
    made = Ticket(sequence, Reply(pieces, True, "generated"), output, events, reset_after)
    made.transport = Wire()
    return made


def texts(made: Ticket) -> list[list[str]]:
    """Text of every token, by chunk written."""
    assert isinstance(made.transport, Wire)
    return [
        [part.split('"')[0] for part in chunk.decode().split('"text":"')[1:]]
        for chunk in made.transport.chunks
    ]


def test_tokens_are_written_when_they_are_due_and_not_before() -> None:
    def work(pacer: Pacer, clock: HandClock) -> None:
        made = ticket(0, 10, 4)
        pacer.submit(made)
        for clock.at, written in (
            (0.0099, []),
            (0.0101, [["a"]]),
            (0.0199, [["a"]]),
            (0.0301, [["a"], ["b", "c"]]),  # two that are due go out as one chunk
            (0.0401, [["a"], ["b", "c"], ["d"]]),
        ):
            pacer.catch_up()
            assert texts(made) == written
        assert made.ended.result()

    paced(work)


def test_the_lag_is_from_the_engine_time_to_the_write() -> None:
    async def run() -> None:
        pacer, clock, lags = make(speed=2.0)
        clock.began -= 3.0  # the wall is 3 s on, and the token was due 0.005 s after the start
        pacer.submit(ticket(0, 10, 1))
        clock.at = 0.010
        pacer.catch_up()
        found = lag_quantile(lags.counts(), 1.0)
        assert found is not None
        assert found >= 2.99

    asyncio.run(run())


def test_waiting_counts_as_queue_time() -> None:
    """A and B come together: 100 tokens of A take 64 and 36, so B is first served at 10 ms."""

    def work(pacer: Pacer, clock: HandClock) -> None:
        pacer.submit(ticket(0, 100, 1))
        clock.at = 0.004
        pacer.submit(ticket(1, 20, 1))
        clock.at = 0.1
        pacer.catch_up()
        assert pacer.counts.queue.total == pytest.approx(0.006)
        assert pacer.counts.prefill.total == pytest.approx(0.020 + 0.010)
        assert pacer.counts.ttft.total == pytest.approx(0.020 + 0.016)

    paced(work)


def test_faults_happen_at_their_time_however_late_the_timer() -> None:
    def work(pacer: Pacer, clock: HandClock) -> None:
        made = ticket(0, 10, 20)
        pacer.submit(made)
        clock.at = 5.0
        pacer.catch_up()
        assert not made.ended.result()
        assert sum(map(len, texts(made))) == 3  # what came before the crash at 35 ms
        assert pacer.up
        assert pacer.in_flight == 0
        assert pacer.counts.generation_tokens == 0
        assert pacer.telemetry().kv_utilisation == 0

    paced(work, FaultEvent(0.035, 0, "crash"), FaultEvent(1.0, 0, "restart"))


def test_a_reset_writes_its_tokens_and_no_more_even_in_one_go() -> None:
    def work(pacer: Pacer, clock: HandClock) -> None:
        made = ticket(0, 10, 20, reset_after=2)
        pacer.submit(made)
        clock.at = 0.075
        pacer.catch_up()
        assert [text for chunk in texts(made) for text in chunk] == ["a", "b"]
        assert not made.ended.result()
        clock.at = 0.085
        pacer.catch_up()
        assert pacer.in_flight == 0  # it left at the end of the iteration under way
        assert pacer.counts.success["abort"] == 1

    paced(work)
