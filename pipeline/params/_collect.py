"""Section of the live collection: whom to ask, how, and what it may cost."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.params._section import Address, Count, Positive, Price, Section

__all__ = ["LiveModelParams", "LiveParams", "SamplingParams"]


class LiveModelParams(Section):
    """One model at an OpenAI-compatible endpoint."""

    endpoint: Address = Field(description="base URL, with or without /v1")
    model: str | None = Field(default=None, min_length=1, description="name there; null: the same")
    key_variable: str | None = Field(
        default=None, min_length=1, description="environment variable that holds the key"
    )
    price_in: Price | None = Field(default=None, description="of a prompt; null is unknown")
    price_out: Price | None = Field(default=None, description="of an answer; null is unknown")
    concurrency: Count = Field(default=8, description="requests in flight at once")
    rate_per_s: Positive | None = Field(default=None, description="requests started per second")

    @property
    def priced(self) -> bool:
        """Whether it is known what a request costs."""
        return self.price_in is not None and self.price_out is not None


class SamplingParams(Section):
    """How answers are drawn; null leaves the choice to the server."""

    max_tokens: Count
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=None, ge=0)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    repetition_penalty: Positive | None = Field(default=None, description="vLLM's; others refuse")


class LiveParams(Section):
    """Live collection: every model of the fleet answers at an endpoint of its own."""

    models: dict[str, LiveModelParams] = Field(min_length=1, description="by model of the fleet")
    sampling: SamplingParams
    system: str | None = Field(default=None, min_length=1, description="system prompt")
    attempts: int = Field(default=4, ge=1, le=10, description="requests for one answer at most")
    timeout_s: Positive = Field(default=120.0, description="most seconds for one answer")
    max_usd: Positive | None = Field(default=None, description="hard cap on what one run may spend")
    max_requests: Count | None = Field(default=None, description="hard cap on those of one run")

    @model_validator(mode="after")
    def _cap_can_be_kept(self) -> Self:
        unknown = [name for name, model in self.models.items() if not model.priced]
        if self.max_usd is not None and unknown:
            raise ValueError(
                f"max_usd cannot be kept while the price of {unknown[0]!r} is unknown; give its "
                "price_in and price_out (0 where it costs nothing), or bound max_requests instead"
            )
        return self
