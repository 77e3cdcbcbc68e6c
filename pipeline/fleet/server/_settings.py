"""How emulated instances are served."""

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for every instance of a process.

    Attributes:
        speed: engine seconds per wall second.
        seed: of drawn answers and of which requests a fault hits.
        prefix_caching: whether prompts with equal beginnings share KV blocks.
        max_queued: waiting requests beyond which an instance answers 503; None for no limit.
        max_model_len: most tokens of prompt and answer; an instance whose KV cache holds fewer
            takes that.
        output_tokens: mean length of generated answers, tokens.
    """

    speed: float = 1.0
    seed: int = 0
    prefix_caching: bool = False
    max_queued: int | None = None
    max_model_len: int = 32_768
    output_tokens: float = 150.0
