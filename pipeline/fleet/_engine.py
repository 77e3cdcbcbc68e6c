"""The instance engine: continuous batching as a pure state machine.

There is no clock and no I/O in it: callers submit sequences and advance the state to a time. An
iteration serves the running sequences first, in order of admission (one decode token each, or the
next prefill chunk), then admits waiting ones first come first served, under a token budget, a limit
of sequences and the free KV blocks. A running sequence that finds no block preempts the youngest
one, which gives up its cache and is computed again later.

Iterations of decodes alone repeat until something changes, and their times grow by a constant, so a
whole run of them is advanced in closed form. That is exact, not an approximation.
"""

import math
from collections import deque
from dataclasses import dataclass

from pipeline.fleet._sequence import BLOCK_TOKENS, Sequence, blocks
from pipeline.fleet._step import StepTime

__all__ = ["Instance", "Telemetry"]


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What an instance says of itself at one moment."""

    running: int
    waiting: int
    pending_prefill_tokens: int
    pending_decode_tokens: float
    context_tokens: int
    kv_utilisation: float


@dataclass(slots=True)
class _Run:
    """One iteration, or `steps` equal decode iterations, under way since `start`.

    Iteration j (0-based) takes first + growth * j seconds.
    """

    moves: list[tuple[Sequence, int]]
    start: float
    first: float
    growth: float
    steps: int

    def duration(self, steps: int) -> float:
        return steps * self.first + self.growth * (steps * (steps - 1) / 2)

    def steps_within(self, seconds: float) -> int:
        """Most iterations that end within so many seconds of the start."""
        if self.duration(self.steps) <= seconds:
            return self.steps
        if seconds < self.first:
            return 0
        half = self.first - self.growth / 2
        root = math.sqrt(half * half + 2 * self.growth * seconds)
        steps = int(2 * seconds / (half + root))
        # The root is a float: step back or forth to the iteration that the durations agree on.
        while self.duration(steps) > seconds:
            steps -= 1
        while steps < self.steps and self.duration(steps + 1) <= seconds:
            steps += 1
        return steps

    def skip(self, steps: int) -> None:
        """Make the iteration after the first `steps` the new first one."""
        self.start += self.duration(steps)
        self.first += self.growth * steps
        self.steps -= steps


class Instance:
    """One continuous-batching engine.

    Args:
        step: iteration time.
        kv_tokens: tokens that the KV cache holds, at least one block.
        max_num_seqs: most sequences in one iteration.
        max_batched_tokens: most tokens in one iteration.
    """

    def __init__(
        self, step: StepTime, kv_tokens: int, max_num_seqs: int, max_batched_tokens: int
    ) -> None:
        self.now = 0.0
        self._step = step
        self._blocks = kv_tokens // BLOCK_TOKENS
        self._max_num_seqs = max_num_seqs
        self._budget = max_batched_tokens
        self._running: list[Sequence] = []
        self._waiting: deque[Sequence] = deque()
        self._run: _Run | None = None
        self._finished: list[Sequence] = []

    def fits(self, sequence: Sequence) -> bool:
        """Whether the cache could ever hold the whole sequence."""
        return blocks(sequence.prompt_tokens + sequence.output_tokens) <= self._blocks

    def submit(self, sequence: Sequence, now: float) -> None:
        """Queue a sequence at time `now`; time never runs back.

        Raises:
            ValueError: `now` is in the past, or the cache can never hold the sequence.
        """
        if now < self.now:
            raise ValueError(f"submitted at {now} s, but the engine is at {self.now} s")
        if not self.fits(sequence):
            raise ValueError(f"request {sequence.request_id} is larger than the KV cache")
        self.advance(now)
        self._waiting.append(sequence)
        if self._run is not None:
            # The newcomer may join after the iteration under way, so no run goes past it.
            self._run.steps = 1

    def advance(self, now: float) -> None:
        """Bring the state to time `now`, completing every iteration that ends by then.

        No iteration begins at `now` itself: whatever is submitted at that moment may still join it.
        """
        while self._run is not None or self.now < now:
            run = self._begin()
            if run is None:
                break
            steps = run.steps_within(now - run.start)
            if steps == 0:
                break
            self._complete(run, steps)
            if self._run is not None and run.start >= now:
                self._run = None  # a steady run, planned again without loss
        self.now = max(self.now, now)

    def telemetry(self) -> Telemetry:
        """The state as of the last `advance`."""
        prefill, decode = 0, 0.0
        for sequence in (*self._running, *self._waiting):
            if not sequence.decoding:
                prefill += sequence.remaining
            decode += max(sequence.predicted_tokens - sequence.generated, 1.0)
        return Telemetry(
            running=len(self._running),
            waiting=len(self._waiting),
            pending_prefill_tokens=prefill,
            pending_decode_tokens=decode,
            context_tokens=sum(sequence.computed for sequence in self._running),
            kv_utilisation=self._used_blocks() / self._blocks,
        )

    def take_finished(self) -> list[Sequence]:
        """Return the sequences that ended since the last call, in order of their end."""
        finished, self._finished = self._finished, []
        return finished

    def _used_blocks(self) -> int:
        return sum(blocks(sequence.computed) for sequence in self._running)

    def _begin(self) -> _Run | None:
        """Return the run under way, planning one if there is work and none is under way."""
        if self._run is None and (self._running or self._waiting):
            self._run = self._plan()
        return self._run

    def _plan(self) -> _Run:
        free = self._blocks - self._used_blocks()
        moves, budget, free, preempted = self._serve_running(free)
        admitted = False
        if not preempted:
            admitted = self._admit(moves, budget, free)
        decodes = [sequence for sequence, _ in moves if sequence.decoding]
        prefill_work = sum(
            tokens * (sequence.computed + tokens / 2)
            for sequence, tokens in moves
            if not sequence.decoding
        )
        prefill = sum(tokens for sequence, tokens in moves if not sequence.decoding)
        context = sum(sequence.computed for sequence in decodes)
        first = self._step.seconds(prefill, len(decodes), context, prefill_work)
        steady = len(decodes) == len(self._running) and not admitted and not preempted
        steps = self._steady_steps(decodes) if steady else 1
        return _Run(moves, self.now, first, self._step.growth(len(decodes)), steps)

    def _serve_running(self, free: int) -> tuple[list[tuple[Sequence, int]], int, int, bool]:
        """Plan the running sequences; return moves, budget left, blocks left, any preemption."""
        moves: list[tuple[Sequence, int]] = []
        budget, preempted, index = self._budget, False, 0
        while index < len(self._running) and budget > 0:
            sequence = self._running[index]
            tokens = min(sequence.remaining, budget)
            need = blocks(sequence.computed + tokens) - blocks(sequence.computed)
            while need > free and self._running[-1] is not sequence:
                free += self._preempt()
                preempted = True
            if need > free:
                # The youngest itself: it waits for the older ones to end.
                self._preempt()
                preempted = True
                break
            moves.append((sequence, tokens))
            budget, free, index = budget - tokens, free - need, index + 1
        return moves, budget, free, preempted

    def _preempt(self) -> int:
        """Send the youngest running sequence back to the queue's head; return its blocks."""
        victim = self._running.pop()
        freed = blocks(victim.computed)
        victim.computed = 0
        victim.preemptions += 1
        self._waiting.appendleft(victim)
        return freed

    def _admit(self, moves: list[tuple[Sequence, int]], budget: int, free: int) -> bool:
        """Admit waiting sequences first come first served; return whether any came in."""
        before = len(moves)
        while self._waiting and budget > 0 and len(self._running) < self._max_num_seqs:
            sequence = self._waiting[0]
            tokens = min(sequence.remaining, budget)
            need = blocks(tokens)
            if need > free:
                break
            self._waiting.popleft()
            self._running.append(sequence)
            moves.append((sequence, tokens))
            budget, free = budget - tokens, free - need
        return len(moves) > before

    def _steady_steps(self, decodes: list[Sequence]) -> int:
        """Decode iterations until a sequence ends or the cache is full, whichever is first."""
        most = min(sequence.output_tokens - sequence.generated for sequence in decodes)
        if self._blocks_after(decodes, most) <= self._blocks:
            return most
        low, high = 1, most
        while high - low > 1:
            middle = (low + high) // 2
            fits = self._blocks_after(decodes, middle) <= self._blocks
            low, high = (middle, high) if fits else (low, middle)
        return low

    @staticmethod
    def _blocks_after(decodes: list[Sequence], steps: int) -> int:
        return sum(blocks(sequence.computed + steps) for sequence in decodes)

    def _complete(self, run: _Run, steps: int) -> None:
        """Apply the first `steps` iterations of the run."""
        run.skip(steps)
        end = run.start
        if run.steps == 0:
            self._run = None
        self.now = end
        ended = False
        for sequence, tokens in run.moves:
            emits = tokens == sequence.remaining
            sequence.computed += tokens * steps
            if emits:
                sequence.generated += steps
                if sequence.first_token is None:
                    sequence.first_token = end
                if sequence.generated >= sequence.output_tokens:
                    sequence.done = end
                    self._finished.append(sequence)
                    ended = True
        if ended:
            self._running = [sequence for sequence in self._running if sequence.done is None]
