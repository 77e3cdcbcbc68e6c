"""From prompts of public sets to labels: every task is judged, none by a rule of another."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pipeline.journal import Journal
from pipeline.judging import SIMILARITY_SOURCE, TASK_METRIC, is_refusal, judge
from pipeline.params import HUB_SETS, HubParams, SplitParams, load_params
from pipeline.rows import RESPONSES
from pipeline.workload.dataset import make_dataset
from pipeline.workload.hub import read_hub
from pipeline.workload.splits import assign_splits

SHARES = SplitParams(train=0.4, calibration=0.2, validation=0.2, test=0.2)


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def embed(texts: list[str]) -> NDArray[np.float32]:
    """Equal texts are equal vectors, and others are not."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=384) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)


def answered(prompts: pl.DataFrame) -> pl.DataFrame:
    """One model that answers every prompt with its reference."""
    blank = dict.fromkeys(RESPONSES.names)
    return RESPONSES.frame(
        blank
        | {
            "prompt_id": row["prompt_id"], "model": "m", "response_text": row["reference_text"],
            "status": "ok", "prompt_tokens": 9, "prompt_tokens_source": "reported",
            "output_tokens": 9, "output_tokens_source": "reported", "label": "live",
        }
        for row in prompts.iter_rows(named=True)
    )  # fmt: skip


@pytest.fixture
def prompts(mirror: Path) -> pl.DataFrame:
    told = {
        "sets": list(HUB_SETS), "total": 140, "per_set": {}, "max_prompt_tokens": 700,
        "on_unavailable": "fail", "mirror": str(mirror),
    }  # fmt: skip
    return read_hub(HubParams.model_validate(told), 3, words, is_refusal).rows


def test_open_questions_have_a_label_by_similarity_and_none_by_rule(
    prompts: pl.DataFrame, tmp_path: Path, root: Path
) -> None:
    settings = load_params(root / "params.yaml").judge
    responses = answered(prompts)
    with Journal(tmp_path / "judge.sqlite") as journal:
        told = judge(prompts, responses, settings, journal, embed)
    splits = assign_splits(prompts, SHARES, 0.99)
    similar = make_dataset(prompts, responses, told, splits, SIMILARITY_SOURCE)
    assert similar["quality"].null_count() == 0
    assert similar["quality"].min() == pytest.approx(1.0, abs=1e-5)
    ruled = make_dataset(prompts, responses, told, splits, TASK_METRIC)
    labels = ruled.join(prompts.select("prompt_id", "task"), on="prompt_id")
    by_task = {
        str(task): (part["quality"].null_count(), part["quality"].min())
        for (task,), part in labels.group_by("task")
    }
    assert set(by_task) == {"number", "span", "decline", "open"}
    assert by_task.pop("open") == (labels.filter(pl.col("task") == "open").height, None)
    assert set(by_task.values()) == {(0, 1.0)}
