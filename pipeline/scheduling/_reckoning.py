"""Own requests in flight, summed over instances as of any moment: compiled."""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled

__all__ = ["reckon"]

Floats = NDArray[np.float64]


@compiled
def reckon(
    instance: NDArray[np.int64],
    entries: Floats,
    times: Floats,
    tpot: Floats,
    max_num_seqs: Floats,
    kv_tokens: Floats,
    on_the_way: bool,
    out: Floats,
) -> None:
    """Add up what was on each instance at its time of `times`, (I,), into `out`, (6, I).

    A request without first token waits for one iteration and then runs, as far as there are slots;
    until its first token all its prompt counts as still to compute. One with it has made a token
    every `tpot` seconds since; as in the engine, at least one predicted token is still to come.

    Args:
        instance: of each entry, -1 where the entry is free; (n,).
        entries: arrival, first token, end, prompt tokens, predicted tokens; (n, 5), inf unknown.
        times, tpot, max_num_seqs, kv_tokens: seconds, seconds per token, and limits; (I,).
        on_the_way: whether an entry counts before it has arrived.
        out: zeros; rows as in `QUANTITIES`.
    """
    for e in range(instance.size):
        i = instance[e]
        if i < 0:
            continue
        now = times[i]
        arrived, first, end = entries[e, 0], entries[e, 1], entries[e, 2]
        if end <= now or (arrived > now and not on_the_way):
            continue
        prompt, predicted = entries[e, 3], entries[e, 4]
        if first <= now:
            made = 1.0 + np.floor((now - first) / tpot[i])
            out[0, i] += 1.0
            out[3, i] += max(predicted - made, 1.0)
            out[4, i] += prompt + made
        else:
            out[0 if now - arrived > tpot[i] else 1, i] += 1.0
            out[2, i] += prompt
            out[3, i] += max(predicted, 1.0)
    for i in range(times.size):
        beyond = out[0, i] - max_num_seqs[i]
        if beyond > 0:
            out[0, i] -= beyond
            out[1, i] += beyond
        out[5, i] = min(out[4, i] / kv_tokens[i], 1.0)
