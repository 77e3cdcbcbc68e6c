"""A fleet file is read whole or refused in a sentence, and comes back equal."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import ParamsError
from pipeline.params import FleetParams, dump_fleet, load_fleet, load_params


@pytest.fixture
def values(root: Path) -> dict[str, Any]:
    """The fleet of the project's params.yaml, with endpoints and every kind of fault."""
    fleet: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())["base"]["fleet"]
    fleet["endpoints"] = {"3b_a30-0": "http://127.0.0.1:8100", "72b_a100-1": "http://gpu-9:8000/v1"}
    fleet["faults"] = [
        {"instance": "3b_a30-1", "kind": "slow", "from_s": 1.0, "to_s": 2.0, "factor": 3.0},
        {"instance": "3b_a30-1", "kind": "crash", "from_s": 3.0, "to_s": 4.0},
        {
            "instance": "7b_a30-4",
            "kind": "reset",
            "from_s": 0.0,
            "to_s": 9.5,
            "share": 0.2,
            "tokens": 5,
        },
    ]
    return fleet


def write(path: Path, values: object) -> Path:
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def test_params_file_gives_its_fleet(root: Path) -> None:
    params = root / "params.yaml"
    assert load_fleet(params) == load_params(params).base.fleet


def test_fleet_file_of_its_own(tmp_path: Path, values: dict[str, Any]) -> None:
    fleet = load_fleet(write(tmp_path / "fleet.yaml", values))
    assert fleet.endpoints["72b_a100-1"] == "http://gpu-9:8000/v1"
    assert [fault.kind for fault in fleet.faults] == ["slow", "crash", "reset"]
    assert fleet.instance_names[:4] == ["3b_a30-0", "3b_a30-1", "3b_a30-2", "7b_a30-0"]


def test_written_fleet_comes_back_equal(tmp_path: Path, values: dict[str, Any]) -> None:
    fleet = FleetParams.model_validate(values)
    dump_fleet(fleet, tmp_path / "out" / "fleet.yaml")
    assert load_fleet(tmp_path / "out" / "fleet.yaml") == fleet
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fleet.yaml"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"- 1\n- 2\n", "must hold a fleet"),
        (b"", "must hold a fleet"),
        (b"instances: {a: 1}\n", "found instances"),
        (b"tiers: {a: [\n", "is not YAML"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"base: {seed: 1}\n", "base.data_dir is missing"),
        (b"tiers: {}\ninstances: {a: 1}\n", "tiers"),
    ],
)
def test_refused_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_bytes(content)
    with pytest.raises(ParamsError) as refused:
        load_fleet(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"fleet\.yaml: cannot be read \(No such file"):
        load_fleet(tmp_path / "fleet.yaml")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("endpoint", {}, "did you mean 'endpoints'"),
        ("endpoints", {"3b_a30-3": "http://x"}, "unknown instance in endpoints '3b_a30-3'"),
        ("endpoints", {"3b_a30-0": 8000}, "endpoints.3b_a30-0"),
        ("instances", {"3b_a3": 1}, "did you mean '3b_a30'"),
    ],
)
def test_wrong_values_name_the_nearest(
    tmp_path: Path, values: dict[str, Any], key: str, value: object, said: str
) -> None:
    with pytest.raises(ParamsError) as refused:
        load_fleet(write(tmp_path / "fleet.yaml", values | {key: value}))
    assert said in str(refused.value)
