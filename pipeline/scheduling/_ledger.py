"""Dead reckoning that survives batches: what was sent where, and what became of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.scheduling._reckoning import reckon
from pipeline.scheduling._state import QUANTITIES, FleetState

__all__ = ["Capacity", "Ledger", "StateKeeper", "TelemetryOnly"]

Floats = NDArray[np.float64]

_NEVER = np.inf
_NEWEST = 0.1  # weight of a new decode speed in the running mean


@dataclass(frozen=True)
class Capacity:
    """What I instances hold and how fast they are when idle; each (I,).

    Attributes:
        kv_tokens: tokens that the KV cache holds.
        max_num_seqs: sequences that run at once.
        tpot_s: seconds per output token, until completions tell better.
    """

    kv_tokens: Floats
    max_num_seqs: Floats
    tpot_s: Floats


class StateKeeper(Protocol):
    """What the router remembers of its instances; times are seconds of one clock."""

    def dispatched(
        self, request: int, instance: int, prompt_tokens: float, predicted: float, at: float
    ) -> None:
        """Note a request that reaches the instance at time `at`, possibly in the future."""

    def first_token(self, request: int, at: float) -> None:
        """Credit its prompt: the first token left the instance at time `at`."""

    def ended(self, request: int, at: float, tokens: int) -> None:
        """Credit all of it: it is gone since `at`, after so many tokens, finished or failed."""

    def reconcile(self, observed: Floats, taken: Floats) -> None:
        """Take in telemetry: (6, I) values as they were at times `taken`, (I,).

        NaN is a quantity that the server does not tell; a column of NaN is a failed reading.
        """

    def view(self, now: float) -> FleetState:
        """Return the state believed at `now`, which never runs back."""
        ...


class Ledger:
    """Own requests in flight, corrected by the telemetry of everything else.

    state(now) = own(now) + (telemetry(taken) - own(taken)), at least 0

    own(t) counts the requests that this router sent and that were on the instance at time t: a
    request without first token holds its prompt to compute, one with it decodes at the speed that
    the instance's completions showed. The bracket is what telemetry saw and this router did not
    send, or reckoned wrongly; both terms are of the moment when the reading was taken, so a
    dispatch, a first token or an end after it counts exactly once. A quantity that the server does
    not tell has no bracket. A failed reading changes nothing but the age.
    """

    def __init__(self, capacity: Capacity) -> None:
        size = len(capacity.tpot_s)
        self._capacity, self._tpot = capacity, capacity.tpot_s.copy()
        self._observed = np.full((len(QUANTITIES), size), np.nan)
        self._taken = np.full(size, -_NEVER)
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._closed: list[int] = []
        self._instance = np.full(64, -1, np.int64)
        # Columns: arrival, first token, end (s), prompt tokens, predicted tokens.
        self._entries = np.zeros((64, 5))

    def dispatched(
        self, request: int, instance: int, prompt_tokens: float, predicted: float, at: float
    ) -> None:
        if request in self._slots:
            raise ValueError(f"request {request} is already in the ledger")
        slot = self._room()
        self._slots[request] = slot
        self._instance[slot] = instance
        self._entries[slot] = at, _NEVER, _NEVER, prompt_tokens, predicted

    def first_token(self, request: int, at: float) -> None:
        self._entries[self._slots[request], 1] = at

    def ended(self, request: int, at: float, tokens: int) -> None:
        slot = self._slots.pop(request)
        first, i = self._entries[slot, 1], self._instance[slot]
        self._entries[slot, 2] = at
        self._closed.append(slot)
        if tokens > 1 and at > first:
            speed = (at - first) / (tokens - 1)
            self._tpot[i] += _NEWEST * (speed - self._tpot[i])

    def reconcile(self, observed: Floats, taken: Floats) -> None:
        heard = ~np.isnan(observed).all(axis=0) & (taken > self._taken)
        self._observed[:, heard] = observed[:, heard]
        self._taken[heard] = taken[heard]
        self._forget()

    def view(self, now: float) -> FleetState:
        present = self._own(np.full(len(self._taken), now), on_the_way=True)
        past = self._own(self._taken, on_the_way=False)
        correction = self._observed - past
        values = present + np.where(np.isnan(correction), 0.0, correction)
        # Who runs and who waits may be reckoned the wrong way round; how many there are, not.
        values[0] += np.minimum(values[1], 0.0)
        values[1] += np.minimum(values[0], 0.0)
        values = np.maximum(values, 0.0)
        values[5] = np.minimum(values[5], 1.0)
        return FleetState.of(values, now - self._taken)

    @property
    def in_flight(self) -> int:
        """Requests that were dispatched and have not ended."""
        return len(self._slots)

    def _own(self, times: Floats, *, on_the_way: bool) -> Floats:
        out = np.zeros((len(QUANTITIES), len(times)))
        limits = self._capacity
        reckon(
            self._instance,
            self._entries,
            times,
            self._tpot,
            limits.max_num_seqs,
            limits.kv_tokens,
            on_the_way,
            out,
        )
        return out

    def _forget(self) -> None:
        """Drop what had ended before the last reading of its instance: no view needs it."""
        kept = []
        for slot in self._closed:
            taken = self._taken[self._instance[slot]]
            if self._entries[slot, 2] <= taken or taken == -_NEVER:
                self._instance[slot] = -1
                self._free.append(slot)
            else:
                kept.append(slot)
        self._closed = kept

    def _room(self) -> int:
        if not self._free:
            self._forget()
        if self._free:
            return self._free.pop()
        used = len(self._slots) + len(self._closed)
        if used == len(self._instance):
            self._instance = np.concatenate([self._instance, np.full(used, -1, np.int64)])
            self._entries = np.concatenate([self._entries, np.zeros((used, 5))])
        return used


class TelemetryOnly:
    """The published rule: the last reading as it is, whatever was sent since.

    Nothing survives a batch, so requests under way that the engine has not reported are forgotten.
    """

    def __init__(self, instances: int) -> None:
        self._observed = np.full((len(QUANTITIES), instances), np.nan)
        self._taken = np.full(instances, -_NEVER)

    def dispatched(
        self, request: int, instance: int, prompt_tokens: float, predicted: float, at: float
    ) -> None:
        """Forget it."""

    def first_token(self, request: int, at: float) -> None:
        """Forget it."""

    def ended(self, request: int, at: float, tokens: int) -> None:
        """Forget it."""

    def reconcile(self, observed: Floats, taken: Floats) -> None:
        heard = ~np.isnan(observed).all(axis=0)
        self._observed[:, heard] = observed[:, heard]
        self._taken[heard] = taken[heard]

    def view(self, now: float) -> FleetState:
        # Before the first reading there is nothing else to believe than that nobody came yet.
        return FleetState.of(np.nan_to_num(self._observed), now - self._taken)
