"""Traffic through the gateway in the background, and what came of it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_rig import TOKENS, Rig
from benchmarks._faults_till import asked_at, key_of, paid_twice
from pipeline.loadtest.generator import Call, Sent, Target, run_open

__all__ = ["Traffic", "back_after", "body", "summed_up"]

_SETTLE_S = 10.0


class Traffic:
    """Calls at their times, sent while something else happens.

    Args:
        rig: who serves.
        times: when each call is due, s since the start.

    Attributes:
        began: the start on the monotonic clock, as the first call to arrive tells it.
    """

    def __init__(self, rig: Rig, times: Sequence[float]) -> None:
        self.rig, self.calls = rig, [Call(n, at, body(n)) for n, at in enumerate(times)]
        target = Target(rig.gateway.url, timeout_s=60.0)
        self._pool = ThreadPoolExecutor(1)
        self._run = self._pool.submit(run_open, self.calls, target, workers=1)
        self._seen = self._first_seen()
        self.began = self._seen - times[0]

    def wait_until(self, at_s: float) -> None:
        """Wait until so many seconds after the start."""
        time.sleep(max(0.0, self.began + at_s - time.monotonic()))

    def ended(self) -> list[Sent]:
        """What came of every call, once all have ended."""
        sent = self._run.result()
        self._pool.shutdown()
        return sent

    def _first_seen(self) -> float:
        first = key_of(_text(0))
        while not self._run.done():
            seen = asked_at(self.rig.tills)
            if first in seen:
                return seen[first]
            time.sleep(0.01)
        raise SystemExit(f"no call arrived: {self._run.result()[0].reason}")


def body(number: int) -> bytes:
    """One streamed conversation, of exactly TOKENS tokens, that asks for its trace."""
    asked = {
        "model": "auto",
        "messages": [{"role": "user", "content": _text(number)}],
        "max_tokens": TOKENS,
        "ignore_eos": True,
        "stream": True,
        "routebalance": {"trace": True},
    }
    return json.dumps(asked).encode()


def _text(number: int) -> str:
    return f"Call {number}: count the rivers."


def summed_up(name: str, done: str, traffic: Traffic, sent: Sequence[Sent]) -> Outcome:
    """Count, and look for what must hold of every fault of an instance."""
    rig, broken = traffic.rig, []
    by_outcome = [one.outcome for one in sent]
    if sorted(one.number for one in sent) != list(range(len(traffic.calls))):
        broken.append("the results are not one for every call")
    if any(one.tokens != TOKENS for one in sent if one.outcome == "ok"):
        broken.append(f"an answer that is ok has not its {TOKENS} tokens")
    early = [one for one in sent if one.outcome in ("failed", "timeout") and not one.first_token]
    if early:
        broken.append(f"{len(early)} calls failed before their first token ({early[0].reason})")
    if not _settled(rig):
        broken.append("the gateway still believes requests under way")
    if not _probed(rig):
        broken.append("a probe after the fault was not served")
    return Outcome(
        fault=name,
        done=done,
        scheduled=len(traffic.calls),
        rows=len(sent),
        ok=by_outcome.count("ok"),
        failed=by_outcome.count("failed") + by_outcome.count("timeout"),
        refused=by_outcome.count("refused"),
        retried=sum(max(0, (one.trace or {}).get("attempts", 0) - 1) for one in sent),
        paid_twice=paid_twice(rig.tills),
        broken=broken,
    )


def back_after(traffic: Traffic, sent: Sequence[Sent], ended_s: float) -> float | None:
    """Seconds from `ended_s` to the end of the first answer that the victim began after it."""
    served = [
        one.done - ended_s
        for one in sent
        if one.outcome == "ok"
        and one.issued > ended_s
        and (one.trace or {}).get("instance") == traffic.rig.victim_name
    ]
    return min(served, default=None)


def _settled(rig: Rig) -> bool:
    """Whether the gateway comes to rest: nothing waits, and nothing is under way."""
    until = time.monotonic() + _SETTLE_S
    while time.monotonic() < until:
        state = json.loads(_get(rig.gateway.url + "/admin/state"))
        if state["waiting"] == state["in_flight"] == 0:
            return True
        time.sleep(0.05)
    return False


def _probed(rig: Rig) -> bool:
    asked = json.loads(body(0)) | {"stream": False}
    asked["messages"][0]["content"] = "Are you there?"
    request = urllib.request.Request(
        f"{rig.gateway.url}/v1/chat/completions",
        json.dumps(asked).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        told: Any = json.loads(_get(request))
    except OSError:
        return False
    return bool(told["usage"]["completion_tokens"] == TOKENS)


def _get(asked: "str | urllib.request.Request") -> bytes:
    with urllib.request.urlopen(asked, timeout=30) as answer:
        page: bytes = answer.read()
    return page
