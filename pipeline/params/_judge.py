"""Section of the stage judge: which judges, what they may cost, and how they are audited."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.params._section import Address, Count, Positive, Price, Section

__all__ = ["JudgeAuditParams", "JudgeModelParams", "JudgeParams"]

JudgeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class JudgeModelParams(Section):
    """One language model behind an OpenAI-compatible endpoint, judging with G-Eval."""

    endpoint: Address = Field(description="often ends in /v1")
    model: str = Field(min_length=1)
    key_variable: str | None = Field(None, description="environment variable that holds the key")
    concurrency: Count = 8
    timeout_s: Positive = Field(60.0, description="for one whole answer")
    attempts: int = Field(3, ge=1, le=10, description="for what may pass: 429, 5xx, no answer")
    max_chars: int = Field(2048, ge=100, description="longer texts are cut, marked and counted")
    max_tokens: Count = Field(1024, description="of one answer of the judge")
    price_in: Price | None = Field(None, description="of what it reads; null is unknown")
    price_out: Price | None = Field(None, description="of what it writes; null is unknown")
    repeats: int = Field(1, ge=1, le=100, description="verdicts per case, for judge variance")
    temperature: float = Field(0.0, ge=0, le=2)


class JudgeAuditParams(Section):
    """What is asked of the judges only to learn about the judges."""

    position_pairs: int = Field(ge=0, description="pairs of responses shown in both orders; 0: off")


class JudgeParams(Section):
    """Rule metrics always; embedding similarity and language models on request."""

    similarity: bool
    judges: dict[JudgeName, JudgeModelParams] = Field(description="source g_eval:NAME each")
    audit: JudgeAuditParams
    max_usd: Positive | None = Field(description="what one run of the stage may spend; null: open")

    @model_validator(mode="after")
    def _a_cap_needs_prices(self) -> Self:
        if self.max_usd is None:
            return self
        for name, judge in self.judges.items():
            for key in ("price_in", "price_out"):
                if getattr(judge, key) is None:
                    raise ValueError(
                        f"max_usd needs the price of every judge, and {key} of {name!r} is "
                        "unknown; fill it in, or set max_usd to null for no cap"
                    )
        return self
