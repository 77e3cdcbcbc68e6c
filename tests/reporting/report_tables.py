"""Small tables as the earlier stages leave them, with numbers that can be looked up by hand."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from tests.reporting.predictor_rows import write_predictors

__all__ = ["ARMS", "RATES", "TABLES", "metrics", "write_inputs"]

RATES = (6.0, 12.0, 24.0)
# arm: quality, mean E2E (s), cost (USD), on the frontier
ARMS: dict[str, tuple[float, float, float, bool | None]] = {
    "fused_uniform": (0.74, 1.08, 1.8e-5, True),
    "fused_quality": (0.78, 2.10, 3.1e-5, True),
    "fused_cost": (0.56, 1.40, 1.1e-5, True),
    "decoupled_reactive": (0.72, 1.22, 1.7e-5, False),
    "decoupled_cost": (0.55, 1.45, 1.1e-5, False),
    "avengers_pro": (0.75, 1.18, 1.7e-5, True),
    "shortest_queue": (0.62, 1.75, 1.8e-5, False),
    "placebo": (0.74, 1.08, 1.8e-5, False),
    "query_oracle": (0.96, 1.60, 1.9e-5, None),
}
SYSTEMS = {
    "ours": ["fused_uniform", "fused_quality", "fused_cost"],
    "decoupled": ["decoupled_reactive", "decoupled_cost"],
    "avengers_pro": ["avengers_pro"],
}
UNITS = {"quality": "0 to 1", "e2e_s": "s", "cost_usd": "USD per request", "e2e_p95_s": "s"}
SIMULATED = {"label": "simulated"}


def estimate(point: float | None, width: float | None = None, **more: Any) -> dict[str, Any]:
    """The columns of an estimate; without a width it is degenerate."""
    known = point is not None and width is not None
    return {
        "estimate": point,
        "low": point - width if known else None,
        "high": point + width if known else None,
        "level": 0.95,
        "method": "BCa cluster bootstrap" if known else "degenerate: one run",
        "n": 2700,
        "clusters": 220,
        "missing": 0,
        **more,
    }


def cells() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for arm, (quality, e2e, cost, _) in ARMS.items():
            values = {
                "quality": (quality, 0.04),
                "e2e_s": (e2e * (1 + rate / 100), 0.05),
                "cost_usd": (cost, 1e-6),
                "e2e_p95_s": (3 * e2e, 0.2),
            }
            for metric, (point, width) in values.items():
                for handling in ("complete", "failures_included"):
                    yield {
                        "arm": arm, "rate": rate, "metric": metric, "unit": UNITS[metric],
                        "handling": handling, **estimate(point, width), "failed": 0, **SIMULATED,
                    }  # fmt: skip


def frontier() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for arm, (quality, e2e, cost, member) in ARMS.items():
            chance = None if member is None else 0.9 if member else 0.2
            yield {
                "arm": arm, "rate": rate, "quality": quality, "e2e_s": e2e * (1 + rate / 100),
                "cost_usd": cost, "on_frontier": member, "membership": chance,
                "membership_latency": chance, "membership_cost": chance,
                "membership_e2e_cost": chance, **SIMULATED,
            }  # fmt: skip


def mix() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for arm in ARMS:
            for model, share in (("m-small", 0.7), ("m-big", 0.3)):
                yield {"arm": arm, "rate": rate, "model": model, "share": share, "n": 9} | SIMULATED


def differences() -> Iterable[dict[str, Any]]:
    base = ARMS["shortest_queue"]
    for rate in RATES:
        for arm, values in ARMS.items():
            widths = {"quality": 0.04, "e2e_s": 0.05, "cost_usd": 1e-6}
            for i, (metric, width) in enumerate(widths.items()):
                yield {
                    "arm": arm, "baseline": "shortest_queue", "rate": rate, "metric": metric,
                    "unit": UNITS[metric], **estimate(values[i] - base[i], width), **SIMULATED,
                }  # fmt: skip


def references() -> Iterable[dict[str, Any]]:
    known = {
        "single:m-small": (0.5, 1e-5), "single:m-big": (0.8, 7e-5), "random_mixture": (0.65, 4e-5),
        "best_single": (0.8, 7e-5), "dataset_oracle": (0.82, 5e-5), "query_oracle": (0.95, 3e-5),
    }  # fmt: skip
    for name, (quality, cost) in known.items():
        for metric, point, width in (("quality", quality, 0.04), ("cost_usd", cost, 1e-6)):
            yield {
                "reference": name, "model": name.partition(":")[2] or None, "metric": metric,
                "unit": UNITS[metric], **estimate(point, width), "dropped_prompts": 0,
                "on_hull": name.startswith("single:"), "split": "test", "label": "emulated",
            }  # fmt: skip


def bands() -> Iterable[dict[str, Any]]:
    planes = {"quality_cost": (1e-5, 4e-5, "USD per request"), "quality_latency": (1.0, 2.5, "s")}
    for rate in RATES:
        for i, system in enumerate(SYSTEMS):
            for plane, (start, end, unit) in planes.items():
                for kind in ("steps", "hull"):
                    for k in range(5):
                        point = 0.55 + 0.05 * k - 0.02 * i if k else None
                        yield {
                            "rate": rate, "system": system, "plane": plane, "kind": kind,
                            "at": start + (end - start) * k / 4, "at_unit": unit,
                            "estimate": point, "low": point and point - 0.04,
                            "high": point and point + 0.04, "joint_low": point and point - 0.06,
                            "joint_high": point and point + 0.06, "defined": 1.0 if k else 0.0,
                            **SIMULATED,
                        }  # fmt: skip


def hypervolume() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for i, system in enumerate(SYSTEMS):
            row = {"rate": rate, "system": system}
            yield row | {"against": None} | estimate(0.62 - 0.03 * i, 0.02) | SIMULATED
            if i:
                yield row | {"against": "ours"} | estimate(-0.03 * i, 0.01) | SIMULATED


def field() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for system in SYSTEMS:
            yield {
                "rate": rate, "system": system, "metric": "aiq", "unit": "0 to 1",
                "better": "higher", "definition": "Area under the hull by cost (Hu 2024).",
                **estimate(0.7 if system != "avengers_pro" else None, 0.03), **SIMULATED,
            }  # fmt: skip


def service() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for arm in ARMS:
            yield {
                "arm": arm, "rate": rate, "metric": "attainment", "unit": "0 to 1",
                "better": "higher", "definition": "Share of all requests that kept every limit.",
                **estimate(0.9, 0.02), **SIMULATED,
            }  # fmt: skip


def chosen() -> Iterable[dict[str, Any]]:
    goals = {"quality": "fused_quality", "e2e_s": "fused_uniform", "utility": "fused_uniform"}
    for rate in RATES:
        for goal, arm in goals.items():
            metric = "utility" if goal == "utility" else goal
            yield {
                "rate": rate, "system": "ours", "goal": goal, "arm": arm, "metric": metric,
                "unit": UNITS.get(metric, "0 to 1"), **estimate(0.7, 0.03),
                "test_arm": arm, "test_estimate": 0.71, **SIMULATED,
            }  # fmt: skip


def radar() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for i, system in enumerate(SYSTEMS):
            for k, axis in enumerate(("quality", "E2E", "cost", "throughput")):
                yield {
                    "rate": rate, "system": system, "axis": axis, "arm": SYSTEMS[system][0],
                    "value": 0.7, "unit": "0 to 1", "share_of_best": 1 - 0.1 * ((i + k) % 3),
                    **SIMULATED,
                }  # fmt: skip


def extremes() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for system, arms in SYSTEMS.items():
            for extreme in ("peak quality", "lowest E2E", "lowest cost", "highest throughput"):
                quality, e2e, cost, _ = ARMS[arms[0]]
                yield {
                    "rate": rate, "system": system, "extreme": extreme, "arm": arms[0],
                    "quality": quality, "e2e_s": e2e, "cost_usd": cost, "throughput_rps": rate,
                    "points": len(arms), "hull_points": 1, **SIMULATED,
                }  # fmt: skip


def contrast(family: str, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "family": family, "question": "Which part earns its latency?", "correction": "holm",
        "contrast": name, "kind": "superior", "better": "fused_uniform",
        "worse": "decoupled_reactive", "traffic": "steady", "rate": 12.0, "metric": "e2e_s",
        "unit": "s", "margin": 0.05, **estimate(0.14, 0.03), "p_value": 0.0002,
        "p_adjusted": 0.0004, "verdict": "supported", "detectable": None, "floor": 0.01,
        **SIMULATED, **changes,
    }  # fmt: skip


def contrasts() -> list[dict[str, Any]]:
    return [
        contrast("four_arms", "latency_in_model_choice"),
        contrast("four_arms", "instance_choice", **estimate(-0.01, 0.02), verdict="refuted"),
        contrast(
            "four_arms", "quality_kept", kind="noninferior", metric="quality", unit="0 to 1",
            margin=0.02, **estimate(0.02, 0.03), floor=None,
        ),
        contrast(
            "learned_latency", "burst", traffic="burst", rate=18.0, **estimate(0.06, 0.04),
            verdict="inconclusive", p_adjusted=0.3, detectable=0.08,
        ),
        contrast(
            "placebo", "placebo_is_the_same", better="placebo", worse="fused_uniform",
            kind="equivalent", **estimate(0.001, 0.01),
        ),
    ]  # fmt: skip


def placebo() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for metric, floor in (("e2e_s", 0.01), ("quality", 0.002)):
            yield {
                "rate": rate, "arm": "placebo", "of": "fused_uniform", "metric": metric,
                "unit": UNITS[metric], **estimate(0.001, floor), "floor": floor,
                "floor_high": 2 * floor, **SIMULATED,
            }  # fmt: skip


def answers() -> list[dict[str, Any]]:
    told = {
        "four_arms": ("Which part earns its latency?", 2, 1, 0, "Supported in 2 of 3 conditions."),
        "learned_latency": ("Is learned latency load-bearing?", 0, 0, 1, "Not decided: <1 of 1>."),
        "placebo": ("Does the rig find nothing?", 1, 0, 0, "Placebo and original are the same."),
    }
    return [
        {
            "family": family, "question": question, "correction": "holm", "supported": yes,
            "refuted": no, "inconclusive": open_, "answer": answer,
        }
        for family, (question, yes, no, open_, answer) in told.items()
    ]  # fmt: skip


_PREDICTORS = {"quality": "0 to 1", "length": "tokens", "e2e": "s"}


def errors() -> Iterable[dict[str, Any]]:
    where = [("steady", False, rate) for rate in RATES]
    where += [("burst", False, 18.0), ("model_update", False, 12.0), ("model_update", True, 12.0)]
    for traffic, changed, rate in where:
        for slice_, name in (("arm", "fused_uniform"), ("tier", "small"), ("tier", "big")):
            for i, (predictor, unit) in enumerate(_PREDICTORS.items()):
                yield {
                    "traffic": traffic, "changed": changed, "slice": slice_, "name": name,
                    "rate": rate, "predictor": predictor, "unit": unit, "n": 2700, "bias": 0.01,
                    "mae": 0.3 + 0.1 * i, "mape": 0.2 + rate / 100 + 0.2 * changed, "n_mape": 2000,
                    "coverage": 0.9, "coverage_low": 0.88, "coverage_high": 0.92, "level": 0.95,
                    "method": "BCa cluster bootstrap", "clusters": 220, "missing": 0, **SIMULATED,
                }  # fmt: skip


def calibration() -> Iterable[dict[str, Any]]:
    for rate in RATES:
        for slice_, name in (("tier", "small"), ("model", "m-small")):
            for predictor, unit in _PREDICTORS.items():
                for measure, point in (("coverage", 0.9), ("width", 2.0)):
                    yield {
                        "traffic": "steady", "changed": False, "slice": slice_, "name": name,
                        "rate": rate, "predictor": predictor, "unit": unit,
                        "target": 0.9 if measure == "coverage" else None, "measure": measure,
                        **estimate(point, 0.02), **SIMULATED,
                    }  # fmt: skip


def alarms() -> Iterable[dict[str, Any]]:
    for traffic, change in (("steady", None), ("model_update", 300)):
        for seed in (1, 2):
            for predictor in ("quality", "e2e"):
                sounded = change is not None and seed == 1
                yield {
                    "traffic": traffic, "arm": "fused_uniform", "rate": 12.0, "seed": seed,
                    "predictor": predictor, "false_alarm": 0.01, "sounded": sounded,
                    "at_request": 340 if sounded else None, "change_at": change,
                    "delay": 40 if sounded else None, "peak_log10": 2.5 if sounded else 0.3,
                    "n": 540, **SIMULATED,
                }  # fmt: skip


def alarm_rates() -> Iterable[dict[str, Any]]:
    for traffic, changing, share in (("steady", False, 0.0), ("model_update", True, 0.5)):
        for predictor in ("quality", "e2e"):
            yield {
                "traffic": traffic, "predictor": predictor, "changing": changing, "runs": 10,
                "sounded": int(10 * share), **estimate(share, None), "low": max(0, share - 0.3),
                "high": share + 0.3, "median_delay": 40.0 if changing else None, **SIMULATED,
            }  # fmt: skip


def doses() -> Iterable[dict[str, Any]]:
    for kind, unit in (("quality", "sigma, 0 to 1"), ("age", "s")):
        for k, dose in enumerate((0.0, 0.1, 0.3, 0.6)):
            yield {
                "kind": kind, "unit": unit, "dose": dose, "arm": f"{kind}_{k}",
                "baseline": "decoupled_reactive", "rate": 24.0, "traffic": "spoiled",
                **estimate(0.03 - 0.015 * k, 0.005), **SIMULATED,
            }  # fmt: skip


def break_points() -> list[dict[str, Any]]:
    return [
        {
            "kind": "quality", "unit": "sigma, 0 to 1", "baseline": "decoupled_reactive",
            "break_dose": 0.3, "break_low": 0.25, "break_high": 0.4,
            "sentence": "Ours is ahead up to a quality error of 0.3.", **SIMULATED,
        },
        {
            "kind": "age", "unit": "s", "baseline": "decoupled_reactive", "break_dose": None,
            "break_low": None, "break_high": None,
            "sentence": "Not reached within the ages tried.", **SIMULATED,
        },
    ]  # fmt: skip


def state() -> list[dict[str, Any]]:
    return [
        {
            "traffic": "burst", "changed": False, "slice": "arm", "name": "fused_uniform",
            "rate": 18.0, "quantity": "queue",
            "unit": "sequences", "true_mean": 4.4, "bias": 0.01, "mae": 0.1, "mae_low": 0.05,
            "mae_high": 0.15, "level": 0.95, "p99": 1.0, "age_s": 0.02, "n": 5700, "missing": 0,
            **SIMULATED,
        }
    ]  # fmt: skip


def claims() -> list[dict[str, Any]]:
    return [
        {
            "claim": "ours_over_theirs", "traffic": "poisson", "rate": 12.0, "faster": "a",
            "slower": "b", "published_ratio": 0.7, "ratio": 0.9, "low": 0.85, "high": 0.95,
            "level": 0.95, "faster_s": 1.1, "slower_s": 1.2, "runs": 5, "verdict": "same order",
            **SIMULATED,
        }
    ]  # fmt: skip


def published_cells() -> list[dict[str, Any]]:
    return [
        {
            "traffic": "poisson", "rate": 12.0, "arm": "a", "e2e_s": 1.1, "e2e_low": 1.0,
            "e2e_high": 1.2, "p95_s": 2.0, "router_s": 0.01, "quality": 0.7, "cost_usd": 1e-5,
            "mix": "70/30", "not_served": 0, "runs": 5, **SIMULATED,
        }
    ]  # fmt: skip


def ladder() -> list[dict[str, Any]]:
    return [{"cell": "a cell", "published_s": 2.0, "simulated_s": 2.1, **SIMULATED}]


def agreement() -> list[dict[str, Any]]:
    place = {"slice_kind": "all", "slice": "all", "source_a": "x", "source_b": "y"}
    return [{**place, "statistic": "pearson", **estimate(0.5, 0.1)}]


def judge_audit() -> list[dict[str, Any]]:
    return [
        {
            "quality_source": "y",
            "audit": "position",
            "statistic": "consistency",
            **estimate(0.9, 0.05),
        }
    ]


TABLES = {
    "frontier/cells": cells, "frontier/frontier": frontier, "frontier/mix": mix,
    "frontier/differences": differences, "frontier/references": references,
    "frontier/bands": bands, "frontier/hypervolume": hypervolume, "frontier/field": field,
    "frontier/service": service, "frontier/chosen": chosen, "frontier/radar": radar,
    "frontier/extremes": extremes, "ablation/contrasts": contrasts, "ablation/placebo": placebo,
    "ablation/answers": answers, "drift/errors": errors, "drift/state": state,
    "drift/calibration": calibration, "drift/alarms": alarms, "drift/alarm_rates": alarm_rates,
    "drift/doses": doses, "drift/break_points": break_points, "published/claims": claims,
    "published/cells": published_cells, "fidelity/ladder": ladder,
    "agreement": agreement, "judge_audit": judge_audit,
}  # fmt: skip


def metrics() -> dict[str, Any]:
    return {
        "judge": {"task_metric/squad_f1": {"rows": 40, "failed": 1, "mean": 0.5}},
        "dataset": {
            "quality_source": "task_metric",
            "rows_without_quality": 3,
            "mean_quality": {"m": 0.51239},
            "prompts_per_split": {"test": 10},
        },
        "embed": {"share_of_test_near_training": 0.00264201},
        "fidelity": {"clocks_agree": True},
    }


def write_inputs(folder: Path, **changes: Any) -> Path:
    """Write every file that the report reads below `folder`; return the prompts' card.

    Args:
        folder: takes the place of reports/.
        changes: rows that take the place of a table's, by the last part of its name;
            of a predictor's file by its name, for example quality.
    """
    entry = {"name": "q", "version": 1, "aliases": ["champion"], "model_sha256": "0" * 64}
    card = {"source": "generated", "datasets": [{"dataset": "d", "prompts": 10}], "origin": {}}
    files = {
        f"{name}.csv": _csv(changes.get(name.rpartition("/")[2], make()), make())
        for name, make in TABLES.items()
    }
    files |= {f"metrics/{name}.json": json.dumps(value) for name, value in metrics().items()}
    files |= {"registry.json": json.dumps([entry]), "card.json": json.dumps(card)}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    write_predictors(folder / "predictors", **changes)
    return folder / "card.json"


def _csv(rows: Iterable[dict[str, Any]], like: Iterable[dict[str, Any]]) -> str:
    known = pl.DataFrame(list(like), infer_schema_length=None)
    return pl.DataFrame(list(rows), schema=known.schema).write_csv()
