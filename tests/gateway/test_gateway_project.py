"""The gateway's trained parts come from the project and its registry, and a command starts it."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.cli import main as cli
from pipeline.errors import ModelError, UnknownNameError
from pipeline.gateway import Choice, Project
from pipeline.params import dump_fleet, load_params
from pipeline.predictors import Prompts, QualityModel
from pipeline.registry import chosen_folders, opened
from pipeline.stage import Paths
from tests.fleet.serving import small_fleet
from tests.registry_project import make_project

pytestmark = pytest.mark.filterwarnings("ignore")

CHAMPIONS = {"quality": "champion", "length": "champion"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return make_project(tmp_path_factory.mktemp("project"), root)


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(folder)
    params = load_params(Paths.PARAMS)
    return Project(params, params.base.fleet)


def test_versions_are_those_that_the_registry_names(project: Project) -> None:
    params = load_params(Paths.PARAMS)
    arm = params.loadtest.arms["knn_quality"]
    vector = np.zeros((1, 384), np.float32)
    vector[0, 1] = 1.0
    told, contents = {}, {}
    for version in ("1", "2", "champion"):
        loaded = project.load(arm, Choice("knn_quality", None, CHAMPIONS | {"quality": version}))
        assert loaded.reader is not None
        assert loaded.latency is None
        beliefs = loaded.reader.estimator.estimate(Prompts(vector, ("Question",)), np.array([4.0]))
        told[version] = beliefs.quality.mean
        contents[version] = loaded.contents["quality"]
        with opened(params.register_) as client:
            path = chosen_folders(params, client, "current", {"quality": version})["quality"]
        own = QualityModel.load(path).predict(Prompts(vector, ("Question",)))
        assert np.array_equal(beliefs.quality.mean, own.mean)
    assert contents["1"] == contents["champion"] != contents["2"]
    assert np.array_equal(told["1"], told["champion"])
    assert not np.array_equal(told["1"], told["2"])
    with pytest.raises(UnknownNameError, match="7"):
        project.load(arm, Choice("knn_quality", None, {"quality": "7"}))


def test_what_was_not_registered_does_not_serve(project: Project) -> None:
    arms = load_params(Paths.PARAMS).loadtest.arms
    with pytest.raises(ModelError, match="no predictor is registered"):
        project.load(arms["knn_quality"], Choice("knn_quality"))
    loaded = project.load(arms["shortest_queue"], Choice("shortest_queue"))
    assert (loaded.reader, loaded.latency, loaded.best_single) == (None, None, None)


def test_the_best_single_model_is_that_of_the_validation_split(project: Project) -> None:
    arm = load_params(Paths.PARAMS).loadtest.arms["best_single"]
    assert project.load(arm, Choice("best_single")).best_single in ("emu-3b", "emu-14b")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--arm", "fused_unifrm"], "did you mean 'fused_uniform'?"),
        (["--arm", "query_oracle"], "knows the answers beforehand"),
        (["--arm", "published_1"], "only a simulated fleet does"),
        (["--arm", "round_robin", "--host", "0.0.0.0"], "no key is asked for"),
        (["--arm", "round_robin", "--key-variable", "NOT_SET"], "NOT_SET: holds no key"),
        (["--arm", "round_robin", "--weights", "cost"], "arm round_robin has none"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    project: Project,
    tmp_path: Path,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fleet = load_params(Paths.PARAMS).base.fleet
    urls = {name: f"http://127.0.0.1:{i + 1}" for i, name in enumerate(fleet.instance_names)}
    file = tmp_path / "fleet.yaml"
    dump_fleet(fleet.model_copy(update={"endpoints": urls}), file)
    argv = ["routebalance", "serve", "--fleet", str(file), "--port", "0", *arguments]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as ended:
        cli()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1


def test_a_fleet_of_other_models_is_refused(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dump_fleet(small_fleet(), tmp_path / "fleet.yaml")
    argv = ["routebalance", "serve", "--fleet", str(tmp_path / "fleet.yaml"), "--arm", "random"]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit):
        cli()
    assert "serves emu-small, emu-large, but params.yaml has emu-3b" in capsys.readouterr().err
