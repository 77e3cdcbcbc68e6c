"""Groups, near-copies and shares of the splits."""

from itertools import combinations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.params import SplitParams
from pipeline.rows import PROMPTS, SPLITS
from pipeline.workload.leakage import near_across_splits
from pipeline.workload.splits import assign_splits, near_duplicates

SHARES = SplitParams(train=0.5, calibration=0.15, validation=0.1, test=0.25)


def prompts(texts: list[str], groups: list[str]) -> pl.DataFrame:
    return PROMPTS.frame(
        {
            "prompt_id": f"p{i:05d}",
            "dataset": "toy",
            "task": "number",
            "group_id": group,
            "prompt_text": text,
            "reference_text": "1",
            "category": None,
            "difficulty": 0.5,
            "source": "generated",
            "licence": "none",
        }
        for i, (text, group) in enumerate(zip(texts, groups, strict=True))
    )


def grams(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    padded = ["", "", *words] if len(words) < 3 else words
    return {tuple(padded[i : i + 3]) for i in range(len(padded) - 2)}


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), min_size=2, max_size=12),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
)
def test_near_duplicates_equal_all_pairs(words: list[list[str]], jaccard: float) -> None:
    texts = [" ".join(part) for part in words]
    found = near_duplicates(texts, jaccard)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    expected = {
        (i, j)
        for i, j in combinations(range(len(texts)), 2)
        if len(grams(texts[i]) & grams(texts[j]))
        >= jaccard * len(grams(texts[i]) | grams(texts[j]))
    }
    assert pairs == expected


def test_renumbered_copies_are_near() -> None:
    one = "Ada buys 12 apples and gives 3 of them to Ben before lunch"
    other = "ada buys 19 apples and gives 7 of them to Ben before lunch"
    assert len(near_duplicates([one, other, "What is the capital of France?"], 0.8).first) == 1


def test_groups_and_near_copies_stay_together() -> None:
    texts = [
        f"a quite different text number word{i} about thing{i} and place{i}" for i in range(40)
    ]
    texts[7] = texts[3] + " indeed"
    groups = [f"g{i // 2}" for i in range(40)]
    told = assign_splits(prompts(texts, groups), SHARES, 0.7)
    assert told.splits[7] == told.splits[3]
    assert told.group_ids[7] == told.group_ids[3] == told.group_ids[2] == told.group_ids[6]
    for i in range(0, 40, 2):
        assert told.splits[i] == told.splits[i + 1]
    assert told.report["near_pairs_across_splits"] == 0


def test_shares_are_met_and_old_prompts_do_not_move() -> None:
    letters = ["".join("abcdefghij"[int(digit)] for digit in str(i)) for i in range(4000)]
    texts = [f"alpha{x} beta{x} gamma{x} delta{x}" for x in letters]
    groups = [f"g{i}" for i in range(4000)]
    told = assign_splits(prompts(texts, groups), SHARES, 0.8)
    for name, share in zip(SPLITS, (0.5, 0.15, 0.1, 0.25), strict=True):
        spread = (share * (1 - share) * 4000) ** 0.5
        assert abs(told.splits.count(name) - share * 4000) < 4 * spread
    fewer = assign_splits(prompts(texts[:1000], groups[:1000]), SHARES, 0.8)
    assert fewer.splits == told.splits[:1000]
    assert np.array_equal(fewer.group_ids, told.group_ids[:1000])


def test_leakage_counts_near_training_prompts() -> None:
    angles = np.array([0.0, 1.0, 0.01, 2.0])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    report = near_across_splits(vectors, ["train", "train", "test", "test"], 0.99)
    assert report["share_of_test_near_training"] == 0.5
    assert report["near_training_prompts"] == 1
