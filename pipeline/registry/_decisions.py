"""The record of who became champion, when and why: one run of MLflow per decision."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pipeline.registry._compare import Comparison

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Decision", "Outcome", "champions", "history", "recorded"]

Outcome = Literal["first", "promoted", "refused", "forced", "rolled_back"]
_RECORD = "decision.json"


@dataclass(frozen=True)
class Decision:
    """One decision as it was recorded.

    Attributes:
        name: registered name.
        outcome: what was done.
        champion: version that was the champion before; None if there was none.
        challenger: version that was to become it.
        reason: what a person gave; empty if nothing.
        at, who: when, and by which user.
        told: the comparison as JSON, empty if there was none.
    """

    name: str
    outcome: str
    champion: int | None
    challenger: int
    reason: str
    at: datetime
    who: str
    told: dict[str, Any]


@contextmanager
def recorded(
    name: str,
    outcome: Outcome,
    champion: int | None,
    challenger: int,
    reason: str,
    comparison: Comparison | None,
) -> Iterator[None]:
    """Write a decision, and let the block carry it out; it counts only if the block succeeds."""
    import mlflow

    from pipeline import __version__

    told = {} if comparison is None else comparison.as_dict()
    tags = {
        "kind": "promotion",
        "model": name,
        "outcome": outcome,
        "champion": str(champion or ""),
        "challenger": str(challenger),
        "reason": reason,
        "code_version": __version__,
    }
    if comparison is not None:
        differs = any(note.startswith("data_differs") for note in comparison.notes)
        tags["data_differs"] = str(differs).lower()
    with mlflow.start_run(run_name=f"{outcome} {name} {challenger}"):
        mlflow.set_tags(tags)
        mlflow.log_metrics(_numbers(comparison))
        mlflow.log_dict(
            {
                "name": name,
                "outcome": outcome,
                "champion": champion,
                "challenger": challenger,
                "reason": reason,
                "comparison": told,
            },
            _RECORD,
        )
        yield


def history(client: "MlflowClient", experiment: str, name: str) -> list[Decision]:
    """The decisions on a registered name, oldest first."""
    import mlflow

    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs(
        [found.experiment_id],
        f"tags.kind = 'promotion' and tags.model = '{name}' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time ASC"],
    )
    return [
        _decision(run, mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/{_RECORD}"))
        for run in runs
    ]


def champions(decisions: Sequence[Decision]) -> list[int]:
    """The versions a rollback can go through: the last one is the champion of the record.

    A promotion puts its version on top, a rollback takes the top one off.
    """
    stack: list[int] = []
    for one in decisions:
        if one.outcome == "rolled_back":
            stack = stack[:-1]
        elif one.outcome != "refused":
            stack.append(one.challenger)
    return stack


def _decision(run: Any, told: dict[str, Any]) -> Decision:
    return Decision(
        name=told["name"],
        outcome=told["outcome"],
        champion=told["champion"],
        challenger=told["challenger"],
        reason=told["reason"],
        at=datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC),
        who=run.data.tags.get("mlflow.user", "unknown"),
        told=told["comparison"],
    )


def _numbers(comparison: Comparison | None) -> dict[str, float]:
    """Improvements and P-values as metrics of the run; what has no value is left out."""
    if comparison is None:
        return {}
    numbers: dict[str, float | None] = {}
    for place, checks in (("test", comparison.checks), ("served", comparison.served)):
        for check in checks:
            name, found = f"{place}.{check.metric}", check.improvement
            numbers[f"{name}.improvement"] = found.estimate
            numbers[f"{name}.low"], numbers[f"{name}.high"] = found.low, found.high
            numbers[f"{name}.p_value"] = check.p_value
    return {name: value for name, value in numbers.items() if value is not None}
