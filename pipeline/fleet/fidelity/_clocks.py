"""The two clocks against each other: the same requests, emulated over HTTP and simulated."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import EndpointError
from pipeline.fleet._replay import replay
from pipeline.fleet._tier import Fleet
from pipeline.fleet.live import Answered, Client, Spread, draw_lengths, draw_prompt
from pipeline.fleet.server import Emulator, Settings
from pipeline.params import ClockParams, FleetParams
from pipeline.streams import stream

__all__ = ["clock_table"]

Floats = NDArray[np.float64]


def clock_table(fleet: FleetParams, params: ClockParams, seed: int) -> pl.DataFrame:
    """Mean TTFT, TPOT and E2E on both clocks, engine seconds, and the difference in percent.

    Every instance is served over HTTP on a free port of this machine, and asked in turn. The
    virtual clock gets the requests at the times at which they were really sent, so what is left is
    the way to the server and back, and how late either side was.

    Args:
        fleet: what to serve; declared faults and endpoints are left out.
        params: how many requests, how fast.
        seed: base seed.

    Raises:
        EndpointError: a request was not answered.
    """
    healthy = fleet.model_copy(update={"faults": (), "endpoints": {}})
    sent, prompt, answers = asyncio.run(_emulated(healthy, params, seed))
    ttft, tpot, e2e = _latencies(sent, answers, params.speed)
    laid_out = Fleet.of(healthy)
    count = len(laid_out.names)
    steps, limits = zip(*map(laid_out.step_and_limits, range(count)), strict=True)
    output = np.array([answer.reply.counts[-1] for answer in answers])
    instances = np.arange(sent.size) % count
    order = np.argsort(sent, kind="stable")
    found = replay(
        list(steps), list(limits), instances[order], sent[order], prompt[order], output[order]
    )
    first, done = (times - sent[order] for times in (found.first_token, found.done))
    simulated = (first, (done - first) / np.maximum(output[order] - 1, 1), done)
    rows = []
    for name, ours, clock in zip(
        ("TTFT", "TPOT", "E2E"), simulated, (ttft, tpot, e2e), strict=True
    ):
        mean, wall = float(ours.mean()), float(clock.mean())
        rows.append((name, mean, wall, 100 * (wall / mean - 1), sent.size, params.speed))
    columns = ("metric", "simulated_s", "emulated_s", "difference_percent", "requests", "speed")
    return pl.DataFrame(rows, schema=columns, orient="row")


async def _emulated(
    fleet: FleetParams, params: ClockParams, seed: int
) -> tuple[Floats, NDArray[np.int64], list[Answered]]:
    """Send the requests; return when each was sent (engine s), its prompt tokens, and answers."""
    draw = stream(seed, "clocks")
    prompt, output = draw_lengths(Spread((16, 256), (16, 96)), params.requests, draw)
    texts = [draw_prompt(int(tokens), 1.0, draw) for tokens in prompt]
    scheduled = np.cumsum(draw.exponential(1 / (params.rate * params.speed), params.requests))
    models = Fleet.of(fleet).models
    async with Emulator(fleet, Settings(speed=params.speed), "127.0.0.1", 0) as emulator:
        clients = [Client(url) for url in emulator.urls.values()]
        for client in clients:
            await client.__aenter__()
        begun = time.monotonic()

        async def ask(k: int) -> Answered:
            await asyncio.sleep(begun + scheduled[k] - time.monotonic())
            i = k % len(clients)
            return await clients[i].ask(models[i], texts[k], int(output[k]))

        answers = await asyncio.gather(*(ask(k) for k in range(params.requests)))
        for client in clients:
            await client.__aexit__(None, None, None)
    _all_answered(answers)
    sent = np.array([answer.sent - begun for answer in answers]) * params.speed
    counted = np.array([answer.reply.prompt_tokens for answer in answers], np.int64)
    return sent, counted, answers


def _all_answered(answers: list[Answered]) -> None:
    for answer in answers:
        if answer.outcome != "ok":
            raise EndpointError(f"the emulated fleet did not answer: {answer.reason}")


def _latencies(sent: Floats, answers: list[Answered], speed: float) -> Iterator[Floats]:
    """TTFT, TPOT and E2E in engine seconds; (n,) each."""
    wall = np.array([answer.sent for answer in answers])
    first = np.array([answer.reply.times[0] for answer in answers])
    last = np.array([answer.reply.times[-1] for answer in answers])
    gaps = np.array([max(1, answer.reply.counts[-1] - 1) for answer in answers])
    yield (first - wall) * speed
    yield (last - first) * speed / gaps
    yield (last - wall) * speed
