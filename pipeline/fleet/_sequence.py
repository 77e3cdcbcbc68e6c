"""One request inside an instance."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["BLOCK_TOKENS", "Sequence", "Status", "blocks"]

BLOCK_TOKENS = 16

Status = Literal["waiting", "running", "finished", "cancelled", "failed"]


def blocks(tokens: int) -> int:
    """KV blocks that hold so many tokens."""
    return -(-tokens // BLOCK_TOKENS)


@dataclass(slots=True, eq=False)
class Sequence:
    """A request: what it asks, and how far the engine has come. Times in seconds.

    `computed` counts tokens whose keys and values are in the cache. A sequence that has computed
    all its known tokens (prompt and generated) emits the next one, so a prefill chunk and a decode
    step are the same move with different sizes.

    Attributes:
        request_id: unique on its instance.
        prompt_tokens, output_tokens: at least 1 each.
        predicted_tokens: output that somebody expected; feeds telemetry, decides nothing.
        submitted: when it reached the instance.
        priority: class; a lower one goes first, and inside a class it is first come first served.
        prefix_hashes: one per full block of the prompt; equal hashes mean equal prefixes.
        computed, generated, cached_tokens, preemptions: progress; cached tokens were found in the
            prefix cache, not computed.
        first_token, done: when the first and the last token were out.
        ended: when it left the instance, for whatever reason.
        held: ids of its KV blocks, in order.
    """

    request_id: int
    prompt_tokens: int
    output_tokens: int
    predicted_tokens: float
    submitted: float
    priority: int = 0
    prefix_hashes: tuple[int, ...] = ()
    computed: int = 0
    generated: int = 0
    cached_tokens: int = 0
    preemptions: int = 0
    first_token: float | None = None
    done: float | None = None
    ended: float | None = None
    status: Status = "waiting"
    held: list[int] = field(default_factory=list, repr=False)

    @property
    def known(self) -> int:
        """Tokens of the prompt and of what was generated."""
        return self.prompt_tokens + self.generated

    @property
    def remaining(self) -> int:
        """Known tokens that are not in the cache yet; at least 1 until the last token is out."""
        return self.known - self.computed

    @property
    def decoding(self) -> bool:
        """Whether its next move is one decode step."""
        return self.generated > 0 and self.remaining == 1

    def block_key(self, index: int) -> Hashable:
        """Name of what its block number `index` holds: shared with equal prefixes, or its own."""
        if index < len(self.prefix_hashes):
            return self.prefix_hashes[index]
        return (self.request_id, index)
