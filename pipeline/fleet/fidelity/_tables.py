"""The fidelity report as tables: one row per profile, run and published cell."""

import math
from pathlib import Path

import polars as pl

from pipeline.fleet._sequence import BLOCK_TOKENS
from pipeline.fleet.fidelity._ladder import (
    CASES,
    LadderConstants,
    RouterRate,
    fit_router,
    mean_e2e,
    published_fleet,
    router_that_fits,
)
from pipeline.fleet.fidelity._runs import Run, calibrate, run_errors, served
from pipeline.fleet.steptime import (
    AUTO,
    TierProfile,
    fit_profile,
    fit_target,
    held_out_errors,
    read_tables,
    split,
)

__all__ = ["ladder_table", "run_row", "steptime_table"]

_SEED, _FOLDS = 20261201, 5
_EXPLAIN_PERCENT = 10.0


def steptime_table(folder: Path) -> pl.DataFrame:
    """Held-out error of every profile that the tables of a folder cover with attention rows.

    Four fifths of the grid points are fitted, the other fifth is tested; mean absolute percentage
    errors, null where there are no such rows.

    Raises:
        SchemaError: a table is absent or breaks its schema.
    """
    tables = read_tables(folder)
    training, held_out = split(tables, _FOLDS, _SEED)
    rows = []
    for target in tables.targets():
        if not held_out.only(target).attention.height:
            continue
        fitted = fit_target(training, target, AUTO)
        errors, tested = held_out_errors(fitted, training, held_out)
        rows.append(
            {
                "profile": str(target),
                "form": fitted.form,
                "tested": tested,
                **{f"{part}_percent": error for part, error in errors.items()},
                "estimated": ", ".join(fitted.composer.missing) or "nothing",
                "label": "recorded",
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def run_row(run: Run, tables: Path) -> dict[str, object]:
    """Replay one real run on a tier fitted to the tables of its card and model; simulated.

    Raises:
        UnknownNameError: the tables do not cover the card, model and number of GPUs.
        DataError: the run cannot be calibrated, or its cache can never hold a request.
    """
    profile = fit_profile(tables, run.gpu, run.model, run.tp)
    kv_tokens, source = _kv_tokens(run, profile)
    factor = calibrate(run, profile.step_time(), kv_tokens)
    times = served(run, profile.step_time().scaled(factor), kv_tokens)
    tested = int((~run.calibrating).sum())
    head = {"run": run.name, "factor": factor, "kv_tokens": kv_tokens, "kv_source": source}
    parts = ", ".join(profile.estimated) or "nothing"
    return head | run_errors(run, times) | {
        "tested": tested, "estimated": parts, "label": "simulated",
    }  # fmt: skip


def _kv_tokens(run: Run, profile: TierProfile) -> tuple[int, str]:
    """What the cache holds: as recorded, else estimated from the card's memory, else unbounded.

    An estimate that could not hold a request that was served is no estimate.
    """
    if run.kv_tokens is not None:
        return run.kv_tokens, "recorded"
    if profile.kv_tokens and profile.kv_tokens > (run.prompt + run.output).max():
        return profile.kv_tokens, "estimated"
    return int((run.prompt + run.output + BLOCK_TOKENS).sum()), "unbounded"


def ladder_table(seeds: list[int]) -> pl.DataFrame:
    """Simulated mean E2E of the published cells beside what was published.

    `unlimited` is the same cell with a router that makes nobody wait, so the difference is what
    its finite rate explains. Where a cell is off by more than 10 %, `fitting_router_per_s` is the
    rate of the router with which it is not; null elsewhere, and where no rate helps.
    """
    fleet, router, constants = published_fleet(), fit_router(), LadderConstants()
    at_once = RouterRate(math.inf, router.base_s + 1 / router.rate)
    rows = []
    for case in CASES:
        found = mean_e2e(case, fleet, router, constants, seeds)
        unlimited = mean_e2e(case, fleet, at_once, constants, seeds)
        off = float(100 * (found.mean() / case.published_s - 1))
        fitting = None
        if abs(off) > _EXPLAIN_PERCENT:
            fitting = router_that_fits(case, fleet, router, constants, seeds)
        rows.append(
            {
                "cell": case.name,
                "published_s": case.published_s,
                "simulated_s": float(found.mean()),
                "off_percent": off,
                "spread_s": float(found.std(ddof=1)),
                "unlimited_s": float(unlimited.mean()),
                "router_per_s": router.rate,
                "fitting_router_per_s": fitting,
                "note": case.note,
                "label": "simulated",
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)
