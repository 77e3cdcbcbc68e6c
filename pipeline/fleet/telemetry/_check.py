"""What a fleet file points at, and what is wrong with it; pure, from what the servers said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import EndpointError, nearest
from pipeline.fleet.telemetry._http import base_url
from pipeline.fleet.telemetry._probe import Probe
from pipeline.fleet.telemetry._sample import MetricsSample
from pipeline.params import FleetParams, TierParams

__all__ = ["Checked", "check_fleet"]

# vLLM's own count holds a block that it never uses, and measured sizes vary between starts.
_KV_TOLERANCE = 0.10

Label = Literal["live", "emulated", "simulated", "unknown"]


@dataclass(frozen=True, slots=True)
class Checked:
    """One instance of the file beside what was found at its endpoint.

    Attributes:
        name, tier, model: as declared.
        label: simulated if it has no endpoint; unknown if the endpoint did not answer.
        state: ok, wrong, or unreachable.
        version, sample, max_model_len: as the server says; None if it does not.
        problems: sentences.
    """

    name: str
    tier: str
    model: str
    label: Label
    state: Literal["ok", "wrong", "unreachable"]
    version: str | None
    sample: MetricsSample | None
    max_model_len: int | None
    problems: tuple[str, ...]


def check_fleet(fleet: FleetParams, probes: Mapping[str, Probe]) -> list[Checked]:
    """Compare a fleet with what its endpoints said.

    A fleet without endpoints is simulated, and nothing is wrong with that. Once one instance has an
    endpoint, every one needs its own.

    Args:
        fleet: the declaration.
        probes: what each endpoint said, by instance name.

    Returns:
        Every instance, in declared order.
    """
    shared = _shared(fleet.endpoints)
    checked = []
    for name in fleet.instance_names:
        tier = name.rpartition("-")[0]
        params, probe = fleet.tiers[tier], probes.get(name)
        if probe is None:
            missing = ("has no endpoint, but others of this fleet have one",)
            problems = missing if fleet.endpoints else ()
            state: Literal["ok", "wrong"] = "wrong" if problems else "ok"
            one = Checked(name, tier, params.model, "simulated", state, None, None, None, problems)
        else:
            one = _against(name, tier, params, probe, shared.get(name))
        checked.append(one)
    return checked


def _against(name: str, tier: str, params: TierParams, probe: Probe, twin: str | None) -> Checked:
    found = [_other_model(params.model, probe), _other_size(params.kv_tokens, probe), twin]
    problems = (*probe.problems, *(problem for problem in found if problem is not None))
    label: Label = probe.label
    return Checked(
        name=name,
        tier=tier,
        model=params.model,
        label=label if probe.reached else "unknown",
        state="unreachable" if not probe.reached else "wrong" if problems else "ok",
        version=probe.version,
        sample=probe.sample,
        max_model_len=None if probe.models is None else probe.models.get(params.model),
        problems=problems,
    )


def _other_model(declared: str, probe: Probe) -> str | None:
    if probe.models is None or declared in probe.models:
        return None
    hint = nearest(declared, probe.models) if probe.models else "it serves none"
    return f"serves no model {declared!r}, which its tier declares; {hint}"


def _other_size(declared: int, probe: Probe) -> str | None:
    holds = None if probe.sample is None else probe.sample.kv_tokens
    if holds is None or abs(holds - declared) <= _KV_TOLERANCE * declared:
        return None
    return (
        f"its KV cache holds {holds:,} tokens, but its tier declares {declared:,}; "
        f"a difference up to {_KV_TOLERANCE:.0%} is accepted"
    )


def _shared(endpoints: Mapping[str, str]) -> dict[str, str]:
    """A sentence for every instance whose server an earlier one has already."""
    first: dict[str, str] = {}
    sentences = {}
    for name, url in endpoints.items():
        try:
            root = base_url(url)
        except EndpointError:
            continue  # the probe says so
        if root in first:
            sentences[name] = f"has the endpoint of {first[root]} ({root}); one each is accepted"
        else:
            first[root] = name
    return sentences
