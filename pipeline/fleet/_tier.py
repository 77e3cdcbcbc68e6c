"""From the fleet in params.yaml to engines."""

from dataclasses import dataclass

from pipeline.fleet._engine import Instance
from pipeline.fleet._faults import fault_events
from pipeline.fleet._step import StepTime
from pipeline.fleet._virtual import Limits, VirtualFleet
from pipeline.fleet.steptime import step_time
from pipeline.params import FleetParams, TierParams

__all__ = ["Fleet", "limits_of", "make_instance"]


def make_instance(
    tier: TierParams, *, prefix_caching: bool = False, record_tokens: bool = False
) -> Instance:
    """Return an idle engine of this tier, at time 0; the options are those of `Instance`."""
    return Instance(
        step_time(tier),
        tier.kv_tokens,
        tier.max_num_seqs,
        tier.max_batched_tokens,
        prefix_caching=prefix_caching,
        record_tokens=record_tokens,
    )


def limits_of(tier: TierParams) -> Limits:
    """What an instance of this tier can hold and serve."""
    return Limits(tier.kv_tokens, tier.max_num_seqs, tier.max_batched_tokens)


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

    def virtual(self) -> VirtualFleet:
        """Return all instances, idle, on a virtual clock; the declared faults lie ahead."""
        steps, limits = zip(*map(self.step_and_limits, range(len(self.names))), strict=True)
        events = fault_events(self.params.faults, list(self.names))
        return VirtualFleet(list(steps), list(limits), events)

    def step_and_limits(self, instance: int) -> tuple[StepTime, Limits]:
        """Iteration time of one instance, and what it can hold and serve."""
        tier = self.params.tiers[self.tiers[instance]]
        return step_time(tier), limits_of(tier)
