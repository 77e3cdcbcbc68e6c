"""What happens to instances from outside, on arrays, compiled: the other half of the kernel."""

import math

from pipeline.compiled import compiled
from pipeline.fleet._arrays import CANCELLED, FAILED, RUNNING, WAITING, FleetArrays, Floats, Ints
from pipeline.fleet._kernel import advance, begin, end, hold, keep_running, run_end

__all__ = [
    "CRASH",
    "RESTART",
    "SLOW_DOWN",
    "STALL",
    "advance_all",
    "apply_fault",
    "cancel",
    "next_event",
    "observe",
    "replay",
    "replay_closed",
    "submit",
]

SLOW_DOWN, STALL, CRASH, RESTART = range(4)


@compiled
def advance_all(a: FleetArrays, now: float) -> None:
    """Bring every instance to time `now`."""
    for i in range(a.now.size):
        advance(a, i, now)


@compiled
def submit(a: FleetArrays, i: int, s: int, now: float) -> None:
    """Queue a sequence whose tokens are filled in; an instance that is down fails it at once."""
    advance(a, i, now)
    if a.up[i] == 0:
        end(a, i, s, FAILED)
        return
    a.status[s] = WAITING
    a.following[s] = -1
    if a.tail[i] < 0:
        a.head[i] = s
    else:
        a.following[a.tail[i]] = s
    a.tail[i] = s
    a.n_waiting[i] += 1
    if a.active[i] == 1:
        # The newcomer may join after the iteration under way, so no run goes past it.
        a.steps[i] = 1


@compiled
def cancel(a: FleetArrays, i: int, s: int, now: float) -> bool:
    """Take a sequence out; return whether it was here."""
    advance(a, i, now)
    if a.status[s] == RUNNING and a.cancelling[s] == 0:
        a.cancelling[s] = 1
        if a.active[i] == 1:
            a.steps[i] = 1
        else:
            keep_running(a, i)
        return True
    before, at = -1, a.head[i]
    while at >= 0 and at != s:
        before, at = at, a.following[at]
    if at < 0:
        return False
    if before < 0:
        a.head[i] = a.following[s]
    else:
        a.following[before] = a.following[s]
    if a.tail[i] == s:
        a.tail[i] = before
    a.n_waiting[i] -= 1
    end(a, i, s, CANCELLED)
    return True


@compiled
def _slow_down(a: FleetArrays, i: int, factor: float, now: float) -> None:
    """Let iterations that begin from `now` on take `factor` times their usual time."""
    advance(a, i, now)
    a.factor[i] = factor
    if a.active[i] == 1:
        a.steps[i] = 1


@compiled
def _stall(a: FleetArrays, i: int, until: float, now: float) -> None:
    """Let nothing move before `until`; the iteration under way ends that much later."""
    advance(a, i, now)
    frozen = max(a.now[i], a.stalled_until[i])
    if until > frozen:
        if a.active[i] == 1:
            a.start[i] += until - frozen
        a.stalled_until[i] = until


@compiled
def _crash(a: FleetArrays, i: int, now: float) -> None:
    """Lose everything that is on the instance; it is down until `up` is 1 again."""
    advance(a, i, now)
    for index in range(a.n_running[i]):
        s = a.running[i, index]
        hold(a, i, s, 0)
        end(a, i, s, FAILED)
    s = a.head[i]
    while s >= 0:
        end(a, i, s, FAILED)
        s = a.following[s]
    a.n_running[i] = a.n_waiting[i] = 0
    a.head[i] = a.tail[i] = -1
    a.active[i] = a.up[i] = 0


@compiled
def apply_fault(a: FleetArrays, i: int, kind: int, value: float, at: float) -> None:
    """Change one instance at time `at`: SLOW_DOWN by a factor, STALL until, CRASH or RESTART."""
    if kind == SLOW_DOWN:
        _slow_down(a, i, value, at)
    elif kind == STALL:
        _stall(a, i, value, at)
    elif kind == CRASH:
        _crash(a, i, at)
    else:
        advance(a, i, at)
        a.up[i] = 1


@compiled
def next_event(a: FleetArrays) -> float:
    """Earliest time at which a run under way ends, planning runs where there is work; else inf."""
    earliest = math.inf
    for i in range(a.now.size):
        if a.active[i] == 0:
            if a.n_running[i] == 0 and a.head[i] < 0:
                continue
            if a.stalled_until[i] > a.now[i]:
                earliest = min(earliest, a.stalled_until[i])
                continue
            begin(a, i)
        earliest = min(earliest, run_end(a, i, a.steps[i]))
    return earliest


@compiled
def observe(a: FleetArrays, out: Floats) -> None:
    """Write running, waiting, pending prefill and decode, context tokens and KV share; (6, I)."""
    for i in range(a.now.size):
        prefill, decode, context = 0, 0.0, 0
        for index in range(a.n_running[i]):
            s = a.running[i, index]
            context += a.computed[s]
            left = a.prompt[s] + a.generated[s] - a.computed[s]
            if a.generated[s] == 0 or left != 1:
                prefill += left
            decode += max(a.predicted[s] - a.generated[s], 1.0)
        s = a.head[i]
        while s >= 0:
            # A preempted sequence has its generated tokens to compute again as well.
            left = a.prompt[s] + a.generated[s] - a.computed[s]
            if a.generated[s] == 0 or left != 1:
                prefill += left
            decode += max(a.predicted[s] - a.generated[s], 1.0)
            s = a.following[s]
        out[0, i], out[1, i] = a.n_running[i], a.n_waiting[i]
        out[2, i], out[3, i], out[4, i] = prefill, decode, context
        out[5, i] = a.used[i] / a.total[i]


@compiled
def replay(a: FleetArrays, instances: Ints, times: Floats) -> None:
    """Submit sequence k to instances[k] at times[k], ascending, and let everything drain."""
    for k in range(times.size):
        submit(a, instances[k], k, times[k])
    advance_all(a, math.inf)


@compiled
def replay_closed(a: FleetArrays, clients: int, times: Floats, think_s: float) -> None:
    """Submit to the first instance as clients do who wait for an answer, and let all drain.

    Sequences of the first `clients` come at their `times`; every later one comes `think_s` after
    the next end, but after them all, and its time is filled in.
    """
    for k in range(times.size):
        if k >= clients:
            while a.logged[0] <= k - clients:
                advance_all(a, next_event(a))
            times[k] = max(a.ended[a.log[k - clients]] + think_s, times[k - 1])
        submit(a, 0, k, times[k])
    advance_all(a, math.inf)
