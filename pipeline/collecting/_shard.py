"""What one endpoint is to answer, and what came of it: plain values that travel to any process."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pipeline.collecting._purse import Cap
from pipeline.collecting._question import Question
from pipeline.params import LiveModelParams, LiveParams

__all__ = ["Ended", "Kept", "Row", "Shard"]

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """All open questions to one model.

    Attributes:
        model: its name in the fleet.
        live: how everything is asked.
        questions: what it has not answered yet.
        label: of its answers.
        seed: of the pauses between attempts.
    """

    model: str
    live: LiveParams
    questions: tuple[Question, ...]
    label: Literal["live", "emulated"]
    seed: int

    @property
    def target(self) -> LiveModelParams:
        """Where it is served, and at what price."""
        return self.live.models[self.model]


@dataclass(frozen=True, slots=True)
class Kept:
    """One finished row of RESPONSES, without the prompt's id and the model; it may be an error."""

    key: str
    row: Row


@dataclass(frozen=True, slots=True)
class Ended:
    """How the asking ended.

    Attributes:
        requests: sent, with those that were sent again.
        spent_usd: what they cost as far as prices are known, USD.
        unpriced: requests that cost something of unknown price.
        capped: the cap that stopped it; None where none did.
        gave_up: sentences about endpoints that were not asked to the end.
    """

    requests: int
    spent_usd: float
    unpriced: int
    capped: Cap | None
    gave_up: tuple[str, ...]
