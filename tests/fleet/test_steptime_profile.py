"""A stored tier is read back as it was, or refused in one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import DataError
from pipeline.fleet import StepTime
from pipeline.fleet.steptime import TierProfile, curve_params, read_profile, write_profile

STEP = StepTime((1.0, 64.0), (10.0, 12.5), 0.1, p=0.01, c=0.02, d=1e-4, q=1e-6, d_mixed=2e-4)


def profile() -> TierProfile:
    return TierProfile(
        label="fitted", gpu="a30", model="Qwen2-7B", tp=1, form="curve", step=curve_params(STEP),
        errors={"overall": 1.5, "mixed": None}, rows={"used": 10}, command="fit",
    )  # fmt: skip


def test_round_trip(tmp_path: Path) -> None:
    file = tmp_path / "tier.json"
    write_profile(profile(), file)
    back = read_profile(file)
    assert back == profile()
    assert back.step_time().rates == pytest.approx(STEP.rates)
    assert back.errors["mixed"] is None


def spoiled(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    place = values
    *parents, last = key.split(".")
    for name in parents:
        place = place[name]
    place[last] = value
    return values


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("lable", "fitted", "did you mean 'label'"),
        ("label", "guessed", "unknown value 'guessed'"),
        ("step.tial", 1.0, "did you mean 'tail'"),
        ("step.knots", [64.0, 1.0], "knots must ascend"),
        ("step.curve", [1.0], "2 knots and 1 values"),
        ("step.d", -1.0, "greater than or equal to 0"),
        ("step.b", -20.0, "no time"),
        ("schema_version", 2, "schema_version"),
        ("tp", 0, "greater than or equal to 1"),
    ],
)
def test_strange_content_is_refused(tmp_path: Path, key: str, value: Any, told: str) -> None:
    file = tmp_path / "tier.json"
    file.write_text(json.dumps(spoiled(profile().model_dump(mode="json"), key, value)))
    with pytest.raises(DataError, match=told) as raised:
        read_profile(file)
    assert str(raised.value).startswith(str(file))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "is not the JSON"), ("[]", "valid dictionary"), ("", "is not the JSON")],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "tier.json"
    file.write_text(text)
    with pytest.raises(DataError, match=told):
        read_profile(file)
    with pytest.raises(DataError, match="cannot be read"):
        read_profile(tmp_path / "absent.json")
