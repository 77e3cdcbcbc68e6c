"""Reading sets from local files and from a hub that says no: draws, limits, skips, drift."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import DataError, SchemaError
from pipeline.judging import is_refusal
from pipeline.params import HUB_SETS, HubParams
from pipeline.rows import PROMPTS
from pipeline.workload.hub import HubPrompts, UnavailableError, read_hub
from tests.workload.hub.hub_files import MAKERS, write_jsonl


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def read(mirror: Path | None, seed: int = 7, **changes: Any) -> HubPrompts:
    told: dict[str, Any] = {
        "sets": list(HUB_SETS),
        "total": 70,
        "per_set": {},
        "max_prompt_tokens": 700,
        "on_unavailable": "fail",
        "mirror": None if mirror is None else str(mirror),
    }
    return read_hub(HubParams.model_validate(told | changes), seed, words, is_refusal)


def kept(found: HubPrompts) -> dict[str, int]:
    return {one["set"]: one["kept"] for one in found.sets}


def test_all_sets_share_a_total(mirror: Path) -> None:
    found = read(mirror)
    PROMPTS.check(found.rows, "memory")
    assert kept(found) == dict.fromkeys(HUB_SETS, 10)
    counts = found.rows.group_by("dataset").len()
    assert dict(counts.iter_rows()) == kept(found)
    assert found.rows["source"].unique().to_list() == ["hub"]
    licences = dict(found.rows.select("dataset", "licence").unique().iter_rows())
    assert licences["beaver_tails"] == "CC-BY-NC-4.0"


def test_a_seed_is_one_draw(mirror: Path) -> None:
    first, again, other = read(mirror), read(mirror), read(mirror, seed=8)
    assert first.rows.equals(again.rows)
    assert first.sets == again.sets
    assert set(first.rows["prompt_id"]) != set(other.rows["prompt_id"])


def test_floors_caps_and_weights(mirror: Path) -> None:
    per_set = {"gsm8k": {"cap": 4}, "squad": {"floor": 25}, "beaver_tails": {"weight": 3.0}}
    assert kept(read(mirror, per_set=per_set)) == {
        "gsm8k": 4, "squad": 25, "beaver_tails": 17, "lmsys_chat_1m": 6, "mix_instruct": 6,
        "reward_bench": 6, "code_ultra_feedback": 6,
    }  # fmt: skip


def test_a_floor_that_a_set_cannot_reach_is_refused(mirror: Path) -> None:
    with pytest.raises(DataError, match=r"per_set\.reward_bench\.floor is 31, but only 30 of its"):
        read(mirror, per_set={"reward_bench": {"floor": 31}})


def test_fewer_than_asked_for_are_told(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = read(mirror, total=1000, sets=["gsm8k", "reward_bench"])
    assert kept(found) == {"gsm8k": 40, "reward_bench": 30}
    assert "70 of the 1000 asked for" in capsys.readouterr().err
    assert found.sets[1]["left_out"] == {"another subset": 10}


def test_questions_about_one_passage_stay_together(mirror: Path) -> None:
    rows = read(mirror, sets=["squad"], total=40).rows
    assert rows["group_id"].n_unique() == 20
    chats = read(mirror, sets=["lmsys_chat_1m"], total=40).rows
    assert chats["group_id"].n_unique() == 40
    sums = read(mirror, sets=["gsm8k"], total=40).rows
    assert sums["group_id"].n_unique() == 1


def test_a_reference_that_the_rule_would_misread_makes_the_prompt_open(mirror: Path) -> None:
    rows = MAKERS["reward_bench"](3)
    rows[1]["chosen"] = "Harming people is sad."
    rows[2]["chosen"] = "I can't help with that."
    write_jsonl(mirror / "other" / "reward_bench" / "part.jsonl", rows)
    found = read(mirror / "other", sets=["reward_bench"], total=3).rows.sort("category")
    assert found["task"].to_list() == ["open", "open", "open"]
    usual = read(mirror, sets=["reward_bench"], total=30).rows
    assert dict(usual.group_by("task").len().iter_rows()) == {"decline": 20, "open": 10}


def test_long_prompts_short_replies_duplicates_and_gaps_are_counted(tmp_path: Path) -> None:
    rows = MAKERS["lmsys_chat_1m"](6)
    rows[0]["conversation"][0]["content"] = "word " * 23
    rows[1]["conversation"][1]["content"] = "Not now."
    rows[2]["conversation"][0]["content"] = rows[3]["conversation"][0]["content"]
    rows[4]["conversation"][0]["content"] = "  "
    write_jsonl(tmp_path / "m" / "lmsys_chat_1m" / "part.jsonl", rows)
    found = read(tmp_path / "m", sets=["lmsys_chat_1m"], max_prompt_tokens=20)
    assert found.sets[0]["left_out"] == {
        "duplicate of another row": 1,
        "no prompt": 1,
        "prompt above 20 tokens": 1,
        "reference below 3 tokens": 1,
    }
    assert (found.sets[0]["rows_read"], found.sets[0]["kept"]) == (6, 2)


def test_reading_stops_when_there_is_enough_and_its_hash_is_of_what_was_read(
    tmp_path: Path,
) -> None:
    def fingerprint(rows: list[dict[str, Any]], total: int) -> tuple[int, str]:
        write_jsonl(tmp_path / "m" / "gsm8k" / "part.jsonl", rows)
        told = read(tmp_path / "m", sets=["gsm8k"], total=total).sets[0]
        return told["rows_read"], told["rows_read_sha256"]

    rows = MAKERS["gsm8k"](1500)
    assert fingerprint(rows, 5)[0] == 5
    whole = fingerprint(rows, 1500)
    rows[700]["answer"] += " "
    changed = fingerprint(rows, 1500)
    assert whole[0] == changed[0] == 1500
    assert whole[1] != changed[1]


@pytest.mark.parametrize(
    ("column", "row", "said"),
    [
        ("solution", {"question": "q", "solution": "s"},
         r"gsm8k \(openai/gsm8k\): column 'answer' is missing.*found question, solution"),
        ("answer", {"question": "q", "answer": 7}, "openai/gsm8k: a row is of another shape"),
    ],
)  # fmt: skip
def test_a_changed_schema_is_a_sentence(
    tmp_path: Path, column: str, row: dict[str, Any], said: str
) -> None:
    assert column in row
    write_jsonl(tmp_path / "m" / "gsm8k" / "part.jsonl", [row])
    with pytest.raises(SchemaError, match=said):
        read(tmp_path / "m", sets=["gsm8k"])


def test_broken_and_mixed_files_are_refused(tmp_path: Path, mirror: Path) -> None:
    folder = tmp_path / "m" / "gsm8k"
    folder.mkdir(parents=True)
    (folder / "part.parquet").write_text("no parquet")
    with pytest.raises(SchemaError, match="gsm8k: cannot be read"):
        read(tmp_path / "m", sets=["gsm8k"])
    pl.DataFrame(MAKERS["squad"](2)).write_parquet(mirror / "squad" / "a.parquet")
    write_jsonl(mirror / "squad" / "b.jsonl", MAKERS["squad"](2))
    with pytest.raises(SchemaError, match="several formats"):
        read(mirror, sets=["squad"])


def gated() -> Exception:
    from datasets.exceptions import DatasetNotFoundError

    return DatasetNotFoundError("Dataset 'lmsys/lmsys-chat-1m' is a gated dataset on the Hub.")


def not_permitted() -> Exception:
    import httpx
    from huggingface_hub.errors import GatedRepoError

    reply = httpx.Response(403, request=httpx.Request("GET", "https://hub.invalid"))
    return GatedRepoError("Access to this gated dataset is restricted.", response=reply)


def no_network() -> Exception:
    return ConnectionError("Couldn't reach 'lmsys/lmsys-chat-1m' on the Hub (ConnectTimeout)")


def closed() -> Exception:
    return RuntimeError("Cannot send a request, as the client has been closed.")


@pytest.mark.parametrize(
    ("refusal", "reason", "advice"),
    [
        (gated, "is gated and this account has no access", "accept its licence .* set HF_TOKEN"),
        (not_permitted, "is gated and this account has no access", "accept its licence"),
        (no_network, r"cannot be read from the hub \(Couldn't reach", "name a folder as mirror"),
        (closed, r"cannot be read from the hub \(Cannot send", "name a folder as mirror"),
    ],
)
def test_a_set_out_of_reach_fails_or_is_skipped_by_choice(
    monkeypatch: pytest.MonkeyPatch, refusal: Callable[[], Exception], reason: str, advice: str
) -> None:
    import datasets

    asked: list[tuple[str, object, object, object]] = []

    def load(path: str, *, name: object, split: object, revision: object) -> datasets.Dataset:
        asked.append((path, name, split, revision))
        if path == "lmsys/lmsys-chat-1m":
            raise refusal()
        return datasets.Dataset.from_list(MAKERS["gsm8k"](30))

    monkeypatch.setattr(datasets, "load_dataset", load)
    chosen = {"sets": ["lmsys_chat_1m", "gsm8k"], "per_set": {"gsm8k": {"revision": "v1"}}}
    with pytest.raises(UnavailableError, match=f"lmsys/lmsys-chat-1m: {reason}.*{advice}"):
        read(None, **chosen)
    found = read(None, on_unavailable="skip", **chosen)
    assert kept(found) == {"lmsys_chat_1m": 0, "gsm8k": 30}
    skipped, other = found.sets
    assert (skipped["gated"], skipped["read_from"]) == (True, "hub")
    assert "gated" in skipped["skipped"] or "hub" in skipped["skipped"]
    assert "skipped" not in other
    assert asked[-1] == ("openai/gsm8k", "main", "train", "v1")


def test_nothing_at_all_is_never_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no file in .*gsm8k; put \*\.parquet"):
        read(tmp_path, sets=["gsm8k", "squad"], on_unavailable="skip")
