"""One thing to judge, and what came of it."""

from dataclasses import asdict, dataclass
from typing import Any

from pipeline.files import content_hash

__all__ = ["G_EVAL", "Case", "Verdict"]

G_EVAL = "g_eval"  # the metric of language models, whose verdicts are paid for


@dataclass(frozen=True)
class Verdict:
    """Score from 0 to 1, or null with the failure; what is not known of it is null.

    Attributes:
        truncated: whether the judge saw a cut text.
        path: how the score was read from a language model's answer, one of SCORE_PATHS.
        prompt_tokens, output_tokens: what the judge's endpoint says it read and wrote.
        cost_usd: their price.
    """

    score: float | None
    reason: str | None = None
    failure: str | None = None
    truncated: bool = False
    path: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

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
    basis: tuple[str | int | float, ...]
    prompt: str
    reference: str
    response: str
    repeat: int = 0

    @property
    def key(self) -> str:
        """Hash of everything that determines the verdict: equal texts are judged once."""
        texts = (self.prompt, self.reference, self.response)
        return content_hash([self.metric, self.source, *self.basis, self.repeat, *texts])

    def row(self, verdict: Verdict) -> dict[str, Any]:
        """The JUDGEMENTS row of this case."""
        place = {
            "prompt_id": self.prompt_id,
            "model": self.model,
            "metric": self.metric,
            "quality_source": self.source,
            "repeat": self.repeat,
            "verdict_key": self.key if self.metric == G_EVAL else None,
        }
        return place | verdict.stored()
