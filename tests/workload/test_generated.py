"""The five generated families: counts, references that are really right, difficulty, groups."""

import csv
import io
import json
import re
from collections import Counter

import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.rows import PROMPTS
from pipeline.streams import stream
from pipeline.workload.generated import FAMILIES, REFUSAL, Pick, facts, generate
from pipeline.workload.generated._arithmetic import word_problem
from pipeline.workload.generated._chat import chat, chat_capacity
from pipeline.workload.generated._decline import decline, decline_capacity
from pipeline.workload.generated._story import Story


@pytest.fixture(scope="module")
def prompts() -> pl.DataFrame:
    return generate(300, 7)


def family(prompts: pl.DataFrame, name: str) -> pl.DataFrame:
    return prompts.filter(pl.col("dataset") == name)


@pytest.mark.parametrize("per_family", [1, 2, 5, 37, 1000])
def test_exactly_so_many_per_family_all_different(per_family: int) -> None:
    prompts = generate(per_family, 3)
    counts = dict(prompts.group_by("dataset").len().iter_rows())
    assert counts == dict.fromkeys(FAMILIES, per_family)
    assert prompts["prompt_text"].n_unique() == prompts.height
    assert prompts["prompt_id"].n_unique() == prompts.height


def test_rows_follow_the_schema_and_the_naming(prompts: pl.DataFrame) -> None:
    PROMPTS.check(prompts, "test")
    assert prompts["reference_text"].null_count() == 0
    assert prompts["reference_text"].str.len_chars().min() > 0
    assert "arithmetic-00017" in prompts["prompt_id"].to_list()
    assert set(prompts.select("dataset", "task").unique().iter_rows()) == set(FAMILIES.items())


def test_equal_arguments_give_equal_rows_and_other_seeds_other_texts(
    prompts: pl.DataFrame,
) -> None:
    assert prompts.equals(generate(300, 7))
    for name in FAMILIES:
        own = set(family(prompts, name)["prompt_text"])
        others = set(family(generate(300, 8), name)["prompt_text"])
        assert len(own & others) < 100, name


def test_difficulty_is_spread_in_every_family(prompts: pl.DataFrame) -> None:
    for name in FAMILIES:
        values = family(prompts, name)["difficulty"]
        assert values.quantile(0.1) < 0.3, name
        assert values.quantile(0.9) > 0.65, name
        assert values.n_unique() > 8, name


def test_families_that_share_a_stem_share_a_group(prompts: pl.DataFrame) -> None:
    passages = family(prompts, "passage").with_columns(
        pl.col("prompt_text").str.split("\n\n").list.get(1).alias("passage")
    )
    per_group = passages.group_by("group_id").agg(pl.len(), pl.col("passage").n_unique())
    assert per_group["passage"].max() == 1
    assert set(per_group["len"]) <= {2, 3, 4}
    assert per_group.height == passages["passage"].n_unique()
    assert family(prompts, "arithmetic")["group_id"].n_unique() == 300
    owners = prompts.group_by("group_id").agg(pl.col("dataset").n_unique())
    assert owners["dataset"].max() == 1


def counted(times: int, each: int) -> int:
    return sum(each for _ in range(times))


# What each kind of event leaves of a heap, told again by counting and without the package's table.
SLOW = {
    "gain": lambda heap, n, k: len([*heap, *range(n)]),
    "loss": lambda heap, n, k: len(heap[n:]),
    "packs": lambda heap, n, k: len(heap) + counted(n, k),
    "daily": lambda heap, n, k: len(heap) + counted(n, k),
    "weekly": lambda heap, n, k: len(heap) + counted(7, counted(n, k)),
    "handout": lambda heap, n, k: len(heap[counted(n, k) :]),
    "times": lambda heap, n, k: counted(n, len(heap)),
    "share": lambda heap, n, k: len(heap[::n]),
    "fraction": lambda heap, n, k: len(heap) - len(heap[::n]),
    "percent": lambda heap, n, k: len(heap) + round(n / 100 * len(heap)),
    "swap": lambda heap, n, k: len(heap[n:]) + k,
}


def slow_total(story: Story) -> int:
    heap = range(story.start)
    for event in story.events:
        n = event.numbers[0]
        assert event.kind not in ("share", "fraction") or len(heap) % n == 0
        assert event.kind not in ("loss", "swap") or n < len(heap)
        heap = range(SLOW[event.kind](heap, n, event.numbers[-1]))
        assert len(heap) > 0
    return len(heap)


def test_word_problems_come_out_as_an_independent_count_says() -> None:
    pick = Pick(stream(5, "test"))
    kinds: Counter[str] = Counter()
    for _ in range(150):
        text, answer, story = word_problem(pick)
        total = slow_total(story)
        kinds.update(event.kind for event in story.events)
        for event in story.events:
            assert event.sentence in text
            assert all(str(n) in event.sentence for n in event.numbers)
        n = [int(number) for number in re.findall(r"\d+", text)][-1]
        possible = {
            "worth": total * n,
            "completely": total // n,
            f"owns {n} more": total + n,
            "left over": total % n,
        }
        last = " ".join(text.split(story.events[-1].sentence)[-1].split())
        turned = [value for sign, value in possible.items() if sign in last]
        assert answer == (turned[0] if turned else total), text
    assert set(kinds) == set(SLOW)


def test_word_problems_get_longer_as_they_get_harder(prompts: pl.DataFrame) -> None:
    problems = family(prompts, "arithmetic")
    words = problems["prompt_text"].str.split(" ").list.len()
    assert problems.select(pl.corr("difficulty", words)).item() > 0.8


def test_spans_are_in_their_passage_and_not_in_the_question(prompts: pl.DataFrame) -> None:
    for row in family(prompts, "passage").iter_rows(named=True):
        passage, question = row["prompt_text"].split("Question:")
        assert row["reference_text"] in passage
        assert row["reference_text"] not in question
        assert 4 <= len(re.findall(r"[a-z0-9]\.(?: |\n)", passage.split("\n\n")[1] + " ")) <= 10


def test_formats_are_what_they_claim(prompts: pl.DataFrame) -> None:
    rows = family(prompts, "format")
    assert set(rows["category"]) == {
        "json object",
        "json list",
        "csv lines",
        "word rules",
        "python expression",
        "python call",
    }
    for row in rows.iter_rows(named=True):
        text, reference = row["prompt_text"], row["reference_text"]
        if row["category"].startswith("json"):
            kind = dict if row["category"] == "json object" else list
            assert isinstance(json.loads(reference), kind)
        elif row["category"] == "csv lines":
            delimiter = {"comma": ",", "semicolon": ";", "vertical bar": "|"}[
                re.search(r"separated by a (comma|semicolon|vertical bar)", text)[1]
            ]
            widths = {
                len(cells) for cells in csv.reader(io.StringIO(reference), delimiter=delimiter)
            }
            assert len(widths) == 1
            assert widths != {1}
        elif row["category"] == "python expression":
            assert repr(eval(re.search(r"`(.+)`", text)[1])) == reference
        elif row["category"] == "python call":
            code = re.search(r"```python\n(.+)\n\n(.+)\n```", text, re.DOTALL)
            names: dict[str, object] = {}
            exec(code[1], names)
            assert repr(eval(code[2], names)) == reference


def test_json_objects_follow_every_sentence_of_their_instruction() -> None:
    twisted: Counter[int] = Counter()
    for row in (
        family(generate(1000, 4), "format").filter(category="json object").iter_rows(named=True)
    ):
        text = row["prompt_text"]
        told = re.match(
            r"(?P<name>\w+), aged (?P<age>\d+), works as a (?P<job>\w+) in (?P<town>\w+), "
            r"owns (?P<bicycles>\d) bicycles and joined the club in (?P<joined>\d+)\.",
            text,
        )
        keys = re.search(r"with the keys (.+) in this order", text)[1].split(", ")
        wanted = {key: int(told[key]) if told[key].isdigit() else told[key] for key in keys}
        if "in capitals" in text:
            wanted = {k: v.upper() if isinstance(v, str) else v for k, v in wanted.items()}
        if "the key email" in text:
            wanted["email"] = None
        if "under the key member" in text:
            wanted = {"member": wanted}
        assert row["reference_text"] == json.dumps(wanted), text
        twisted["in capitals" in text and "under the key member" in text] += 1
    assert min(twisted[False], twisted[True]) > 10


def test_word_rules_come_out_as_told_again() -> None:
    effects = {
        "drop the first word": lambda w: w[1:],
        "drop the last word": lambda w: w[:-1],
        "reverse the order of the words": lambda w: list(reversed(w)),
        "sort the words alphabetically": sorted,
        "put everything in capitals": lambda w: [x.upper() for x in w],
        "write every word backwards": lambda w: ["".join(reversed(x)) for x in w],
        "cut every word after its fourth letter": lambda w: [x[:4] for x in w],
        "add an exclamation mark to every word": lambda w: [x + "!" for x in w],
    }
    joined = {"commas": ", ", "hyphens": "-", "single spaces": " ", "slashes": "/"}
    checked = 0
    for row in family(generate(1000, 4), "format").iter_rows(named=True):
        if row["category"] != "word rules":
            continue
        shape = r"these words: (.+?)\. (.+)\. Join the result with (.+) on one line"
        found = re.search(shape, row["prompt_text"])
        words, steps = found[1].split(", "), found[2].lower().split("; then ")
        if all(step in effects for step in steps):
            for step in steps:
                words = effects[step](words)
            glue = joined["commas" if "comma" in found[3] else found[3]]
            assert glue.join(words) == row["reference_text"]
            checked += 1
    assert checked > 10


def test_facts_are_many_clean_and_not_repeated() -> None:
    known = facts()
    assert len(known) > 800
    assert len({(fact.subject, fact.relation) for fact in known}) == len(known)
    assert all(fact.answer == fact.answer.strip() and fact.answer for fact in known)
    assert all(0 <= fact.obscurity <= 1 for fact in known)
    answers = {(fact.subject, fact.relation): fact.answer for fact in known}
    assert answers["France", "capital"] == "Paris"
    assert answers["gold", "symbol"] == "Au"
    assert answers["uranium", "atomic_number"] == "92"


def test_about_half_of_the_requests_are_to_be_declined(prompts: pl.DataFrame) -> None:
    rows = family(prompts, "decline")
    declined = rows["reference_text"] == REFUSAL
    assert declined.sum() == 150
    assert set(rows.filter(declined)["category"]) == {"decline"}
    assert rows.filter(~declined)["reference_text"].str.contains("can't help").sum() == 0


def test_the_finite_families_hold_what_they_promise() -> None:
    pick = Pick(stream(1, "test"))
    assert len({item.text for item in chat(pick, chat_capacity())}) == chat_capacity()
    assert len({item.text for item in decline(pick, decline_capacity())}) == decline_capacity()


@pytest.mark.parametrize("per_family", [0, -3, 10**6])
def test_an_impossible_count_is_refused_in_one_sentence(per_family: int) -> None:
    with pytest.raises(DataError, match=f"per_family is {per_family}, but 1 to .* per family"):
        generate(per_family, 1)
