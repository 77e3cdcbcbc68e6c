"""The fleet in params.yaml: what each tier costs, how fast it steps, how many instances it has."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.params._section import Count, Positive, Section, Share, refuse_unknown
from pipeline.params._steps import AnyStep, EstimateParams, step_form

__all__ = ["FaultParams", "FleetParams", "TierParams"]

STEP_SOURCES = ("step", "profile", "estimate")


class TierParams(Section):
    """One kind of instance: a model on a GPU.

    Its iteration time is exactly one of: coefficients (`step`), the file of a fitted or measured
    tier (`profile`), or what its hardware and architecture let expect (`estimate`).
    """

    model: str = Field(min_length=1)
    gpu: str = Field(min_length=1)
    gpus: Count
    step: AnyStep | None = None
    profile: str | None = Field(default=None, min_length=1, description="JSON of a fitted tier")
    estimate: EstimateParams | None = None
    kv_tokens: int = Field(ge=16, description="tokens that the KV cache holds")
    max_num_seqs: Count
    max_batched_tokens: Count
    price_in: float = Field(ge=0, allow_inf_nan=False, description="USD per million prompt tokens")
    price_out: float = Field(ge=0, allow_inf_nan=False, description="USD per million output tokens")
    static_ttft_ms: Positive = Field(description="prior of the time to first token")
    static_tpot_ms: Positive = Field(description="prior of the time per output token")

    @field_validator("step", mode="before")
    @classmethod
    def _form(cls, value: Any) -> Any:
        return None if value is None else step_form(value).model_validate(value)

    @model_validator(mode="after")
    def _one_source_of_time(self) -> Self:
        given = [name for name in STEP_SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"exactly one of {', '.join(STEP_SOURCES)} is accepted, found {found}")
        return self

    @model_validator(mode="after")
    def _every_sequence_decodes(self) -> Self:
        if self.max_batched_tokens < self.max_num_seqs:
            raise ValueError("max_batched_tokens is below max_num_seqs, so some could not decode")
        return self


class FaultParams(Section):
    """What goes wrong with one instance, and when; times in seconds since the start.

    slow: iterations take `factor` times as long. stall: nothing moves. crash: everything on the
    instance is lost and it answers nobody. error: a share of new requests is answered with 5xx.
    reset: a share of new requests loses its stream after some tokens.
    """

    instance: str = Field(min_length=1)
    kind: Literal["slow", "stall", "crash", "error", "reset"]
    from_s: float = Field(ge=0, allow_inf_nan=False)
    to_s: Positive
    factor: Positive | None = Field(default=None, description="for slow: times the usual time")
    share: Share | None = Field(default=None, description="for error and reset: of new requests")
    tokens: Count | None = Field(default=None, description="for reset: sent before the stream ends")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.to_s <= self.from_s:
            raise ValueError("to_s must be later than from_s")
        wanted = {"slow": ["factor"], "error": ["share"], "reset": ["share", "tokens"]}
        for name in ("factor", "share", "tokens"):
            if (getattr(self, name) is not None) != (name in wanted.get(self.kind, [])):
                goes = [kind for kind, names in wanted.items() if name in names]
                raise ValueError(f"{name} goes with kind {' and '.join(goes)}, and only there")
        return self


class FleetParams(Section):
    """Tiers by name, and how many instances of each are up.

    Instance names are TIER-NUMBER, numbered from 0 inside a tier.
    """

    tiers: dict[str, TierParams] = Field(min_length=1)
    instances: dict[str, Count] = Field(min_length=1)
    endpoints: dict[str, str] = Field(default={}, description="base URL by instance name")
    faults: tuple[FaultParams, ...] = Field(default=(), strict=False)

    @property
    def instance_names(self) -> list[str]:
        """Every instance, tier by tier."""
        return [
            f"{tier}-{number}"
            for tier in self.tiers
            for number in range(self.instances.get(tier, 0))
        ]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        refuse_unknown("tier in instances", list(self.instances), list(self.tiers))
        refuse_unknown("instance in endpoints", list(self.endpoints), self.instance_names)
        broken = [fault.instance for fault in self.faults]
        refuse_unknown("instance in faults", broken, self.instance_names)
        models = [tier.model for tier in self.tiers.values()]
        twice = sorted({model for model in models if models.count(model) > 1})
        if twice:
            raise ValueError(f"model {twice[0]!r} is on two tiers; one tier per model is accepted")
        return self

    @property
    def models(self) -> list[str]:
        """The model names, in tier order."""
        return [tier.model for tier in self.tiers.values()]

    @property
    def prices(self) -> dict[str, tuple[float, float]]:
        """USD per million prompt and output tokens, by model."""
        return {tier.model: (tier.price_in, tier.price_out) for tier in self.tiers.values()}
