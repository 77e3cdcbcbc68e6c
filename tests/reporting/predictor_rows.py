"""Scores, reliability and learning curves as the predictors' stages leave them, by hand."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.rows import LEARNING, PREDICTORS, RELIABILITY, SCORES
from pipeline.schema import write_rows

__all__ = ["curves", "estimate", "reliability", "score", "scores", "write_predictors"]

MODELS = ("m-big", "m-small")
TARGETS = ("3b tpot_s", "3b ttft_s", "ttft_s")
_LABELS = {"quality": "emulated", "length": "emulated", "latency": "simulated"}
# candidate: what it gets in the numbers that selection goes by, the best first
_CANDIDATES: dict[str, dict[str, float]] = {
    "quality": {"knn": 0.08, "logistic": 0.09, "dataset_mean": 0.12, "best_single": 0.2},
    "length": {"quantile_xgboost": 9.0, "knn": 11.0, "model_mean": 14.0},
    "latency": {"quantile_xgboost": 0.1, "linear": 0.15, "tier_constant": 0.4},
}
_VERSUS: dict[str, tuple[str, ...]] = {
    "quality": ("best_single", "dataset_mean"), "length": ("knn",), "latency": ("tier_constant",),
}  # fmt: skip
_OTHERS: dict[str, dict[str, float]] = {
    "quality": {"brier": 1.8, "ece": 0.3, "auc_within_prompt": 8.0},
    "length": {"coverage": 0.1, "width": 5.0},
    "latency": {"mape": 1.0, "coverage": 9.0},
}
_FIRST = {"quality": "regret", "length": "pinball", "latency": "pinball_served"}
_SLICES: dict[str, dict[str, tuple[str, ...]]] = {
    "quality": {"dataset": ("easy", "hard"), "model": MODELS},
    "length": {"dataset": ("easy", "hard"), "model": MODELS},
    "latency": {"tier": ("3b",), "target": TARGETS},
}


def estimate(point: float | None, width: float | None = None, **more: Any) -> dict[str, Any]:
    """The columns of an estimate; without a width it has no interval."""
    known = point is not None and width is not None
    return {
        "estimate": point, "low": point - width if known else None,
        "high": point + width if known else None, "level": 0.95,
        "method": "BCa cluster bootstrap" if known else "degenerate: one cluster",
        "n": 300, "clusters": 220, "missing": 0, **more,
    }  # fmt: skip


def score(predictor: str, candidate: str, metric: str, **more: Any) -> dict[str, Any]:
    """One row of the whole test split; `more` says what is different."""
    return {
        "predictor": predictor, "candidate": candidate,
        "selected": candidate == next(iter(_CANDIDATES[predictor])), "split": "test",
        "slice_kind": "all", "slice": "all", "metric": metric, "versus": "none",
        **estimate(0.5, 0.1), "label": _LABELS[predictor], **more,
    }  # fmt: skip


def scores(predictor: str) -> list[dict[str, Any]]:
    """Rows of every kind of one predictor."""
    return [*_whole(predictor), *_by_slice(predictor), *_differences(predictor)]


def _whole(predictor: str) -> Iterable[dict[str, Any]]:
    for candidate, point in _CANDIDATES[predictor].items():
        for split in ("validation", "test"):
            yield score(
                predictor, candidate, _FIRST[predictor], split=split, **estimate(point, point / 10)
            )
        for metric, factor in _OTHERS[predictor].items():
            value = factor * point
            yield score(predictor, candidate, metric, **estimate(value, value / 10))


def _by_slice(predictor: str) -> Iterable[dict[str, Any]]:
    for candidate in _CANDIDATES[predictor]:
        for kind, names in _SLICES[predictor].items():
            for i, name in enumerate(names):
                where = {"slice_kind": kind, "slice": name}
                for metric in _OTHERS[predictor]:
                    own = {"coverage": 0.9 - 0.05 * i}.get(metric, 0.1 + 0.1 * i)
                    yield score(predictor, candidate, metric, **where, **estimate(own, 0.03))


def _differences(predictor: str) -> Iterable[dict[str, Any]]:
    metric = {"quality": "quality_at_equal_cost"}.get(predictor, "pinball")
    sign = 1.0 if predictor == "quality" else -1.0
    for candidate in _CANDIDATES[predictor]:
        for versus in _VERSUS[predictor]:
            if candidate != versus:
                yield score(predictor, candidate, metric, versus=versus, **estimate(sign, 0.5))


def reliability() -> Iterable[dict[str, Any]]:
    for candidate in _CANDIDATES["quality"]:
        for model in ("all", *MODELS):
            for rank in range(4):
                at = 0.2 + 0.2 * rank
                yield {
                    "candidate": candidate, "model": model, "bin": rank, "predicted": at,
                    "observed": at + 0.02, "low": None if rank == 3 else at - 0.08,
                    "high": None if rank == 3 else at + 0.12, "n": 75,
                }  # fmt: skip


def curves(predictor: str) -> Iterable[dict[str, Any]]:
    where = ("3b",) if predictor == "latency" else ("easy", "hard")
    metric = {"quality": "brier"}.get(predictor, "pinball")
    for candidate in list(_CANDIDATES[predictor])[:2]:
        for dataset in ("all", *where):
            for share in (0.1, 0.25, 0.5, 1.0):
                width = None if share == 0.1 else 0.02
                yield {
                    "predictor": predictor, "candidate": candidate, "dataset": dataset,
                    "share": share, "trained_on": round(600 * share), "metric": metric,
                    **estimate(0.3 - 0.1 * share, width), "label": _LABELS[predictor],
                }  # fmt: skip


def write_predictors(folder: Path, **changes: Iterable[dict[str, Any]]) -> None:
    """Write every file of reports/predictors into `folder`.

    Args:
        folder: takes the place of reports/predictors.
        changes: rows that take the place of a file's, by its name, for example `quality=[]`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: (scores(name), SCORES) for name in PREDICTORS}
    files |= {f"{name}_learning": (list(curves(name)), LEARNING) for name in PREDICTORS}
    files |= {"quality_reliability": (list(reliability()), RELIABILITY)}
    for name, (rows, schema) in files.items():
        frame = schema.frame(changes.get(name, rows))
        write_rows(frame, folder / f"{name}.parquet", schema)
