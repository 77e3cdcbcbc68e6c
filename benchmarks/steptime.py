"""How true fitted step times are to measured iterations that the fit did not see.

    python -m benchmarks.steptime [--data DIR] [--test DIR]

fits every card and model that the operator and attention tables of --data cover. Without --test,
four fifths of the grid points are fitted and the other fifth is tested, by a hash of the point.
With --test, all of --data is fitted and every row of that folder's tables is tested.

An iteration is composed of measured operators: dense ones at its number of tokens, from the points
of the test tables and, between them, of the fitted ones; the attention row; lm_head and sampler.
Where a table lacks lm_head (A30) or experts (30B-A3B), data sheets stand in, and the line says so.

`overall` restricts nothing. `feasible` leaves out rows whose context exceeds the KV cache that the
card's memory has room for, or whose tokens exceed the 2,048 that the profiled engines batch.
`usual` are feasible iterations of chat: 20 to 256 sequences of 500 to 3,000 context tokens, with up
to 2,048 prefill tokens. Figures are mean absolute percentage errors.

Estimates from data sheets alone are printed beside measured rows, and beside the tiers of
tier_params.json if --data has it.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import RouteBalanceError
from pipeline.fleet.steptime import (
    AUTO,
    Fitted,
    Tables,
    estimate_roofline,
    estimate_step,
    fit_target,
    held_out_errors,
    read_tables,
    split,
)
from pipeline.params import ARCHITECTURES, HARDWARE, HardwareParams

SEED = 20261201
FOLDS = 5
IN_KERNELS = {"engine_ms": 0.0, "allreduce_ms": 0.0, "allreduce_gb_s": 1e9}
DATA_SHEET = {"memory_gib", "bandwidth_gb_s", "tflops"}
PARTS = ("overall", "decode", "prefill", "mixed", "feasible", "usual")
TIERS = {
    "3b_a30": ("A30", "Qwen2.5-3B", 1),
    "7b_a30": ("A30", "Qwen2.5-7B", 1),
    "14b_v100": ("V100-32GB", "Qwen2.5-14B", 4),
    "72b_a100": ("A100-80GB", "Qwen2.5-72B", 4),
}


def main() -> None:
    """Fit, test, print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description="Error of fitted step times on unseen rows.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/latency"))
    parser.add_argument("--test", type=Path, help="folder of tables to test on; fits all of --data")
    parser.add_argument("--form", default=AUTO, help="simple, roofline, curve or auto")
    asked = parser.parse_args()
    try:
        result = _run(asked.data, asked.test, asked.form)
    except RouteBalanceError as error:
        parser.exit(2, f"error: {error}\n")
    print(json.dumps(result))


def _run(data: Path, test: Path | None, form: str) -> dict[str, Any]:
    tables = read_tables(data)
    training, held_out = (tables, read_tables(test)) if test else split(tables, FOLDS, SEED)
    covered = [t for t in tables.targets() if training.only(t).attention.height]
    tested = [t for t in covered if held_out.only(t).attention.height]
    print(f"{'profile':<52}{'form':<10}{'rows':>7}  " + "".join(f"{p:>9}" for p in PARTS))
    fits = [fit_target(training, target, form) for target in tested]
    profiles = [_profile(training, held_out, fitted) for fitted in fits]
    print(f"\n{'data sheets alone, percent':<52}{'shares of the card':<34}shares of any card")
    for fitted in fits:
        _print_estimate(training, held_out, fitted)
    _print_tiers(data / "tier_params.json")
    return _headline(profiles) | {"test": str(test or "held-out fifth"), "profiles": profiles}


def _profile(training: Tables, held_out: Tables, fitted: Fitted) -> dict[str, Any]:
    target = fitted.composer.target
    errors, count = held_out_errors(fitted, training, held_out)
    cells = "".join("        -" if errors[p] is None else f"{errors[p]:9.2f}" for p in PARTS)
    missing = fitted.composer.missing
    note = f"  {', '.join(missing)} estimated" if missing else ""
    print(f"{target!s:<52}{fitted.form:<10}{count:>7}  {cells}{note}", flush=True)
    return {
        "gpu": target.gpu, "model": target.model, "tp": target.tp, "form": fitted.form,
        "trained": fitted.rows["used"], "tested": count, "estimated": list(missing),
        **{part: None if (e := errors[part]) is None else round(e, 2) for part in PARTS},
    }  # fmt: skip


def _headline(profiles: list[dict[str, Any]]) -> dict[str, float | None]:
    a30 = [p for p in profiles if p["gpu"] == "a30"]
    others = [p["overall"] for p in profiles if p["gpu"] != "a30"]
    return {
        "a30_decode_mape": max((p["decode"] for p in a30), default=None),
        "a30_mape": max((p["overall"] for p in a30), default=None),
        "other_mape_max": max(others, default=None),
    }


def _print_estimate(training: Tables, held_out: Tables, fitted: Fitted) -> None:
    """Errors of data sheets alone on the same rows, which hold no CPU time and no all-reduce."""
    composer, gpus = fitted.composer, fitted.composer.target.tp
    own = composer.hardware.model_copy(update=IN_KERNELS)
    typical = HardwareParams(**own.model_dump(include=DATA_SHEET), **IN_KERNELS)
    cells = []
    for hardware in (own, typical):
        step = estimate_step(composer.architecture, hardware, gpus)
        errors, _ = held_out_errors(replace(fitted, step=step), training, held_out)
        parts = (f"{part} {errors[part]:.0f}" for part in ("overall", "decode", "usual"))
        cells.append(", ".join(parts))
    print(f"{composer.target!s:<52}{cells[0]:<34}{cells[1]}")


def _print_tiers(path: Path) -> None:
    if not path.exists():
        return
    print(f"\nestimated tiers beside {path.name}, which puts a residual of its anchor into w")
    for name, row in json.loads(path.read_text(encoding="utf-8")).items():
        card, model, gpus = TIERS[name]
        step = estimate_roofline(ARCHITECTURES[model], HARDWARE[card], gpus).model_dump()
        table = {**row, "w": row["w"] - row["residual_ms"]}
        cells = "  ".join(f"{k} {v:.3g} ({v / table[k] - 1:+.0%})" for k, v in step.items())
        print(f"{name:<10}{cells}")


if __name__ == "__main__":
    main()
