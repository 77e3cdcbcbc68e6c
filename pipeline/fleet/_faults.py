"""Faults as events: what happens to an instance, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.params import FaultParams

__all__ = ["FaultEvent", "RequestFault", "fault_events", "request_fault"]


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """One change of one instance, by its number, at engine time `at`, seconds.

    `value` is the factor of slow_down and the end of a stall; it means nothing otherwise.
    """

    at: float
    instance: int
    kind: Literal["slow_down", "stall", "crash", "restart"]
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestFault:
    """What happens to one new request: refused with 5xx, or its stream lost after some tokens."""

    kind: Literal["error", "reset"]
    tokens: int = 0


def fault_events(faults: Iterable[FaultParams], names: list[str]) -> list[FaultEvent]:
    """List the engine events of declared faults, in order of time; names as in the fleet."""
    events: list[FaultEvent] = []
    for fault in faults:
        i = names.index(fault.instance)
        if fault.kind == "slow" and fault.factor is not None:
            events.append(FaultEvent(fault.from_s, i, "slow_down", fault.factor))
            events.append(FaultEvent(fault.to_s, i, "slow_down", 1.0))
        elif fault.kind == "stall":
            events.append(FaultEvent(fault.from_s, i, "stall", fault.to_s))
        elif fault.kind == "crash":
            events.append(FaultEvent(fault.from_s, i, "crash"))
            events.append(FaultEvent(fault.to_s, i, "restart"))
    return sorted(events, key=lambda event: event.at)


def request_fault(
    faults: Iterable[FaultParams], name: str, now: float, draw: float
) -> RequestFault | None:
    """Decide the fate of a request that reaches an instance at time `now`.

    Args:
        faults: as declared.
        name: instance name.
        now: engine time, seconds.
        draw: uniform in [0, 1), drawn for this request; shares of several faults add up.
    """
    below = 0.0
    for fault in faults:
        active = fault.instance == name and fault.from_s <= now < fault.to_s
        if not active or fault.share is None:
            continue
        below += fault.share
        if draw < below:
            if fault.tokens is None:
                return RequestFault("error")
            return RequestFault("reset", fault.tokens)
    return None
