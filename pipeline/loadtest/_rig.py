"""What the cells of one load test share, made ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.fleet import Fleet
from pipeline.loadtest._workload import Workload
from pipeline.params import LoadtestParams
from pipeline.predictors import LatencyModel
from pipeline.workload.arrivals import Trace

__all__ = ["Rig"]


@dataclass(frozen=True)
class Rig:
    """Parameters, instances, prompts and trained heads.

    Attributes:
        params: section of params.yaml.
        fleet: the instances, with the faults that every traffic meets.
        workloads: the prompts by split: "test", and "validation" where some traffic is of it.
        latency: trained heads; None where no arm needs them.
        seed: base seed.
        traces: times to replay, by the traffic whose arrivals name a trace.
    """

    params: LoadtestParams
    fleet: Fleet
    workloads: Mapping[str, Workload]
    latency: LatencyModel | None
    seed: int
    traces: Mapping[str, Trace] = field(default_factory=dict)

    def workload_of(self, traffic: str) -> Workload:
        """The prompts that a traffic asks."""
        return self.workloads[self.params.shape(traffic).split]

    def fleet_of(self, traffic: str) -> Fleet:
        """The instances with the faults of a traffic beside those that all have."""
        faults = (*self.fleet.params.faults, *self.params.shape(traffic).faults)
        return replace(self.fleet, params=self.fleet.params.model_copy(update={"faults": faults}))
