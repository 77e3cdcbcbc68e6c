"""The engine on arrays, compiled: what `Instance` does, with runs of decodes skipped exactly.

An iteration of decodes alone repeats until a sequence ends, the cache is full or somebody comes,
and its time grows by a constant. So a whole run of them is one arithmetic series: the time after k
iterations is k * first + growth * k * (k - 1) / 2, and the number that fits into a time is the root
of a quadratic. Every function takes the arrays and the number of an instance.

Priorities and prefix caching are not here; `VirtualFleet` refuses them.
"""

import math

from pipeline.compiled import compiled
from pipeline.fleet._arrays import CANCELLED, FINISHED, RUNNING, WAITING, FleetArrays
from pipeline.fleet._sequence import BLOCK_TOKENS
from pipeline.fleet._step import iteration_ms

__all__ = ["advance", "begin", "end", "hold", "keep_running", "run_end"]

_iteration_ms = compiled(iteration_ms)


@compiled
def _blocks(tokens: int) -> int:
    return (tokens + BLOCK_TOKENS - 1) // BLOCK_TOKENS


@compiled
def end(a: FleetArrays, i: int, s: int, status: int) -> None:
    a.status[s] = status
    a.ended[s] = a.now[i]
    a.log[a.logged[0]] = s
    a.logged[0] += 1


@compiled
def hold(a: FleetArrays, i: int, s: int, count: int) -> None:
    a.used[i] += count - a.held[s]
    a.held[s] = count


@compiled
def _preempt(a: FleetArrays, i: int) -> None:
    a.n_running[i] -= 1
    s = a.running[i, a.n_running[i]]
    hold(a, i, s, 0)
    a.computed[s] = 0
    a.preempted[s] += 1
    a.preemptions[i] += 1
    a.status[s] = WAITING
    a.following[s] = a.head[i]
    a.head[i] = s
    if a.tail[i] < 0:
        a.tail[i] = s
    a.n_waiting[i] += 1


@compiled
def _serve_running(a: FleetArrays, i: int) -> tuple[int, bool, int]:
    """Plan the running sequences; return budget left, any preemption, and how many are served."""
    budget, preempted, index = a.max_tokens[i], False, 0
    while index < a.n_running[i] and budget > 0:
        s = a.running[i, index]
        tokens = min(a.prompt[s] + a.generated[s] - a.computed[s], budget)
        goal = _blocks(a.computed[s] + tokens)
        while goal - a.held[s] > a.total[i] - a.used[i] and index < a.n_running[i] - 1:
            _preempt(a, i)
            preempted = True
        if goal - a.held[s] > a.total[i] - a.used[i]:
            _preempt(a, i)
            preempted = True
            break
        hold(a, i, s, goal)
        a.move[i, index] = tokens
        budget -= tokens
        index += 1
    return budget, preempted, index


@compiled
def _admit(a: FleetArrays, i: int, budget: int) -> int:
    """Admit waiting sequences in order; return how many came in."""
    admitted = 0
    while a.head[i] >= 0 and budget > 0 and a.n_running[i] < a.max_num_seqs[i]:
        s = a.head[i]
        tokens = min(a.prompt[s] + a.generated[s], budget)
        if _blocks(tokens) > a.total[i] - a.used[i]:
            break
        a.head[i] = a.following[s]
        if a.head[i] < 0:
            a.tail[i] = -1
        a.n_waiting[i] -= 1
        hold(a, i, s, _blocks(tokens))
        a.status[s] = RUNNING
        a.running[i, a.n_running[i]] = s
        a.move[i, a.n_running[i]] = tokens
        a.n_running[i] += 1
        admitted += 1
        budget -= tokens
    return admitted


@compiled
def begin(a: FleetArrays, i: int) -> None:
    """Plan the iteration that begins at `now`, and how often it repeats."""
    budget, preempted, served = _serve_running(a, i)
    admitted = 0
    if not preempted:
        admitted = _admit(a, i, budget)
        if admitted > 0:
            # Those that the budget did not reach sit between the served and the admitted; a full
            # budget admits nobody, so then there are none.
            served = a.n_running[i]
    for index in range(served, a.n_running[i]):
        a.move[i, index] = 0
    prefill, decode, context, work = 0, 0, 0, 0.0
    most = 0
    for index in range(a.n_running[i]):
        s, tokens = a.running[i, index], a.move[i, index]
        if tokens == 0:
            continue
        if a.generated[s] > 0 and a.prompt[s] + a.generated[s] - a.computed[s] == 1:
            left = a.output[s] - a.generated[s]
            most = left if decode == 0 else min(most, left)
            decode += 1
            context += a.computed[s]
        else:
            prefill += tokens
            work += tokens * (a.computed[s] + tokens / 2)
    n = a.n_knots[i]
    ms = _iteration_ms(
        a.knots[i, :n], a.curve[i, :n], a.rates[i], float(prefill), float(decode), float(context),
        work,
    )  # fmt: skip
    a.active[i] = 1
    a.start[i] = a.now[i]
    a.first_s[i] = ms * 1e-3 * a.factor[i]
    a.growth[i] = a.rates[i, 3] * decode * 1e-3 * a.factor[i]
    steady = decode == a.n_running[i] and admitted == 0 and not preempted
    a.steps[i] = _steady_steps(a, i, most) if steady else 1


@compiled
def _blocks_after(a: FleetArrays, i: int, steps: int) -> int:
    count = 0
    for index in range(a.n_running[i]):
        count += _blocks(a.computed[a.running[i, index]] + steps)
    return count


@compiled
def _steady_steps(a: FleetArrays, i: int, most: int) -> int:
    """Decode iterations until a sequence ends or the cache is full, whichever is first."""
    if a.used[i] + a.n_running[i] * _blocks(most) <= a.total[i]:
        return most
    if _blocks_after(a, i, most) <= a.total[i]:
        return most
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        if _blocks_after(a, i, middle) <= a.total[i]:
            low = middle
        else:
            high = middle
    return low


@compiled
def run_end(a: FleetArrays, i: int, steps: int) -> float:
    """Time at which the first `steps` iterations of the run are over."""
    series = steps * a.first_s[i] + a.growth[i] * (steps * (steps - 1) / 2)
    end: float = a.start[i] + series
    return end


@compiled
def _steps_by(a: FleetArrays, i: int, now: float) -> int:
    """Most iterations of the run that end by `now`."""
    if run_end(a, i, 1) > now:
        return 0
    most: int = a.steps[i]
    if run_end(a, i, most) <= now:
        return most
    half = a.first_s[i] - a.growth[i] / 2
    seconds = now - a.start[i]
    root = math.sqrt(half * half + 2 * a.growth[i] * seconds)
    steps = max(1, min(int(2 * seconds / (half + root)), most))
    # The root is a float: step back or forth to the iteration that the ends agree on.
    while run_end(a, i, steps) > now:
        steps -= 1
    while steps < most and run_end(a, i, steps + 1) <= now:
        steps += 1
    return steps


@compiled
def _complete(a: FleetArrays, i: int, steps: int) -> None:
    """Apply the first `steps` iterations of the run; the next of them becomes its first."""
    a.start[i] = run_end(a, i, steps)
    a.first_s[i] += a.growth[i] * steps
    a.steps[i] -= steps
    a.now[i] = a.start[i]
    a.iterations[i] += steps
    goes_on = a.steps[i] > 0
    a.active[i] = 1 if goes_on else 0
    for index in range(a.n_running[i]):
        s, tokens = a.running[i, index], a.move[i, index]
        if tokens == 0:
            continue
        emits = tokens == a.prompt[s] + a.generated[s] - a.computed[s]
        a.computed[s] += tokens * steps
        if goes_on:
            hold(a, i, s, _blocks(a.computed[s] + 1))
        if emits:
            a.generated[s] += steps
            if a.generated[s] == 1:
                a.first_token[s] = a.now[i]
        if emits and a.generated[s] == a.output[s]:
            a.done[s] = a.now[i]
            hold(a, i, s, 0)
            end(a, i, s, FINISHED)
    keep_running(a, i)


@compiled
def keep_running(a: FleetArrays, i: int) -> None:
    """Close the gaps that finished sequences left, and let cancelled ones go."""
    kept = 0
    for index in range(a.n_running[i]):
        s = a.running[i, index]
        if a.status[s] == RUNNING and a.cancelling[s] == 1:
            hold(a, i, s, 0)
            end(a, i, s, CANCELLED)
        if a.status[s] == RUNNING:
            a.running[i, kept] = s
            a.move[i, kept] = a.move[i, index]
            kept += 1
    a.n_running[i] = kept


@compiled
def _unbegin(a: FleetArrays, i: int) -> None:
    """Give up a run whose next iteration would begin now; it is planned again without loss."""
    a.active[i] = 0
    for index in range(a.n_running[i]):
        s = a.running[i, index]
        hold(a, i, s, _blocks(a.computed[s]))


@compiled
def advance(a: FleetArrays, i: int, now: float) -> None:
    """Bring one instance to time `now`, as `Instance.advance` does."""
    while True:
        if a.active[i] == 0:
            start = max(a.now[i], a.stalled_until[i])
            if start >= now or (a.n_running[i] == 0 and a.head[i] < 0):
                break
            a.now[i] = start
            begin(a, i)
        steps = _steps_by(a, i, now)
        if steps == 0:
            break
        _complete(a, i, steps)
        if a.active[i] == 1 and a.start[i] >= now:
            _unbegin(a, i)
    if now < math.inf:
        a.now[i] = max(a.now[i], now)
