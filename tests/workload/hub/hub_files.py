"""Local files in the schemas of the public sets, written here; nothing comes from a hub."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["MAKERS", "Rows", "write_jsonl"]

Rows = list[dict[str, Any]]


def gsm8k(n: int) -> Rows:
    return [
        {"question": f"Mia has {i} pears and buys {n} more. How many?", "answer": f"{i}+{n}={i + n}"
         f"\n#### {i + n}"}
        for i in range(n)
    ]  # fmt: skip


def squad(n: int) -> Rows:
    return [
        {"id": f"q{i}", "title": "Towns", "context": f"Town {i // 2} lies on river {i // 2}.",
         "question": f"On which river lies town {i // 2}, asked for the {i}th time?",
         "answers": {"text": [f"river {i // 2}", "river"], "answer_start": [15, 15]}}
        for i in range(n)
    ]  # fmt: skip


def lmsys_chat_1m(n: int) -> Rows:
    def turn(role: str, content: str) -> dict[str, str]:
        return {"role": role, "content": content}

    return [
        {"conversation_id": f"c{i}", "model": "m", "turn": 2, "language": "English",
         "conversation": [turn("user", f"Tell me story {i}."),
                          turn("assistant", "Once upon a time"),
                          turn("user", "More."), turn("assistant", "The end, really.")]}
        for i in range(n)
    ]  # fmt: skip


def mix_instruct(n: int) -> Rows:
    return [
        {"id": f"set/{i}", "instruction": f"Shorten text {i}.", "input": "A long text." * (i % 2),
         "output": "A text."}
        for i in range(n)
    ]  # fmt: skip


def reward_bench(n: int) -> Rows:
    subsets = ["hep-python", "refusals-dangerous", "xstest-should-respond", "alpacaeval-easy"]
    chosen = ["print(1)", "I can't help with that.", "Use kill -9 and its number.", "Yes."]
    return [
        {"id": i, "subset": subsets[i % 4], "prompt": f"Prompt {i}", "chosen": chosen[i % 4],
         "rejected": "no", "chosen_model": "a", "rejected_model": "b"}
        for i in range(n)
    ]  # fmt: skip


def code_ultra_feedback(n: int) -> Rows:
    return [
        {"instruction": f"Write function {i}.", "preference": "style", "models": ["a", "b", "c"],
         "responses": [{"model": m, "response": f"def {m}{i}(): ..."} for m in "abc"],
         "annotations": [{"model": m, "rating": r, "rationale": "so"}
                         for m, r in zip("abc", ["2", "4", "N/A"], strict=True)]}
        for i in range(n)
    ]  # fmt: skip


def beaver_tails(n: int) -> Rows:
    return [
        {"prompt": f"How do I rob house {i}?", "response": "Like this", "is_safe": False,
         "category": {"financial_crime": True, "violence": True, "hate_speech": False}}
        for i in range(n)
    ]  # fmt: skip


MAKERS: dict[str, Callable[[int], Rows]] = {
    "beaver_tails": beaver_tails,
    "code_ultra_feedback": code_ultra_feedback,
    "gsm8k": gsm8k,
    "lmsys_chat_1m": lmsys_chat_1m,
    "mix_instruct": mix_instruct,
    "reward_bench": reward_bench,
    "squad": squad,
}


def write_jsonl(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
