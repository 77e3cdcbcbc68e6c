"""The stages themselves on local copies of the sets: prompts, their card, and scored answers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows
from tests.workload.hub.hub_files import MAKERS, write_jsonl

SCORED_MODELS = ("Qwen/Qwen2.5-3B", "Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-14B", "Qwen/Qwen2.5-72B")


def run(stage: str, folder: Path, root: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(root), "HF_DATASETS_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", f"stages.{stage}"]
    return subprocess.run(
        command, cwd=folder, env=env | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True
    )


def told(folder: Path, root: Path, preset: str, **prompts: Any) -> None:
    from pipeline.params.overlay import apply_overlay

    file = folder / "params.yaml"
    file.write_text((root / "params.yaml").read_text())
    apply_overlay(file, root / "presets" / preset, [])
    params = yaml.safe_load(file.read_text())
    for section, values in prompts.items():
        params["prompts"][section] |= values
    file.write_text(yaml.safe_dump(params))


def test_the_preset_reads_local_copies_and_says_what_it_left_out(
    tmp_path: Path, mirror: Path, root: Path
) -> None:
    (mirror / "lmsys_chat_1m" / "part.jsonl").unlink()
    chosen: dict[str, Any] = {"mirror": str(mirror), "total": 60}
    told(tmp_path, root, "hub.yaml", hub=chosen | {"on_unavailable": "fail"})
    refused = run("prompts", tmp_path, root)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("error: lmsys/lmsys-chat-1m: no file in")
    told(tmp_path, root, "hub.yaml", hub=chosen | {"on_unavailable": "skip"})
    ended = run("prompts", tmp_path, root)
    assert ended.returncode == 0, ended.stderr
    rows = read_rows(tmp_path / "data/prompts.parquet", PROMPTS)
    assert rows.height == 60
    card = json.loads((tmp_path / "data/prompts_card.json").read_text())
    sets = {one["set"]: one for one in card["origin"]["sets"]}
    assert set(sets) == set(MAKERS)
    assert sets["lmsys_chat_1m"]["kept"] == 0
    assert sets["lmsys_chat_1m"]["skipped"].startswith("no file in")
    assert {name for name, one in sets.items() if one["kept"] == 10} == {*MAKERS} - {
        "lmsys_chat_1m"
    }
    assert sum(one["prompts"] for one in card["datasets"]) == 60


def test_a_hub_out_of_reach_is_one_sentence(tmp_path: Path, root: Path) -> None:
    told(tmp_path, root, "hub.yaml", hub={"sets": ["gsm8k"], "per_set": {}})
    ended = run("prompts", tmp_path, root)
    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("error: openai/gsm8k: cannot be read from the hub (")
    assert last.endswith("try again with a network, or name a folder as mirror")
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_scored_answers_become_prompts_and_responses(tmp_path: Path, root: Path) -> None:
    def answer(score: float) -> dict[str, Any]:
        judges = {"deepeval-llama3.1-8b-it_reference": score}
        return {"response": "Lima", "output_length": 2, "llm_judge_scores": judges}

    for split, first in (("train", 0), ("test", 6)):
        rows = [
            {"request_id": f"r{i}", "prompt": f"What lies in place {'abcdefghij'[i]}?",
             "dataset": "lmsys", "source": f"lmsys/{i}",
             "models": json.dumps({name: answer(i / 10) for name in SCORED_MODELS})}
            for i in range(first, first + 4)
        ]  # fmt: skip
        write_jsonl(tmp_path / "copy" / f"{split}.jsonl", rows)
    told(tmp_path, root, "scored.yaml", scored={"mirror": "copy"})
    for stage in ("prompts", "collect", "judge"):
        ended = run(stage, tmp_path, root)
        assert ended.returncode == 0, ended.stderr
    responses = read_rows(tmp_path / "data/responses.parquet", RESPONSES)
    assert responses.height == 8 * 4
    assert set(responses["status"]) == {"ok"}
    assert responses["recorded_quality"].min() == 0.0
    card = json.loads((tmp_path / "data/prompts_card.json").read_text())
    assert card["origin"]["hub"] == "asdwb/route_balance_model_estimator"
    assert card["origin"]["rows_read"] == 8
