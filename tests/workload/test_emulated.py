"""Emulated models: success rates as read by plain graders, habits, lengths, determinism."""

import json
import re
from typing import Any

import polars as pl
import pytest

from pipeline.errors import DataError, UnknownNameError
from pipeline.judging import is_refusal
from pipeline.streams import stream
from pipeline.workload.emulated import EMULATED_MODELS, emulate, emulated_model
from pipeline.workload.emulated._answers import Question, right_answer, wrong_answer
from pipeline.workload.generated import FAMILIES, REFUSAL, Pick, generate

MODELS = list(EMULATED_MODELS)


def contained(reference: str, response: str) -> bool:
    words, wanted = plain_words(response), plain_words(reference)
    starts = range(len(words) - len(wanted) + 1)
    return any(words[i : i + len(wanted)] == wanted for i in starts)


def plain_words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def last_number(reference: str, response: str) -> bool:
    found = re.findall(r"\d+", response)
    return bool(found) and found[-1] == reference


def exact_output(reference: str, response: str) -> bool:
    blocks = re.findall(r"```\w*\n(.*?)\n```", response, re.DOTALL)
    output = blocks[-1] if blocks else response.strip()
    if output == reference:
        return True
    try:
        return reference[0] in "[{" and bool(json.loads(output) == json.loads(reference))
    except ValueError:
        return False


def refused_when_due(reference: str, response: str) -> bool:
    return bool(response) and ("can't help" in reference) == ("can't help" in response)


GRADERS = {
    "number": last_number,
    "span": contained,
    "fact": contained,
    "format": exact_output,
    "decline": refused_when_due,
}


def graded(prompt: dict[str, Any], response: str) -> bool:
    return GRADERS[prompt["task"]](prompt["reference_text"], response)


def a_prompt(**changes: object) -> dict[str, Any]:
    prompt: dict[str, Any] = generate(1, 1).filter(pl.col("dataset") == "chat").row(0, named=True)
    return {**prompt, **changes}


def question(prompt: dict[str, Any]) -> Question:
    return Question(
        prompt["dataset"],
        prompt["task"],
        prompt["prompt_text"],
        prompt["reference_text"],
        prompt["difficulty"],
    )


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    """One row per prompt and model: grade and length of 1,000 prompts a family."""
    given = ["prompt_id", "dataset", "difficulty"]
    rows = [
        (*(prompt[c] for c in given), model.name, graded(prompt, text), len(text.split()))
        for prompt in generate(1000, 11).iter_rows(named=True)
        for model in EMULATED_MODELS.values()
        for text in [emulate(prompt, model, 11)]
    ]
    return pl.DataFrame(rows, schema=[*given, "model", "good", "words"], orient="row")


def rate(answers: pl.DataFrame, **where: str) -> float:
    return float(answers.filter(**where)["good"].cast(pl.Float64).mean())


@pytest.mark.parametrize(
    ("model", "wanted"),
    [("emu-3b", 0.50), ("emu-7b", 0.62), ("emu-14b", 0.70), ("emu-72b", 0.82)],
)
def test_models_succeed_as_often_as_designed(
    answers: pl.DataFrame, model: str, wanted: float
) -> None:
    assert rate(answers, model=model) == pytest.approx(wanted, abs=0.025)


def test_families_cross_over(answers: pl.DataFrame) -> None:
    gaps = {
        name: rate(answers, model="emu-72b", dataset=name)
        - max(rate(answers, model=small, dataset=name) for small in ("emu-3b", "emu-7b"))
        for name in FAMILIES
    }
    assert gaps["decline"] < 0.03
    arithmetic = [rate(answers, model=model, dataset="arithmetic") for model in MODELS]
    assert arithmetic == sorted(arithmetic)
    assert arithmetic[-1] - arithmetic[0] > 0.4
    assert gaps["arithmetic"] > 0.3


@pytest.mark.parametrize("model", MODELS)
def test_harder_prompts_fail_more_often(answers: pl.DataFrame, model: str) -> None:
    own = answers.filter(model=model)
    low, high = own["difficulty"].quantile(1 / 3), own["difficulty"].quantile(2 / 3)
    thirds = [
        own.filter(pl.col("difficulty") <= low),
        own.filter((pl.col("difficulty") > low) & (pl.col("difficulty") <= high)),
        own.filter(pl.col("difficulty") > high),
    ]
    easy, middle, hard = (rate(third) for third in thirds)
    assert easy > middle + 0.03
    assert middle > hard + 0.03


def test_models_agree_on_odd_items(answers: pl.DataFrame) -> None:
    table = answers.pivot("model", index=["prompt_id", "dataset"], values="good")
    for name in FAMILIES:
        pair = table.filter(dataset=name).select(pl.col("emu-7b", "emu-14b").cast(pl.Float64))
        assert pair.select(pl.corr("emu-7b", "emu-14b")).item() > 0.1, name


def test_lengths_differ_between_models_and_have_a_long_tail(answers: pl.DataFrame) -> None:
    mean = {model: float(answers.filter(model=model)["words"].mean()) for model in MODELS}
    assert mean["emu-14b"] < 0.7 * mean["emu-3b"]
    assert mean["emu-72b"] > 1.15 * mean["emu-7b"]
    words = answers["words"]
    assert 45 < words.mean() < 110
    assert words.quantile(0.99) > 3 * words.median()
    assert words.max() <= 330
    by_family = answers.group_by("dataset").agg(pl.col("words").mean())["words"]
    assert by_family.max() > 1.5 * by_family.min()


def test_a_few_answers_are_empty(answers: pl.DataFrame) -> None:
    assert 0 < (answers["words"] == 0).mean() < 0.01


def test_right_and_wrong_texts_are_read_as_such() -> None:
    """Every habit of every model on every prompt, whatever the draw of success says."""
    for number, prompt in enumerate(generate(150, 21).iter_rows(named=True)):
        for name, model in EMULATED_MODELS.items():
            pick = Pick(stream(number, "test", name))
            right = right_answer(pick, question(prompt), 60)
            wrong = wrong_answer(pick, question(prompt), 60, model.habits)
            assert graded(prompt, right), (prompt, right)
            assert not graded(prompt, wrong), (prompt, wrong)
            if prompt["task"] in ("format", "decline"):
                assert prompt["reference_text"] not in wrong, (prompt, wrong)


def test_the_judge_reads_every_refusal_as_one_and_nothing_else() -> None:
    for prompt in generate(300, 21).filter(task="decline").iter_rows(named=True):
        asked, refuse = question(prompt), prompt["reference_text"] == REFUSAL
        for name, model in EMULATED_MODELS.items():
            pick = Pick(stream(1, prompt["prompt_id"], name))
            assert is_refusal(right_answer(pick, asked, 40)) == refuse, prompt
            assert is_refusal(wrong_answer(pick, asked, 40, model.habits)) != refuse, prompt


def test_wrong_spans_share_no_word_with_the_reference() -> None:
    habits = {"span": ("distractor",)}
    for prompt in generate(200, 5).filter(task="span").iter_rows(named=True):
        text = wrong_answer(Pick(stream(1, prompt["prompt_id"])), question(prompt), 40, habits)
        given = text.split("Answer: ")[-1]
        assert given in prompt["prompt_text"]
        assert not set(plain_words(given)) & set(plain_words(prompt["reference_text"]))


def test_wrong_facts_answer_another_question_of_the_kind() -> None:
    prompt = a_prompt(prompt_text="What is the capital of France?", reference_text="Paris")
    text = wrong_answer(Pick(stream(1, "x")), question(prompt), 20, {"fact": ("similar",)})
    capitals = "Berlin|Rome|Madrid|Kyiv|Nairobi"
    texts = [
        wrong_answer(Pick(stream(i, "x")), question(prompt), 20, {"fact": ("similar",)})
        for i in range(300)
    ]
    assert "Paris" not in text
    assert any(re.search(capitals, other) for other in texts)


def test_facts_and_passages_from_elsewhere_get_wrong_answers_too() -> None:
    prompt = a_prompt(prompt_text="Who is it?", reference_text="nobody at all")
    assert not graded(
        prompt, wrong_answer(Pick(stream(1, "x")), question(prompt), 20, {"fact": ("similar",)})
    )
    prompt = {**prompt, "task": "span"}
    text = wrong_answer(Pick(stream(1, "x")), question(prompt), 20, {"span": ("distractor",)})
    assert not graded(prompt, text)


def test_equal_arguments_give_equal_bytes() -> None:
    prompts = generate(20, 2).rows(named=True)
    once, twice = (
        [emulate(p, model, 9).encode() for p in prompts for model in EMULATED_MODELS.values()]
        for _ in range(2)
    )
    assert once == twice
    other = [emulate(p, model, 10).encode() for p in prompts for model in EMULATED_MODELS.values()]
    assert sum(a == b for a, b in zip(once, other, strict=True)) < 0.3 * len(once)


def test_only_public_columns_matter() -> None:
    prompt, model = a_prompt(), emulated_model("emu-7b")
    unseen = {**prompt, "category": "other", "group_id": "g", "source": "s", "licence": "l"}
    assert emulate(prompt, model, 3) == emulate(unseen, model, 3)


@pytest.mark.parametrize("column", ["reference_text", "difficulty"])
def test_a_prompt_without_reference_or_difficulty_is_refused(column: str) -> None:
    with pytest.raises(DataError, match=f"'chat-00000' has no {column}"):
        emulate(a_prompt(**{column: None}), emulated_model("emu-3b"), 1)


def test_a_task_that_cannot_be_emulated_is_refused() -> None:
    with pytest.raises(DataError, match="'chat-00000' has task 'recorded'"):
        emulate(a_prompt(task="recorded"), emulated_model("emu-3b"), 1)


def test_an_unknown_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown emulated model 'emu-8b'.*emu-7b"):
        emulated_model("emu-8b")
