"""Faults of instances behind a gateway, each in the middle of steady traffic. Label: emulated."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import aiohttp
import numpy as np

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_rig import QUEUE, SERVES_PER_S, Rig, open_rig
from benchmarks._faults_traffic import Traffic, back_after, body, summed_up

__all__ = ["WIRE_FAULTS", "overload", "try_fault"]

RATE = SERVES_PER_S / 3
BEGINS_S, LASTS_S, RESTS_S = 1.5, 3.5, 3.0

Act = Callable[[Rig], None]


@dataclass(frozen=True)
class WireFault:
    """What happens to an instance, and how it ends."""

    name: str
    done: str
    begin: Act
    end: Act


def _sick(fault: str) -> Act:
    return lambda rig: rig.ill(fault)


def _all_sick(fault: str) -> Act:
    return lambda rig: rig.ill(fault, *rig.instances)


WIRE_FAULTS = (
    WireFault(
        "killed",
        "SIGKILL of 1 of 3 instances, started again after 3.5 s",
        lambda rig: rig.victim.kill(),
        lambda rig: rig.victim.start(),
    ),
    WireFault(
        "hung",
        "SIGSTOP of 1 of 3 instances for 3.5 s",
        lambda rig: rig.victim.signal(signal.SIGSTOP),
        lambda rig: rig.victim.signal(signal.SIGCONT),
    ),
    WireFault("slow", "0.15 s more for each piece of 1 of 3", _sick("slow"), _sick("")),
    WireFault("5xx", "1 of 3 answers everything with 500 for 3.5 s", _sick("error"), _sick("")),
    WireFault("reset", "1 of 3 resets every stream after 3 pieces", _sick("reset"), _sick("")),
    WireFault("telemetry of one", "/metrics of 1 of 3 resets for 3.5 s", _sick("deaf"), _sick("")),
    WireFault("telemetry of all", "/metrics of 3 of 3 resets", _all_sick("deaf"), _all_sick("")),
)


def try_fault(fault: WireFault, seconds: float) -> Outcome:
    """Serve steady traffic for so long, with a fault in it."""
    with open_rig() as rig:
        traffic = Traffic(rig, [number / RATE for number in range(int(RATE * seconds))])
        traffic.wait_until(BEGINS_S)
        fault.begin(rig)
        traffic.wait_until(BEGINS_S + LASTS_S)
        fault.end(rig)
        ended_s = time.monotonic() - traffic.began
        sent = traffic.ended()
        outcome = summed_up(fault.name, fault.done, traffic, sent)
    back = back_after(traffic, sent, ended_s)
    if back is None:
        outcome.broken.append("the instance was not used again")
    return replace(outcome, recovered_s=back)


def overload(seconds: float) -> Outcome:
    """Ten times what the instances can serve for 2 s, between stretches of steady traffic."""
    steady = np.arange(0.0, seconds, 1 / RATE)
    surge = np.arange(BEGINS_S, BEGINS_S + 2.0, 0.1 / SERVES_PER_S)
    with open_rig() as rig:
        traffic = Traffic(rig, np.sort([*steady, *surge]).tolist())
        traffic.wait_until(BEGINS_S + 1.0)
        waits = asyncio.run(_refusals(rig.gateway.url))
        sent = traffic.ended()
        done = f"{10 * SERVES_PER_S:.0f} req/s for 2 s where {SERVES_PER_S:.0f} can be served"
        outcome = summed_up("overload", f"{done}, a queue of {QUEUE}", traffic, sent)
    calm = BEGINS_S + 2.0 + RESTS_S
    before, after = (
        [one for one in sent if one.scheduled < BEGINS_S],
        [one for one in sent if one.scheduled > calm],
    )
    if not waits or None in waits:
        outcome.broken.append("no 429 came, or one without Retry-After")
    if any(one.outcome != "ok" for one in before + after):
        outcome.broken.append(f"a call before, or {RESTS_S:g} s after the overload was not served")
    e2e = [np.mean([one.done - one.scheduled for one in part]) for part in (before, after)]
    first = min(one.scheduled for one in sent if one.scheduled > BEGINS_S + 2.0 and not one.reason)
    notes = f"mean E2E {e2e[0]:.2f} s before and {e2e[1]:.2f} s from {RESTS_S:g} s after it"
    return replace(outcome, recovered_s=first - BEGINS_S - 2.0, notes=notes)


async def _refusals(url: str) -> list[str | None]:
    """Retry-After of every 429 among a few requests at once."""
    async with aiohttp.ClientSession() as session:

        async def ask(number: int) -> tuple[int, str | None]:
            path = f"{url}/v1/chat/completions"
            async with session.post(path, data=body(10**6 + number)) as answer:
                await answer.read()
                return answer.status, answer.headers.get("Retry-After")

        answers = await asyncio.gather(*(ask(number) for number in range(20)))
    return [wait for status, wait in answers if status == 429]
