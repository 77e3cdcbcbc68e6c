"""The published scored set: prompts, the answers of four models, and what judges gave them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline.errors import SchemaError, UnknownNameError
from pipeline.files import content_hash
from pipeline.params import ScoredParams
from pipeline.rows import PROMPTS
from pipeline.workload.files import stem
from pipeline.workload.hub._open import files_in, open_files, open_set, require_columns

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["SCORED_PATH", "read_scored_prompts", "read_scored_responses"]

SCORED_PATH = "asdwb/route_balance_model_estimator"

_LICENCE = "not stated by its authors; see the sets that it was drawn from"
_COLUMNS = ("request_id", "prompt", "dataset", "source", "models")
_FIELDS = ("response", "output_length", "llm_judge_scores")
_TURN = re.compile(
    r"(?:<\|im_start\|>system\n.*?<\|im_end\|>\n)?"
    r"<\|im_start\|>user\n(?P<asked>.*?)<\|im_end\|>\n?(?:<\|im_start\|>assistant\n?)?",
    re.DOTALL,
)


def read_scored_prompts(
    settings: ScoredParams, per_dataset: int | None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Its prompts as PROMPTS rows, at most `per_dataset` of each of its sets, in id order.

    Returns:
        The rows, and what was read: name, splits, rows and their hash.

    Raises:
        UnavailableError: the set cannot be read.
        SchemaError: its columns or its chat format are not those that were published.
    """
    told = list(_rows(settings))
    frame = PROMPTS.frame(_prompt(row) for row in told).sort("prompt_id")
    if per_dataset is not None:
        frame = frame.group_by("dataset", maintain_order=True).head(per_dataset).sort("prompt_id")
    origin = {
        "hub": SCORED_PATH,
        "revision": settings.revision,
        "read_from": "mirror" if settings.mirror else "hub",
        "splits": list(settings.splits),
        "rows_read": len(told),
        "rows_read_sha256": content_hash(told),
    }
    return frame, origin


def read_scored_responses(settings: ScoredParams, models: list[str]) -> pl.DataFrame:
    """What the models answered and what the judge gave, in the columns of recorded responses.

    A score of 0 is a score. A score that is absent is null, and so is a null.

    Raises:
        UnavailableError: the set cannot be read.
        SchemaError: its columns or values are not those that were published.
        UnknownNameError: a model or a judge that it does not hold.
    """
    rows = [one for row in _rows(settings) for one in _answers(row, settings, models)]
    known = {name for row in rows for name in row["judges"]}
    if settings.judge not in known:
        raise UnknownNameError("judge", settings.judge, known, "prompts.scored.judge")
    return pl.DataFrame(
        [{name: value for name, value in row.items() if name != "judges"} for row in rows],
        schema={
            "prompt_id": pl.String,
            "model": pl.String,
            "response_text": pl.String,
            "output_tokens": pl.Int32,
            "quality": pl.Float64,
            "quality_source": pl.String,
            "source": pl.String,
        },
    )


def _rows(settings: ScoredParams) -> Iterator[dict[str, Any]]:
    for split in settings.splits:
        dataset = _opened(settings, split)
        gold = [name for name in ("reference_text",) if name in dataset.column_names]
        yield from require_columns(dataset, [*_COLUMNS, *gold], f"{SCORED_PATH} {split}")


def _opened(settings: ScoredParams, split: str) -> "Dataset":
    if settings.mirror is None:
        return open_set(SCORED_PATH, None, split, settings.revision, gated=False)
    folder = Path(settings.mirror)
    return open_files(SCORED_PATH, files_in(folder, split), f"{folder}, split {split}")


def _prompt(row: Mapping[str, Any]) -> dict[str, object]:
    asked = _unformatted(row)
    return {
        "prompt_id": str(row["request_id"]),
        "dataset": row["dataset"],
        "task": "recorded",
        "group_id": stem(asked),
        "prompt_text": asked,
        "reference_text": row.get("reference_text"),
        "category": row["source"],
        "difficulty": None,
        "source": "hub",
        "licence": _LICENCE,
    }


def _unformatted(row: Mapping[str, Any]) -> str:
    """The user's turn alone: models and predictors add the format of a chat themselves."""
    text: str = row["prompt"]
    if "<|im_start|>" not in text:
        return text
    turn = _TURN.fullmatch(text)
    if turn is None or "<|im_start|>" in turn["asked"]:
        raise SchemaError(
            f"{SCORED_PATH}: prompt of request {row['request_id']!r} is not one user turn in chat "
            "format, with or without a system turn before it"
        )
    return turn["asked"]


def _answers(
    row: Mapping[str, Any], settings: ScoredParams, models: list[str]
) -> Iterator[dict[str, Any]]:
    where = f"{SCORED_PATH}: request {row['request_id']!r}"
    told = _mapping(row["models"], where)
    for model in models:
        if model not in told:
            raise UnknownNameError("model", model, told, where)
        answer = told[model]
        for field in _FIELDS:
            if not isinstance(answer, Mapping) or field not in answer:
                found = ", ".join(answer) if isinstance(answer, Mapping) else type(answer).__name__
                raise SchemaError(f"{where}: {field!r} of {model!r} is missing; found {found}")
        judges = _by_judge(answer["llm_judge_scores"], f"{where}, {model!r}")
        yield {
            "prompt_id": str(row["request_id"]),
            "model": model,
            "response_text": answer["response"],
            "output_tokens": answer["output_length"],
            "quality": _score(judges.get(settings.judge), settings.scale, f"{where}, {model!r}"),
            "quality_source": settings.judge,
            "source": SCORED_PATH,
            "judges": list(judges),
        }


def _mapping(models: Any, where: str) -> dict[str, Any]:
    """Answers by model: the set holds them as JSON text, a local copy may hold them as they are."""
    if isinstance(models, str):
        try:
            models = json.loads(models)
        except ValueError as error:
            raise SchemaError(f"{where}: 'models' is not JSON ({error})") from error
    if not isinstance(models, Mapping):
        raise SchemaError(f"{where}: 'models' is {type(models).__name__}, expected a mapping")
    # A table gives every row every model of any row, null where it has none.
    return {name: answer for name, answer in models.items() if answer is not None}


def _by_judge(scores: Any, where: str) -> Mapping[str, Any]:
    """Scores by judge; null is none of them."""
    if scores is None:
        return {}
    if not isinstance(scores, Mapping):
        raise SchemaError(
            f"{where}: 'llm_judge_scores' is {type(scores).__name__}, expected a mapping"
        )
    return scores


def _score(value: Any, scale: float, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SchemaError(f"{where}: the score is {value!r}, expected a number")
    if not 0 <= value <= scale:
        raise SchemaError(
            f"{where}: the score is {value}, expected 0 to {scale:g}; prompts.scored.scale says "
            "what the judge gives at best"
        )
    return value / scale
