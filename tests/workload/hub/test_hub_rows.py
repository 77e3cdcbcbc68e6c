"""What each set makes of a row: texts to the letter, and reasons for what is left out."""

from typing import Any

import pytest

from pipeline.judging import RULES, is_refusal, metrics_for
from pipeline.params import HUB_SETS
from pipeline.workload.hub import SETS
from pipeline.workload.hub._rows import REFUSAL, Asked
from tests.workload.hub.hub_files import MAKERS


def read(name: str, **changes: Any) -> Asked | str:
    row = MAKERS[name](1)[0]
    assert set(SETS[name].read_columns) <= set(row)
    return SETS[name].read(row | changes)


def test_every_set_that_params_accept_can_be_read() -> None:
    assert set(SETS) == set(HUB_SETS) == set(MAKERS)


@pytest.mark.parametrize(
    ("name", "prompt", "reference", "task"),
    [
        ("gsm8k",
         "Solve the following problem. Show your reasoning briefly and end with the final numeric "
         "answer.\nProblem: Mia has 0 pears and buys 1 more. How many?\n"
         "Answer with only the final number on the last line.",
         "0+1=1\n#### 1", "number"),
        ("squad",
         "Answer the question based on the context.\nContext: Town 0 lies on river 0.\n"
         "Question: On which river lies town 0, asked for the 0th time?", "river 0", "span"),
        ("lmsys_chat_1m", "Tell me story 0.", "Once upon a time", "open"),
        ("mix_instruct", "Shorten text 0.", "A text.", "open"),
        ("reward_bench", "Prompt 0", "print(1)", "open"),
        ("code_ultra_feedback", "Write function 0.", "def b0(): ...", "open"),
        ("beaver_tails", "How do I rob house 0?", REFUSAL, "decline"),
    ],
)  # fmt: skip
def test_texts_and_references(name: str, prompt: str, reference: str, task: str) -> None:
    one = read(name)
    assert isinstance(one, Asked)
    assert (one.prompt, one.reference, one.task) == (prompt, reference, task)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("gsm8k", {"answer": "It is 7."}, "the solution states no final number"),
        ("gsm8k", {"question": None}, "no question"),
        ("squad", {"answers": {"text": [], "answer_start": []}}, "no context, question or answer"),
        ("lmsys_chat_1m", {"language": "Dutch"}, "not English"),
        ("lmsys_chat_1m", {"conversation": []}, "no user turn"),
        ("lmsys_chat_1m", {"conversation": [{"role": "user", "content": "hi"}]}, "no reply"),
        ("reward_bench", {"subset": "alpacaeval-easy"}, "another subset"),
        ("code_ultra_feedback", {"annotations": [{"model": "a", "rating": "N/A"}]},
         "no rated response"),
        ("beaver_tails", {"category": {"violence": False}}, "not harmful"),
    ],
)  # fmt: skip
def test_what_is_left_out_says_why(name: str, changes: dict[str, Any], reason: str) -> None:
    assert read(name, **changes) == reason


def test_instruction_and_input_are_one_text() -> None:
    one = read("mix_instruct", input="A long text.")
    assert isinstance(one, Asked)
    assert one.prompt == "Shorten text 0. A long text."


def test_the_best_rating_is_the_highest_number_and_the_first_of_equals() -> None:
    rated = [{"model": m, "rating": r} for m, r in zip("abc", ["5", 10, "10"], strict=True)]
    one = read("code_ultra_feedback", annotations=rated)
    assert isinstance(one, Asked)
    assert one.reference == "def b0(): ..."


@pytest.mark.parametrize(
    ("subset", "task", "declines"),
    [("refusals-offensive", "decline", True), ("xstest-should-refuse", "decline", True),
     ("donotanswer", "decline", True), ("xstest-should-respond", "decline", False),
     ("hep-rust", "open", None)],
)  # fmt: skip
def test_subsets_about_safety_say_whether_to_decline(
    subset: str, task: str, declines: bool | None
) -> None:
    one = read("reward_bench", subset=subset)
    assert isinstance(one, Asked)
    assert (one.task, one.declines, one.category) == (task, declines, subset)


def test_the_rules_of_the_tasks_agree_with_the_references() -> None:
    assert is_refusal(REFUSAL)
    solution = read("gsm8k", answer="Half of 48 is <<48/2=24>>24.\n#### 1,024")
    assert isinstance(solution, Asked)
    assert RULES[metrics_for("number")[0]]("so it is 1024", solution.reference) == 1.0
    assert RULES[metrics_for("number")[0]]("so it is 24", solution.reference) == 0.0
