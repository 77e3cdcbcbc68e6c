"""Sections of public sets: what is accepted, and the sentence for what is not."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.params import HubParams, ScoredParams

TOLD: dict[str, Any] = {
    "sets": ["gsm8k", "squad"], "total": 100, "per_set": {"squad": {"floor": 10, "cap": 20}},
    "max_prompt_tokens": 700, "on_unavailable": "skip", "mirror": None,
}  # fmt: skip


def test_what_is_not_said_of_a_set_has_defaults() -> None:
    read = HubParams.model_validate(TOLD)
    assert (read.of("squad").floor, read.of("squad").cap) == (10, 20)
    assert (read.of("gsm8k").floor, read.of("gsm8k").cap, read.of("gsm8k").weight) == (0, None, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sets": ["gsm8k", "squat"]}, "unknown set 'squat'; did you mean 'squad'?"),
        ({"sets": ["gsm8k"]}, "unknown set in per_set 'squad'; accepted: gsm8k"),
        ({"sets": ["gsm8k", "squad", "squad"]}, "a set is named twice"),
        ({"per_set": {"squad": {"flor": 1}}}, "unknown key 'flor'; did you mean 'floor'?"),
        ({"per_set": {"squad": {"floor": 3, "cap": 2}}}, "floor 3 is above cap 2"),
        ({"per_set": {"squad": {"floor": 101}}}, "the floors add up to 101, above the total of"),
        ({"per_set": {"squad": {"weight": 0}}}, "greater than 0"),
        ({"mirror": "copies", "per_set": {"squad": {"revision": "v1"}}},
         "per_set.squad.revision is a version on the hub, and mirror reads local files"),
        ({"on_unavailable": "ignore"}, "'fail' or 'skip'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HubParams.model_validate(TOLD | changes)
    assert said in caught.value.errors()[0]["msg"]


def test_a_copy_of_the_scored_set_has_no_revision() -> None:
    told = {"splits": ["train"], "judge": "j", "scale": 1.0, "revision": "v1", "mirror": None}
    assert ScoredParams.model_validate(told).revision == "v1"
    with pytest.raises(ValidationError, match="revision is a version on the hub"):
        ScoredParams.model_validate(told | {"mirror": "copies"})
