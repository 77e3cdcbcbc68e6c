"""Small synthetic rows for the tests of the report."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.rows import DATASET, REQUESTS

__all__ = ["dataset_rows", "fleet_rows", "request", "requests_frame"]

_BLANK: dict[str, Any] = dict.fromkeys(
    [
        f"predicted_{name}{end}"
        for name in ("quality", "length", "ttft", "tpot", "e2e")
        for end in ("", "_low", "_high")
    ]
    + ["score_quality", "score_latency", "score_cost", "score_balance", "relaxations"]
    + ["ttft_slo_s", "tpot_slo_s", "budget_usd", "quality_floor", "telemetry_age_s"]
    + ["t_issued", "failure", "attempts"]
    + ["queue_believed", "queue_true", "pending_decode_believed", "pending_decode_true"]
)


def request(request_id: int = 0, **changes: Any) -> dict[str, Any]:
    """One finished, measured request: TTFT 0.5 s and E2E 2.5 s from schedule, 11 tokens out."""
    prompt = request_id % 40
    return {
        **_BLANK,
        "traffic": "steady",
        "arm": "a",
        "rate": 6.0,
        "seed": 1,
        "request_id": request_id,
        "prompt_id": f"p{prompt}",
        "group_id": f"g{prompt // 2}",
        "dataset": "d",
        "split": "test",
        "changed": False,
        "measured": True,
        "t_scheduled": 1.0,
        "t_decided": 1.1,
        "t_dispatched": 1.2,
        "t_first_token": 1.5,
        "t_done": 3.5,
        "instance": "small/0",
        "tier": "small",
        "model": "m-small",
        "prompt_tokens": 10,
        "output_tokens": 11,
        "output_tokens_source": "counted",
        "cut": False,
        "status": "ok",
        "quality": 1.0,
        "cost_usd": 2e-6,
        "decision_ms": 4.0,
        "batch_size": 1,
        "label": "simulated",
        **changes,
    }


def requests_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Checked REQUESTS rows."""
    return REQUESTS.frame(rows)


def fleet_rows(
    arms: tuple[str, ...] = ("a", "b", "best_oracle"),
    rates: tuple[float, ...] = (6.0, 12.0),
    seeds: tuple[int, ...] = (1, 2, 3),
    count: int = 40,
) -> pl.DataFrame:
    """Noisy rows of a small grid; later arms are slower, better and dearer."""
    rows = []
    for seed in seeds:
        for rate in rates:
            noise = np.random.default_rng([seed, int(rate)]).random((count, 3))
            for step, arm in enumerate(arms):
                rows += [
                    _noisy(i, step, noise[i], arm=arm, rate=rate, seed=seed) for i in range(count)
                ]
    return requests_frame(rows)


def _noisy(i: int, step: int, noise: Any, **shared: Any) -> dict[str, Any]:
    tokens = 20 + int(60 * noise[0])
    first = 1.2 + 0.2 * noise[1] + 0.05 * step
    tpot = 0.01 * (1 + 0.3 * step) * (shared["rate"] / 6.0) ** 0.5
    done = first + tpot * (tokens - 1)
    big = (i + step) % 3 == 0
    truth = {"ttft": first - 1.2, "tpot": tpot, "e2e": done - 1.2, "length": float(tokens)}
    believed = {
        f"predicted_{name}{end}": value * scale
        for name, value in truth.items()
        for end, scale in (("", 0.9 + 0.3 * noise[2]), ("_low", 0.7), ("_high", 1.05 + noise[2]))
    }
    chance = 0.5 + 0.1 * step
    return request(
        i,
        **shared,
        t_first_token=first,
        t_done=done,
        output_tokens=tokens,
        model="m-big" if big else "m-small",
        tier="big" if big else "small",
        quality=float(noise[2] < chance),
        cost_usd=1e-6 * tokens * (1 + step),
        predicted_quality=chance,
        predicted_quality_low=0.0,
        predicted_quality_high=1.0,
        **believed,
    )


def dataset_rows(
    qualities: dict[str, dict[str, tuple[float | None, ...]]], tokens: int | None = 100
) -> pl.DataFrame:
    """DATASET rows from {split: {model: one quality per prompt}}; 100 prompt tokens each."""
    rows = []
    for split, models in qualities.items():
        for model, values in models.items():
            rows += [
                {
                    "prompt_id": f"{split}{i}",
                    "model": model,
                    "dataset": "even" if i % 2 == 0 else "odd",
                    "group_id": f"{split}{i}",
                    "split": split,
                    "quality": value,
                    "quality_source": "task_metric",
                    "prompt_tokens": 100,
                    "output_tokens": tokens,
                    "output_tokens_source": "counted" if tokens else None,
                    "label": "emulated",
                }
                for i, value in enumerate(values)
            ]
    return DATASET.frame(rows)
