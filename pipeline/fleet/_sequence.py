"""One request inside an instance."""

from dataclasses import dataclass

__all__ = ["BLOCK_TOKENS", "Sequence", "blocks"]

BLOCK_TOKENS = 16


def blocks(tokens: int) -> int:
    """KV blocks that hold so many tokens."""
    return -(-tokens // BLOCK_TOKENS)


@dataclass(slots=True)
class Sequence:
    """A request: what it asks, and how far the engine has come. Times in seconds.

    `computed` counts tokens whose keys and values are in the cache. A sequence that has computed
    all its known tokens (prompt and generated) emits the next one, so a prefill chunk and a decode
    step are the same move with different sizes.
    """

    request_id: int
    prompt_tokens: int
    output_tokens: int
    predicted_tokens: float
    submitted: float
    computed: int = 0
    generated: int = 0
    first_token: float | None = None
    done: float | None = None
    preemptions: int = 0

    @property
    def remaining(self) -> int:
        """Known tokens that are not in the cache yet; at least 1 until the last token is out."""
        return self.prompt_tokens + self.generated - self.computed

    @property
    def decoding(self) -> bool:
        """Whether its next move is one decode step."""
        return self.generated > 0 and self.remaining == 1
