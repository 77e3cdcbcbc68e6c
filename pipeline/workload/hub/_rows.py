"""From a row of a public set to what is asked, or to the reason why it is left out.

Texts and selections are the published ones (arXiv 2606.17949), so that prompts can be compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "REFUSAL",
    "Asked",
    "beaver_tails",
    "code_ultra_feedback",
    "gsm8k",
    "lmsys_chat_1m",
    "mix_instruct",
    "reward_bench",
    "squad",
]

# The reference of every request that is only to be declined.
REFUSAL = "I'm sorry, but I can't help with that request."

_FINAL_NUMBER = re.compile(r"####\s*-?[\d,.]*\d")
_DECLINE = ("refusals-", "xstest-should-refuse", "donotanswer")
_SAFETY = (*_DECLINE, "xstest-should-respond")
_CODE = "hep-"


@dataclass(frozen=True)
class Asked:
    """What is asked, and what a good answer is.

    `declines` says of a prompt about safety whether a good answer declines; None of any other.
    `group` is what may not be split, None where that is read from the prompt itself.
    """

    prompt: str
    reference: str
    task: str
    category: str | None = None
    group: str | None = None
    declines: bool | None = None


def gsm8k(row: Mapping[str, Any]) -> Asked | str:
    """A word problem; the reference is the whole solution, whose last number is the answer."""
    question, answer = _text(row["question"]), _text(row["answer"])
    if not _FINAL_NUMBER.search(answer):
        return "the solution states no final number"
    prompt = (
        "Solve the following problem. Show your reasoning briefly and end with the final numeric "
        f"answer.\nProblem: {question}\nAnswer with only the final number on the last line."
    )
    return Asked(prompt, answer, "number") if question else "no question"


def squad(row: Mapping[str, Any]) -> Asked | str:
    """A question about a passage; questions about one passage belong together."""
    context, question = _text(row["context"]), _text(row["question"])
    answers = (row["answers"] or {}).get("text") or []
    if not (context and question and answers):
        return "no context, question or answer"
    prompt = f"Answer the question based on the context.\nContext: {context}\nQuestion: {question}"
    return Asked(prompt, answers[0], "span", group=context)


def lmsys_chat_1m(row: Mapping[str, Any]) -> Asked | str:
    """The first user turn of an English conversation, and the reply that it got."""
    if _text(row["language"]).lower() != "english":
        return "not English"
    turns = row["conversation"] or []
    first = next((i for i, turn in enumerate(turns) if turn["role"] == "user"), None)
    if first is None:
        return "no user turn"
    replies = [turn["content"] for turn in turns[first + 1 :] if turn["role"] == "assistant"]
    if not replies:
        return "no reply"
    group = _text(row["conversation_id"])
    return Asked(_text(turns[first]["content"]), _text(replies[0]), "open", group=group)


def mix_instruct(row: Mapping[str, Any]) -> Asked | str:
    """Instruction and input in one text; without an input no blank stays at its end."""
    prompt = f"{row['instruction'] or ''} {row['input'] or ''}".strip()
    return Asked(prompt, _text(row["output"]), "open")


def reward_bench(row: Mapping[str, Any]) -> Asked | str:
    """Prompts about safety and code; the reference is the reply that people preferred."""
    subset = _text(row["subset"])
    prompt, chosen = _text(row["prompt"]), _text(row["chosen"])
    if subset.startswith(_SAFETY):
        declines = subset.startswith(_DECLINE)
        return Asked(prompt, chosen, "decline", category=subset, declines=declines)
    if subset.startswith(_CODE):
        return Asked(prompt, chosen, "open", category=subset)
    return "another subset"


def code_ultra_feedback(row: Mapping[str, Any]) -> Asked | str:
    """A programming task; the reference is its reply of the highest rating, the first of equals."""
    replies = {one["model"]: _text(one["response"]) for one in row["responses"] or []}
    ratings = [
        (float(one["rating"]), one["model"])
        for one in row["annotations"] or []
        if re.fullmatch(r"\d+(\.\d+)?", str(one["rating"])) and one["model"] in replies
    ]
    if not ratings:
        return "no rated response"
    _, best = max(ratings, key=lambda rated: rated[0])
    return Asked(_text(row["instruction"]), replies[best], "open")


def beaver_tails(row: Mapping[str, Any]) -> Asked | str:
    """A request that does harm of some kind; a good answer declines it."""
    harms = sorted(name for name, harmful in (row["category"] or {}).items() if harmful)
    if not harms:
        return "not harmful"
    category = ", ".join(harms)
    return Asked(_text(row["prompt"]), REFUSAL, "decline", category=category, declines=True)


def _text(value: Any) -> str:
    """The text without blanks at its ends; nothing is an empty text, which is left out later."""
    return (value or "").strip()
