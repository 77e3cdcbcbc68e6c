"""The published scored set: its zeros, its gaps, its chat format, and files of another schema."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SchemaError, UnknownNameError
from pipeline.params import ScoredParams
from pipeline.rows import PROMPTS
from pipeline.workload.collect import collect_recorded
from pipeline.workload.hub import SCORED_PATH, read_scored_prompts, read_scored_responses
from tests.workload.hub.hub_files import write_jsonl

JUDGE = "deepeval-llama3.1-8b-it_reference"
MODELS = ["Qwen/Qwen2.5-3B", "Qwen/Qwen2.5-72B"]


def answer(score: float | None, text: str = "Four.", tokens: int = 3) -> dict[str, Any]:
    judges = {"protectai_distilroberta-base-rejection-v1": 0.9}
    if score is not None:
        judges[JUDGE] = score
    return {"response": text, "output_length": tokens, "llm_judge_scores": judges,
            "reference_score": 1.0, "is_truncated": False}  # fmt: skip


def row(i: int, **changes: Any) -> dict[str, Any]:
    models = {MODELS[0]: answer(0.0), MODELS[1]: answer(0.75, "Four, I think.", 5)}
    made = {
        "request_id": f"r{i}",
        "prompt": "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nWhat is 2 + 2, "
        f"case {'abcdefgh'[i]}?<|im_end|>\n<|im_start|>assistant\n",
        "input_len": 21,
        "dataset": "gsm8k" if i % 2 else "squad",
        "source": f"gsm8k/{i}",
        "is_harmful": False,
        "models": json.dumps(models),
    }
    return made | changes


def settings(folder: Path, **changes: Any) -> ScoredParams:
    told = {"splits": ["train", "test"], "judge": JUDGE, "scale": 1.0, "revision": None}
    return ScoredParams.model_validate(told | {"mirror": str(folder)} | changes)


def written(folder: Path, *rows: dict[str, Any]) -> ScoredParams:
    write_jsonl(folder / "train.jsonl", list(rows))
    return settings(folder, splits=["train"])


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def test_prompts_of_both_splits_without_their_chat_format(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", [row(i) for i in range(4)])
    write_jsonl(tmp_path / "test.jsonl", [row(4, prompt="Plain text.")])
    rows, origin = read_scored_prompts(settings(tmp_path), None)
    PROMPTS.check(rows, "memory")
    assert rows["prompt_text"].to_list() == [
        *(f"What is 2 + 2, case {name}?" for name in "abcd"),
        "Plain text.",
    ]
    assert rows["task"].unique().to_list() == ["recorded"]
    assert (origin["hub"], origin["rows_read"]) == (SCORED_PATH, 5)
    fewer, _ = read_scored_prompts(settings(tmp_path), 1)
    assert fewer["dataset"].to_list() == ["squad", "gsm8k"]


def test_reference_texts_are_read_where_there_are_any(tmp_path: Path) -> None:
    rows, _ = read_scored_prompts(written(tmp_path, row(0, reference_text="4")), None)
    assert rows["reference_text"].to_list() == ["4"]
    without, _ = read_scored_prompts(written(tmp_path, row(0)), None)
    assert without["reference_text"].to_list() == [None]


def test_a_zero_stays_and_a_gap_stays_a_gap(tmp_path: Path) -> None:
    gap = {MODELS[0]: answer(None), MODELS[1]: answer(1.0)}
    chosen = written(tmp_path, row(0), row(1, models=json.dumps(gap)))
    prompts, _ = read_scored_prompts(chosen, None)
    rows = collect_recorded(prompts, read_scored_responses(chosen, MODELS), MODELS, words)
    found = {(r["prompt_id"], r["model"]): r for r in rows.iter_rows(named=True)}
    assert [found["r0", name]["recorded_quality"] for name in MODELS] == [0.0, 0.75]
    assert [found["r1", name]["recorded_quality"] for name in MODELS] == [None, 1.0]
    one = found["r0", MODELS[1]]
    assert (one["response_text"], one["output_tokens"]) == ("Four, I think.", 5)
    assert (one["output_tokens_source"], one["label"]) == ("reported", "recorded")
    assert one["recorded_quality_source"] == JUDGE


def test_answers_may_be_a_mapping_instead_of_text(tmp_path: Path) -> None:
    one = row(0, models={MODELS[0]: answer(0.0), MODELS[1]: answer(0.5)})
    read = read_scored_responses(written(tmp_path, one), MODELS)
    assert read["quality"].to_list() == [0.0, 0.5]


def test_a_judge_on_another_scale_has_to_say_so(tmp_path: Path) -> None:
    chosen = written(tmp_path, row(0, models=json.dumps({MODELS[0]: answer(7.5)})))
    with pytest.raises(SchemaError, match=r"the score is 7\.5, expected 0 to 1; prompts\.scored"):
        read_scored_responses(chosen, MODELS[:1])
    ten = chosen.model_copy(update={"scale": 10.0})
    assert read_scored_responses(ten, MODELS[:1])["quality"].to_list() == [0.75]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": "{'a': 1}"}, "request 'r0': 'models' is not JSON"),
        ({"models": "[1]"}, "'models' is list, expected a mapping"),
        ({"models": json.dumps({MODELS[0]: {"text": "4"}})},
         "'response' of 'Qwen/Qwen2.5-3B' is missing; found text"),
        ({"models": json.dumps({MODELS[0]: 0.5})}, "'response' of .* is missing; found float"),
        ({"models": json.dumps({MODELS[0]: answer(1.0) | {"llm_judge_scores": [1.0]}})},
         "'llm_judge_scores' is list, expected a mapping"),
        ({"models": json.dumps({MODELS[0]: answer(-0.5)})}, "the score is -0.5"),
        ({"models": json.dumps({MODELS[0]: answer(True)})}, "the score is True, expected a num"),
    ],
)  # fmt: skip
def test_another_schema_is_a_sentence(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        read_scored_responses(written(tmp_path, row(0, **changes)), MODELS[:1])


def test_names_that_it_does_not_hold_name_the_nearest(tmp_path: Path) -> None:
    chosen = written(tmp_path, row(0))
    with pytest.raises(UnknownNameError, match=r"did you mean 'Qwen/Qwen2\.5-3B'"):
        read_scored_responses(chosen, ["Qwen2.5-3B"])
    other = chosen.model_copy(update={"judge": "deepeval-llama3.1-8b_reference"})
    with pytest.raises(UnknownNameError, match=f"unknown judge .* did you mean '{JUDGE}'"):
        read_scored_responses(other, MODELS)


def test_a_column_that_is_gone_and_a_chat_of_several_turns_are_refused(tmp_path: Path) -> None:
    short = {name: value for name, value in row(0).items() if name != "source"}
    with pytest.raises(SchemaError, match="column 'source' is missing"):
        read_scored_prompts(written(tmp_path, short), None)
    turns = "<|im_start|>user\na<|im_end|>\n<|im_start|>user\nb<|im_end|>\n"
    with pytest.raises(SchemaError, match="prompt of request 'r0' is not one user turn"):
        read_scored_prompts(written(tmp_path, row(0, prompt=turns)), None)
