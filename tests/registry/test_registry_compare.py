"""What stands in the way of a comparison, and models that cannot be read."""

import json
from pathlib import Path

import pytest

from pipeline.errors import ModelError
from pipeline.params import load_params
from pipeline.registry import CHALLENGER, CHAMPION, compare_versions, load, opened
from pipeline.stage import Paths

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_new_model_of_the_fleet_is_compared_on_the_common_ones(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lack it: the challenger may not serve the fleet, and what both know is compared."""
    monkeypatch.chdir(project)
    params = load_params(Path("params.yaml"))
    monkeypatch.setattr(
        "pipeline.registry._compare.names_of", lambda model: list(model.models_)[1:]
    )
    with opened(params.register_) as client:
        *_, found = compare_versions("quality", params, client, CHAMPION, CHALLENGER)
    assert found.blockers == ("the challenger does not know emu-3b of the fleet",)
    assert found.checks
    assert not found.passed


def test_the_champion_alone_may_lack_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    params = load_params(Path("params.yaml"))
    known = iter([["emu-7b", "emu-14b", "emu-72b"], list(params.base.fleet.models)])
    monkeypatch.setattr("pipeline.registry._compare.names_of", lambda _: next(known))
    with opened(params.register_) as client:
        *_, found = compare_versions("quality", params, client, CHAMPION, CHALLENGER)
    (note,) = found.notes
    assert note == "the champion does not know emu-3b: compared on emu-7b, emu-14b, emu-72b"
    assert not found.blockers


def test_a_model_of_another_shape_is_one_sentence(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    told = json.loads((Paths.QUALITY / "manifest.json").read_text())
    folder = tmp_path / "quality"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"kind": "quality", "files": {}}))
    with pytest.raises(ModelError, match="quality"):
        load("quality", folder)
    (folder / "manifest.json").write_text(json.dumps({**told, "kind": "length"}))
    with pytest.raises(ModelError, match="holds a 'length' model"):
        load("quality", folder)
