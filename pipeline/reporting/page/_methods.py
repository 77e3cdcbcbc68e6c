"""How the numbers were made, and the rule that was declared before."""

from pipeline.params import Params

__all__ = ["methods"]


def methods(params: Params) -> list[str]:
    """Return one note per kind of number."""
    load, frontier, ablation = params.loadtest, params.frontier, params.ablation
    encode = load.router.costs["encode"]
    corrections = ", ".join(
        f"{name}: {family.correction.replace('_', ' and ')}"
        for name, family in ablation.families.items()
    )
    return [
        f"Load: Poisson arrivals at exactly the named rates, {load.requests} requests a cell, the "
        f"first {load.warmup_requests} left out; {len(load.seeds)} replications that share "
        "arrivals and prompts across arms (common random numbers).",
        f"Quality and cost: BCa bootstrap over groups of prompts, {frontier.resamples} resamples. "
        "Latency: Student t over replications, because requests of one run share a queue.",
        "Frontiers, membership, bands and hypervolume: joint draws of all arms, quality and cost "
        "over groups of prompts that all arms share, latency over replications.",
        f"Intervals hold {100 * frontier.level:g} % each, unless a table says otherwise; a "
        "degenerate case has a point, no interval, and its reason as the method.",
        f"Contrasts were declared before the run, with their margins. Correction by family "
        f"({corrections}), level {ablation.level:g}, power {ablation.power:g} for what was "
        "detectable.",
        "Alarms: a martingale against exchangeability on conformal p-values; it sounds above 1 / "
        f"{params.drift.alarm.false_alarm:g} (Ville's inequality).",
        "Score of the fused arms: w_q * quality - w_l * E2E / "
        f"{load.scales.latency_s:g} s - w_c * cost / {load.scales.cost_usd:g} USD. Utility is the "
        f"same of what happened, with the weights {ablation.utility}.",
        "The router is a server of finite rate: "
        f"{encode.base_ms:g} ms + {encode.per_request_ms:g} ms a request for arms that read the "
        "prompt, unless they name another cost.",
        "Missing is never zero: what could not be measured is counted as missing and left out.",
    ]
