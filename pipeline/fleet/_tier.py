"""From the fleet in params.yaml to engines."""

from dataclasses import dataclass

from pipeline.fleet._engine import Instance
from pipeline.fleet._step import StepTime
from pipeline.params import FleetParams, TierParams

__all__ = ["Fleet", "make_instance"]


def make_instance(tier: TierParams) -> Instance:
    """Return an idle engine of this tier, at time 0."""
    step = StepTime.roofline(**tier.step.model_dump())
    return Instance(step, tier.kv_tokens, tier.max_num_seqs, tier.max_batched_tokens)


@dataclass(frozen=True)
class Fleet:
    """Names and kinds of all instances, in one fixed order.

    Attributes:
        params: the declaration.
        names: instance names, such as ``7b_a30-2``; (I,).
        tiers: tier of each instance; (I,).
        models: model of each instance; (I,).
        model_index: position of that model in `params.models`; (I,).
    """

    params: FleetParams
    names: tuple[str, ...]
    tiers: tuple[str, ...]
    models: tuple[str, ...]
    model_index: tuple[int, ...]

    @classmethod
    def of(cls, params: FleetParams) -> "Fleet":
        """Lay out the declared instances, tier by tier."""
        tiers = tuple(tier for tier in params.tiers for _ in range(params.instances.get(tier, 0)))
        names = tuple(
            f"{tier}-{number}"
            for tier in params.tiers
            for number in range(params.instances.get(tier, 0))
        )
        models = tuple(params.tiers[tier].model for tier in tiers)
        index = tuple(params.models.index(model) for model in models)
        return cls(params, names, tiers, models, index)

    def engines(self) -> list[Instance]:
        """Return one idle engine per instance, in order."""
        return [make_instance(self.params.tiers[tier]) for tier in self.tiers]
