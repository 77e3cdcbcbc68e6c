"""What one instance counts, under the names, labels and buckets of vLLM 0.33."""

from bisect import bisect_left
from collections.abc import Iterator

from pipeline.fleet import Sequence

__all__ = ["REASONS", "Counts", "Histogram"]

REASONS = ("stop", "length", "abort", "error", "repetition")

_TTFT = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)  # fmt: skip
_GAP = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
    40.0, 80.0,
)  # fmt: skip
_LATENCY = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0,
    480.0, 960.0, 1920.0, 7680.0,
)  # fmt: skip
_ITERATION = (1.0, *(float(2**power) for power in range(3, 15)))
_CHOICES = (1.0, 2.0, 5.0, 10.0, 20.0)
_PREEMPTIONS = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0)


class Histogram:
    """Counts per bucket; a value counts for the first bound that is not below it."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counts:
    """Counters and histograms since the instance came up. Seconds are those of the wall clock.

    On a wall clock that runs at a multiple of the engine's speed a client sees everything that much
    faster, and so do these.

    Args:
        max_model_len: tokens; ends the buckets of token counts.
        speed: engine seconds per wall second.
    """

    def __init__(self, max_model_len: int, speed: float) -> None:
        self._speed = speed
        tokens = _one_two_five(max_model_len)
        self.prompt_tokens = 0
        self.generation_tokens = 0
        self.success = dict.fromkeys(REASONS, 0)
        self.rejections = 0
        self.ttft = Histogram(_TTFT)
        self.itl = Histogram(_GAP)
        self.tpot = Histogram(_GAP)
        self.e2e = Histogram(_LATENCY)
        self.queue = Histogram(_LATENCY)
        self.prefill = Histogram(_LATENCY)
        self.decode = Histogram(_LATENCY)
        self.inference = Histogram(_LATENCY)
        self.request_prompt = Histogram(tokens)
        self.request_generation = Histogram(tokens)
        self.max_tokens = Histogram(tokens)
        self.choices = Histogram(_CHOICES)
        self.iteration_tokens = Histogram(_ITERATION)
        self.preemptions = Histogram(_PREEMPTIONS)

    def first_token(self, sequence: Sequence, at: float) -> None:
        """The first token of a sequence is out at engine time `at`, so its prompt is computed."""
        self.generation_tokens += 1
        self.prompt_tokens += sequence.prompt_tokens
        self.ttft.observe((at - sequence.submitted) / self._speed)

    def next_token(self, gap: float) -> None:
        """Another token is out, `gap` engine seconds after the one before it."""
        self.generation_tokens += 1
        self.itl.observe(gap / self._speed)

    def ended(self, sequence: Sequence, scheduled: float, max_tokens: int, reason: str) -> None:
        """A sequence left; its latencies count if it was served to its end.

        Args:
            sequence: what left.
            scheduled: engine time at which it was first served.
            max_tokens: the limit that it was served under.
            reason: one of `REASONS`.
        """
        self.success[reason] += 1
        first, done = sequence.first_token, sequence.done
        if first is None or done is None:
            return
        self.e2e.observe((done - sequence.submitted) / self._speed)
        self.queue.observe((scheduled - sequence.submitted) / self._speed)
        self.prefill.observe((first - scheduled) / self._speed)
        self.decode.observe((done - first) / self._speed)
        self.inference.observe((done - scheduled) / self._speed)
        self.request_prompt.observe(sequence.prompt_tokens)
        self.request_generation.observe(sequence.generated)
        self.max_tokens.observe(max_tokens)
        self.choices.observe(1)
        self.preemptions.observe(sequence.preemptions)
        if sequence.generated > 1:
            self.tpot.observe((done - first) / (sequence.generated - 1) / self._speed)

    def histograms(self) -> Iterator[tuple[str, str, Histogram]]:
        """Name without prefix, meaning, and counts."""
        yield "time_to_first_token_seconds", "Time to first token, s.", self.ttft
        yield "inter_token_latency_seconds", "Time between output tokens, s.", self.itl
        yield "request_time_per_output_token_seconds", "Mean of it per request, s.", self.tpot
        yield "e2e_request_latency_seconds", "Arrival to last token, s.", self.e2e
        yield "request_queue_time_seconds", "Arrival to first served, s.", self.queue
        yield "request_prefill_time_seconds", "First served to first token, s.", self.prefill
        yield "request_decode_time_seconds", "First to last token, s.", self.decode
        yield "request_inference_time_seconds", "First served to last token, s.", self.inference
        yield "request_prompt_tokens", "Prompt tokens per request.", self.request_prompt
        yield "request_generation_tokens", "Output tokens per request.", self.request_generation
        # One choice per request, so the longest of them is the one.
        longest = "Longest of the choices of a request, tokens."
        yield "request_max_num_generation_tokens", longest, self.request_generation
        yield "request_params_max_tokens", "Limit of output tokens per request.", self.max_tokens
        yield "request_params_n", "Choices per request.", self.choices
        yield "iteration_tokens_total", "Tokens per iteration.", self.iteration_tokens
        yield "request_num_preemptions", "Preemptions per request.", self.preemptions


def _one_two_five(most: int) -> tuple[float, ...]:
    """1, 2, 5, 10, 20, 50 and so on, up to `most`."""
    bounds: list[float] = []
    power = 1
    while power <= most:
        bounds += [float(lead * power) for lead in (1, 2, 5) if lead * power <= most]
        power *= 10
    return tuple(bounds)
