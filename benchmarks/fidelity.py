"""How true the engine is to real runs: `python -m benchmarks.fidelity [--data DIR] [--runs DIR]`.

Every run of `vllm_runs_*.parquet` in --runs (default: --data) is served again on a tier fitted to
the operator tables of its card, model and number of GPUs in --data. One factor on all step times
comes from the mean TPOT of the run's first 60 requests; the errors are those of the other requests,
signed percent, simulated against recorded. Where a run does not say how many KV tokens it had, the
card's memory says it. Below that the published cells, simulated.
"""

import argparse
from pathlib import Path

from benchmarks._report import finish
from pipeline.errors import RouteBalanceError
from pipeline.fleet.fidelity import ladder_table, read_runs, run_row

ERRORS = ("ttft_mean_err", "tpot_mean_err", "e2e_mean_err", "ttft_p95_err")


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay real runs of vLLM on the engine.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/latency"))
    parser.add_argument("--runs", type=Path, help="folder of runs; default that of --data")
    asked = parser.parse_args()
    try:
        rows = [run_row(run, asked.data) for run in read_runs(asked.runs or asked.data)]
    except RouteBalanceError as error:
        parser.exit(2, f"error: {error}\n")
    for row in rows:
        errors = "  ".join(f"{name} {row[name]:+.1f}" for name in ERRORS)
        print(
            f"{row['run']:<42} factor {row['factor']:.3f}  {errors}  KV {row['kv_tokens']:,} "
            f"({row['kv_source']})  estimated: {row['estimated']}"
        )
    cells = ladder_table([1, 2, 3, 4, 5]).to_dicts()
    for cell in cells:
        fitting = cell["fitting_router_per_s"]
        because = f"  met with a router of {fitting:.1f}/s" if fitting else ""
        print(
            f"{cell['cell']:<24} published {cell['published_s']:.3f} s  simulated "
            f"{cell['simulated_s']:.3f} ({cell['off_percent']:+.1f} %)  router that never waits "
            f"{cell['unlimited_s']:.3f}{because}"
        )
    finish({"label": "simulated", "runs": {str(r["run"]): r for r in rows}, "cells": cells})


if __name__ == "__main__":
    main()
