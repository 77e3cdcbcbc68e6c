"""One thing to judge, and what came of it."""

from dataclasses import asdict, dataclass
from typing import Any

from pipeline.files import content_hash

__all__ = ["Case", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """Score from 0 to 1, or null with the failure; `truncated` when the judge saw a cut text."""

    score: float | None
    reason: str | None = None
    failure: str | None = None
    truncated: bool = False

    def stored(self) -> dict[str, Any]:
        """The verdict as a journal row."""
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """One response, judged by one metric; `basis` is what else determines the verdict."""

    prompt_id: str
    model: str
    task: str
    metric: str
    source: str
    basis: tuple[str | int | None, ...]
    prompt: str
    reference: str
    response: str

    @property
    def key(self) -> str:
        """Hash of everything that determines the verdict: equal texts are judged once."""
        texts = (self.prompt, self.reference, self.response)
        return content_hash([self.metric, self.source, *self.basis, *texts])

    def row(self, verdict: Verdict) -> dict[str, Any]:
        """The JUDGEMENTS row of this case."""
        place = {
            "prompt_id": self.prompt_id,
            "model": self.model,
            "metric": self.metric,
            "quality_source": self.source,
        }
        return place | verdict.stored()
