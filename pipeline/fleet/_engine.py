"""The instance engine: continuous batching as a pure state machine, one iteration at a time.

There is no clock and no I/O in it: callers submit and cancel sequences and advance the state to a
time. This file is the specification; `_kernel.py` does the same on arrays for whole fleets, skips
runs of decodes, and is tested equal to it.

An iteration serves the running sequences first, in order of class and arrival (one decode token
each, or the next prefill chunk), then admits waiting ones in the same order, under a token budget,
a limit of sequences and the free KV blocks. A running sequence that finds no block preempts the
last one, which gives up its cache and is computed again later. These are the rules of vLLM V1.
"""

import math
from bisect import insort

from pipeline.fleet._blocks import BlockPool
from pipeline.fleet._sequence import BLOCK_TOKENS, Sequence, Status, blocks
from pipeline.fleet._snapshot import Iteration, Telemetry
from pipeline.fleet._step import StepTime

__all__ = ["Instance"]


class Instance:
    """One continuous-batching engine. Times are engine seconds.

    Args:
        step: iteration time.
        kv_tokens: tokens that the KV cache holds, at least one block.
        max_num_seqs: most sequences in one iteration.
        max_batched_tokens: most tokens in one iteration.
        prefix_caching: whether prompts with equal block hashes share blocks.
        record_tokens: keep every token and iteration for `take_tokens` and `take_iterations`.
    """

    def __init__(
        self,
        step: StepTime,
        kv_tokens: int,
        max_num_seqs: int,
        max_batched_tokens: int,
        *,
        prefix_caching: bool = False,
        record_tokens: bool = False,
    ) -> None:
        self.now = 0.0
        self.up = True
        self._step = step
        self._total = kv_tokens // BLOCK_TOKENS
        self._max_num_seqs = max_num_seqs
        self._budget = max_batched_tokens
        self._caching = prefix_caching
        self._recording = record_tokens
        self._factor = 1.0
        self._stalled_until = 0.0
        self._submitted = 0
        self._preemptions = 0
        self._order: dict[int, tuple[int, int]] = {}
        self._finished: list[Sequence] = []
        self._tokens: list[tuple[float, Sequence, int]] = []
        self._iterations: list[Iteration] = []
        self._reset()

    def _reset(self) -> None:
        self._pool = BlockPool(self._total, self._caching)
        self._running: list[Sequence] = []
        self._waiting: list[Sequence] = []
        self._cancelled: list[Sequence] = []
        self._iteration: Iteration | None = None

    def fits(self, sequence: Sequence) -> bool:
        """Whether the cache could ever hold the whole sequence."""
        return blocks(sequence.prompt_tokens + sequence.output_tokens) <= self._total

    def submit(self, sequence: Sequence, now: float) -> None:
        """Queue a sequence at time `now`; an instance that is down fails it at once.

        Raises:
            ValueError: `now` is in the past, its id is here already, or the cache can never hold
                the sequence.
        """
        if now < self.now:
            raise ValueError(f"submitted at {now} s, but the engine is at {self.now} s")
        if sequence.request_id in self._order:
            raise ValueError(f"request {sequence.request_id} is on this instance already")
        if not self.fits(sequence):
            raise ValueError(f"request {sequence.request_id} is larger than the KV cache")
        self.advance(now)
        if not self.up:
            self._end(sequence, "failed")
            return
        self._order[sequence.request_id] = (sequence.priority, self._submitted)
        self._submitted += 1
        insort(self._waiting, sequence, key=self._rank)

    def cancel(self, request_id: int, now: float) -> bool:
        """Take a sequence out; one that is being served leaves when the iteration ends.

        Returns:
            Whether the sequence was here.
        """
        self.advance(now)
        for sequence in self._waiting:
            if sequence.request_id == request_id:
                self._waiting.remove(sequence)
                self._end(sequence, "cancelled")
                return True
        for sequence in self._running:
            if sequence.request_id == request_id and sequence not in self._cancelled:
                self._cancelled.append(sequence)
                if self._iteration is None:
                    self._drop_cancelled()
                return True
        return False

    def slow_down(self, factor: float, now: float) -> None:
        """Let iterations that begin from `now` on take `factor` times their usual time."""
        self.advance(now)
        self._factor = factor

    def stall(self, until: float, now: float) -> None:
        """Let nothing move before `until`; the iteration under way ends that much later."""
        self.advance(now)
        frozen = max(self.now, self._stalled_until)
        if until <= frozen:
            return
        under_way = self._iteration
        if under_way is not None:
            end = under_way.end + (until - frozen)
            self._iteration = Iteration(end, under_way.prefill, under_way.decode, under_way.moves)
        self._stalled_until = until

    def crash(self, now: float) -> None:
        """Lose everything that is here and answer nobody until `restart`."""
        self.advance(now)
        lost = [*self._running, *self._waiting]
        self.up = False
        self._reset()
        for sequence in lost:
            sequence.held.clear()
            self._end(sequence, "failed")

    def restart(self, now: float) -> None:
        """Come back empty after a crash."""
        self.advance(now)
        self.up = True

    def next_event(self) -> float:
        """Time at which the iteration under way ends, planning one if there is work; else inf.

        While the instance is stalled with nothing under way it is the end of the stall.
        """
        if self._iteration is None and (self._running or self._waiting):
            if self._stalled_until > self.now:
                return self._stalled_until
            self._begin()
        return math.inf if self._iteration is None else self._iteration.end

    def advance(self, now: float) -> None:
        """Bring the state to time `now`, completing every iteration that ends by then.

        No iteration begins at `now` itself: whatever is submitted at that moment may still join it.
        """
        while True:
            if self._iteration is None:
                start = max(self.now, self._stalled_until)
                if start >= now or not (self._running or self._waiting):
                    break
                self.now = start
                self._begin()
            assert self._iteration is not None
            if self._iteration.end > now:
                break
            self._complete(self._iteration)
        if math.isfinite(now):
            self.now = max(self.now, now)

    def telemetry(self) -> Telemetry:
        """The state as of the last `advance`."""
        here = [*self._running, *self._waiting]
        return Telemetry(
            running=len(self._running),
            waiting=len(self._waiting),
            pending_prefill_tokens=sum(s.remaining for s in here if not s.decoding),
            pending_decode_tokens=sum(max(s.predicted_tokens - s.generated, 1.0) for s in here),
            context_tokens=sum(s.computed for s in self._running),
            kv_utilisation=self._pool.used / self._total,
            preemptions=self._preemptions,
            prefix_queries=self._pool.queries,
            prefix_hits=self._pool.hits,
        )

    def take_finished(self) -> list[Sequence]:
        """Return the sequences that ended since the last call, however, in order of their end."""
        finished, self._finished = self._finished, []
        return finished

    def take_tokens(self) -> list[tuple[float, Sequence, int]]:
        """Return time, sequence and number (from 1) of every output token since the last call."""
        tokens, self._tokens = self._tokens, []
        return tokens

    def take_iterations(self) -> list[Iteration]:
        """Return the iterations that ended since the last call."""
        iterations, self._iterations = self._iterations, []
        return iterations

    def _rank(self, sequence: Sequence) -> tuple[int, int]:
        return self._order[sequence.request_id]

    def _begin(self) -> None:
        moves, budget, preempted = self._serve_running()
        if not preempted:
            self._admit(moves, budget)
        prefill = decode = context = 0
        work = 0.0
        for sequence, tokens in moves:
            if sequence.decoding:
                decode += 1
                context += sequence.computed
            else:
                prefill += tokens
                work += tokens * (sequence.computed + tokens / 2)
        seconds = self._step.seconds(prefill, decode, context, work) * self._factor
        self._iteration = Iteration(self.now + seconds, prefill, decode, tuple(moves))

    def _serve_running(self) -> tuple[list[tuple[Sequence, int]], int, bool]:
        """Plan the running sequences; return moves, budget left, and whether any was preempted."""
        moves: list[tuple[Sequence, int]] = []
        budget, preempted, index = self._budget, False, 0
        while index < len(self._running) and budget > 0:
            sequence = self._running[index]
            tokens = min(sequence.remaining, budget)
            goal = sequence.computed + tokens
            lacks = self._pool.missing(sequence, goal, [])
            while lacks > self._pool.free and self._running[-1] is not sequence:
                self._preempt()
                preempted = True
            if lacks > self._pool.free:
                # The last one itself: it waits for the others to end.
                self._preempt()
                preempted = True
                break
            self._pool.extend(sequence, goal)
            moves.append((sequence, tokens))
            budget, index = budget - tokens, index + 1
        return moves, budget, preempted

    def _preempt(self) -> None:
        """Send the last running sequence back to the queue, where its rank puts it in front."""
        victim = self._running.pop()
        self._pool.release(victim)
        victim.computed = 0
        victim.preemptions += 1
        victim.status = "waiting"
        self._preemptions += 1
        insort(self._waiting, victim, key=self._rank)

    def _admit(self, moves: list[tuple[Sequence, int]], budget: int) -> None:
        """Admit waiting sequences in order, as long as the first of them fits."""
        while self._waiting and budget > 0 and len(self._running) < self._max_num_seqs:
            sequence = self._waiting[0]
            cached = self._pool.cached(sequence)
            found = len(cached) * BLOCK_TOKENS
            tokens = min(sequence.known - found, budget)
            if self._pool.missing(sequence, found + tokens, cached) > self._pool.free:
                break
            self._waiting.pop(0)
            self._pool.share(sequence, cached)
            self._pool.extend(sequence, found + tokens)
            sequence.status = "running"
            insort(self._running, sequence, key=self._rank)
            moves.append((sequence, tokens))
            budget -= tokens

    def _complete(self, iteration: Iteration) -> None:
        self._iteration = None
        self.now = iteration.end
        if self._recording:
            self._iterations.append(iteration)
        for sequence, tokens in iteration.moves:
            emits = tokens == sequence.remaining
            sequence.computed += tokens
            self._pool.remember(sequence, sequence.computed - tokens)
            if emits:
                self._emit(sequence)
        self._drop_cancelled()

    def _emit(self, sequence: Sequence) -> None:
        sequence.generated += 1
        if sequence.first_token is None:
            sequence.first_token = self.now
        if self._recording:
            self._tokens.append((self.now, sequence, sequence.generated))
        if sequence.generated == sequence.output_tokens:
            sequence.done = self.now
            self._leave(sequence, "finished")

    def _drop_cancelled(self) -> None:
        for sequence in self._cancelled:
            # It may have ended, or have been preempted, in the iteration that it was waiting for.
            if sequence.status == "running":
                self._leave(sequence, "cancelled")
        self._cancelled.clear()

    def _leave(self, sequence: Sequence, status: Status) -> None:
        self._running.remove(sequence)
        self._pool.release(sequence)
        self._end(sequence, status)

    def _end(self, sequence: Sequence, status: Status) -> None:
        sequence.status = status
        sequence.ended = self.now
        self._order.pop(sequence.request_id, None)
        self._finished.append(sequence)
