"""What can be read from an instance: its state at one moment, and one of its iterations."""

from dataclasses import dataclass

from pipeline.fleet._sequence import Sequence

__all__ = ["Iteration", "Telemetry"]


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What an instance says of itself at one moment.

    Counts of sequences and tokens; `kv_utilisation` is the share of KV blocks in use; the last
    three count since the start.
    """

    running: int
    waiting: int
    pending_prefill_tokens: int
    pending_decode_tokens: float
    context_tokens: int
    kv_utilisation: float
    preemptions: int = 0
    prefix_queries: int = 0
    prefix_hits: int = 0


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration: when it ends, s, and what it serves."""

    end: float
    prefill: int
    decode: int
    moves: tuple[tuple[Sequence, int], ...]
