"""Audits of judges: does one repeat itself, favour length, mind the order?"""

import json
import re

import numpy as np
import pytest
from scipy import stats

from pipeline.judging import audit, judge, position_pairs
from pipeline.judging._summary import pair_counts
from tests.stub_server import answer

SEED = 3


def _first(body) -> str:
    """The first answer of a question to compare; empty for another question."""
    text = body["messages"][0]["content"]
    found = re.search(r"First answer:\n(.*)\n\nSecond answer:\n", text, re.DOTALL)
    return "" if found is None else found[1]


def _better(word: str):
    return answer(json.dumps({"reason": "so it is", "better": word}))


@pytest.fixture
def audited(prompt, response, frames, journal):
    """Judge every text of every model and audit the judges; (rows by statistic, the pairs)."""

    def run(settings, texts: dict[str, list[str]], task: str = "open", groups=None):
        count = len(next(iter(texts.values())))
        ids = groups or [f"g{i}" for i in range(count)]
        prompts = [prompt(f"p{i}", task) | {"group_id": ids[i]} for i in range(count)]
        responses = [
            response(f"p{i}", text, model=model)
            for model, told in texts.items()
            for i, text in enumerate(told)
        ]
        data = frames(prompts, responses)
        pairs = position_pairs(*data, settings, SEED)
        rows = judge(*data, settings, journal, None, pairs=pairs)
        table = audit(rows, *data, settings, pairs, journal, SEED)
        return {row["statistic"]: row for row in table.to_dicts()}, pairs

    return run


TEXTS = {"a": [f"good {i}" for i in range(12)], "b": [f"bad {i}" for i in range(12)]}


def test_a_judge_that_reads_is_consistent(stub, llm, panel, audited) -> None:
    def fair(n, body):
        first = _first(body)
        if not first:
            return answer('{"reason": "r", "score": 5}')
        return _better("first" if first.startswith("good") else "second")

    found, pairs = audited(panel(pairs=10, j=llm(stub(fair))), TEXTS)
    assert len(pairs) == 20
    assert all(pairs[i].first == pairs[i + 1].second for i in range(0, 20, 2))
    consistency, preference = found["consistency"], found["first_preference"]
    assert (consistency["estimate"], consistency["n"], consistency["high"]) == (1.0, 10, 1.0)
    low = stats.binomtest(10, 10).proportion_ci(method="exact").low
    assert consistency["low"] == pytest.approx(low)
    assert (preference["estimate"], preference["n"]) == (0.0, 10)


def test_what_pairs_took_is_counted_beside_the_verdicts(stub, llm, panel, audited, journal) -> None:
    def sometimes(n, body):
        if not _first(body):
            return answer('{"reason": "r", "score": 5}')
        return _better("tie" if _first(body).startswith("good") else "nobody")

    judge_ = llm(stub(sometimes), price_in=1.0, price_out=2.0)
    _, pairs = audited(panel(pairs=3, j=judge_), TEXTS)
    counts = pair_counts(pairs, journal.get_many(pair.key for pair in pairs))["g_eval:j/position"]
    # Of each pair one order has no verdict; a token in and one out each, as the server states.
    assert (counts["rows"], counts["scored"], counts["failed"]) == (6, 3, 3)
    assert (counts["verdicts"], counts["prompt_tokens"], counts["unpriced"]) == (3, 3, 0)
    assert counts["cost_usd"] == pytest.approx(3 * 3e-6)
    assert pair_counts(pairs, {}) == {"g_eval:j/position": {"rows": 6, "scored": 0, "failed": 6}}
    assert pair_counts([], {}) == {}


def test_a_judge_that_takes_the_first_is_found_out(stub, llm, panel, audited) -> None:
    def lazy(n, body):
        return _better("first") if _first(body) else answer('{"reason": "r", "score": 5}')

    found, _ = audited(panel(pairs=8, j=llm(stub(lazy))), TEXTS)
    assert found["consistency"]["estimate"] == 0.0
    assert found["first_preference"]["estimate"] == 1.0


def test_ties_and_failures_count_as_what_they_are(stub, llm, panel, audited) -> None:
    def wavering(n, body):
        first = _first(body)
        if not first:
            return answer('{"reason": "r", "score": 5}')
        number = int(re.findall(r"\d+", first)[0])
        if number % 2:
            return answer('{"reason": "r", "better": "A"}')
        return _better("tie" if first.startswith("good") else "first")

    found, _ = audited(panel(pairs=12, j=llm(stub(wavering))), TEXTS)
    # Odd pairs failed; of the even ones one order tied and the other named the first.
    consistency, preference = found["consistency"], found["first_preference"]
    assert (consistency["estimate"], consistency["n"], consistency["missing"]) == (0.0, 6, 6)
    assert (preference["estimate"], preference["missing"]) == (0.5, 6)


def test_pairs_are_of_one_prompt_differ_and_share_no_group(stub, llm, panel, audited) -> None:
    server = stub(lambda n, body: _better("tie"))
    texts = {"a": ["x", "y", "z", "same"], "b": ["X", "Y", "Z", "same"]}
    _, pairs = audited(
        panel(pairs=99, j=llm(server), k=llm(server)), texts, groups=["g", "g", "h", "i"]
    )
    # Two groups have pairs, each judge gets both orders of the same ones.
    assert len(pairs) == 2 * 2 * 2
    for pair in pairs:
        assert pair.first.prompt_id == pair.second.prompt_id
        assert pair.first.response != pair.second.response
    of = {
        name: {(p.first.prompt_id, p.first.model) for p in pairs if p.judge == name}
        for name in "jk"
    }
    assert of["j"] == of["k"]


def test_audit_off_asks_nothing_more(stub, llm, panel, audited) -> None:
    server = stub(lambda n, body: answer('{"reason": "r", "score": 5}'))
    found, pairs = audited(panel(j=llm(server)), TEXTS)
    assert (pairs, len(server.calls)) == ([], 24)
    assert "consistency" not in found
    assert "within_case_sd" not in found


def _scored_by(score, stub):
    def script(n, body):
        text = body["messages"][0]["content"]
        actual = re.search(r"Actual Output:?\s*(.*?)\s*Expected Output", text, re.DOTALL)[1]
        return answer(json.dumps({"reason": "r", "score": score(actual)}))

    return stub(script)


def test_length_bias_is_told_apart_from_quality(stub, llm, panel, audited) -> None:
    rng = np.random.default_rng(1)

    def text(right: bool, words: int) -> str:
        return "word " * words + ("4" if right else "5")

    right = rng.random((3, 40)) < 0.5
    # Right answers are longer in the one data set; the judge only looks at what is right.
    texts = {
        f"m{j}": [text(ok, int(rng.integers(1, 9)) + 8 * ok) for ok in right[j]] for j in range(3)
    }
    honest = _scored_by(lambda told: 9 if told.endswith("4") else 2, stub)
    found, _ = audited(panel(j=llm(honest)), texts, task="number")
    assert found["length_correlation"]["low"] > 0.5
    assert found["length_given_task_metric"]["estimate"] is None  # the rule says it all
    partial = _scored_by(lambda told: min(10, len(told) // 12 + 2 * told.endswith("4")), stub)
    biased, _ = audited(panel(k=llm(partial)), texts, task="number")
    assert biased["length_given_task_metric"]["low"] > 0.5
    assert biased["length_given_task_metric"]["n"] == 120
    assert biased["length_given_task_metric"]["clusters"] == 40


def test_spread_of_repeats_by_hand(stub, llm, panel, audited) -> None:
    # Verdicts 4 and 6 on one case, 2 and 2 on the other: variances .02 and 0, means .5 and .2.
    script = iter([4, 6, 2, 2])
    server = stub(lambda n, body: answer(json.dumps({"reason": "r", "score": next(script)})))
    settings = panel(j=llm(server, repeats=2, concurrency=1, temperature=1.0))
    found, _ = audited(settings, {"a": ["x", "y"]})
    assert found["within_case_sd"]["estimate"] == pytest.approx(0.1)
    assert found["between_case_sd"]["estimate"] == pytest.approx((0.045 - 0.005) ** 0.5)
    assert found["within_case_sd"]["n"] == 2


def test_a_judge_that_repeats_itself_has_no_spread(stub, llm, panel, audited) -> None:
    server = stub(lambda n, body: answer('{"reason": "r", "score": 5}'))
    found, _ = audited(panel(j=llm(server, repeats=3)), TEXTS)
    row = found["within_case_sd"]
    assert (row["estimate"], row["low"]) == (0.0, None)
    assert row["method"] == "degenerate: the draws within the level are all equal"


def test_without_judges_the_audit_is_an_empty_table(panel, audited) -> None:
    found, pairs = audited(panel(pairs=5), TEXTS)
    assert (found, pairs) == ({}, [])
