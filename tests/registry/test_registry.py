"""The registry: first version champion, later ones challenger, loadable by alias."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import EndpointError, ModelError
from pipeline.minilm import encode
from pipeline.params import RegisterParams, load_params
from pipeline.predictors import Prompts, QualityModel
from pipeline.registry import register
from pipeline.stage import Paths
from tests.registry_project import trained

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def told(project: Path, monkeypatch: pytest.MonkeyPatch) -> RegisterParams:
    monkeypatch.chdir(project)
    return load_params(Path("params.yaml")).register_


def test_the_first_is_champion_later_ones_challenge_and_equal_ones_are_one(
    told: RegisterParams,
) -> None:
    quality, length = register([trained("quality"), trained("length")], told)
    assert (quality.name, quality.version) == ("routebalance-quality", 2)
    assert quality.aliases == ["challenger"]
    assert (length.version, length.aliases) == (1, ["champion"])


def test_a_clean_process_loads_by_alias(told: RegisterParams) -> None:
    texts = ["How many bolts?", "Write a poem."]
    code = (
        "import json, sys, mlflow\n"
        "model = mlflow.pyfunc.load_model('models:/routebalance-quality@challenger')\n"
        "frame = json.loads(sys.argv[1])\n"
        "import pandas\n"
        "print(model.predict(pandas.DataFrame(frame)).to_json())"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, json.dumps({"prompt_text": texts})],
        capture_output=True,
        text=True,
        check=True,
        env={"MLFLOW_TRACKING_URI": told.tracking_uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    said = json.loads(ended.stdout.splitlines()[-1])
    expected = QualityModel.load(Paths.QUALITY).predict(
        Prompts(encode(texts, quiet=True), tuple(texts))
    )
    for end, values in (("", expected.mean), (".low", expected.low), (".high", expected.high)):
        assert np.allclose(list(said[f"emu-7b{end}"].values()), values[:, 1], atol=1e-5)


def test_a_run_says_where_it_comes_from_and_holds_its_candidates(told: RegisterParams) -> None:
    import mlflow

    client = mlflow.MlflowClient(told.tracking_uri)
    version = client.get_model_version("routebalance-quality", "2")
    run = client.get_run(version.run_id)
    assert (run.data.params["learner"], run.data.params["knn.k"]) == ("auto", "3")
    assert run.data.metrics["regret"] == 0.2
    assert run.data.metrics["regret.low"] == 0.1
    assert version.tags["data_sha256"] == run.data.tags["data_sha256"]
    assert version.description == "# quality"
    inputs = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    assert set(inputs) == {"train", "calibration", "validation", "test"}
    assert json.loads(inputs["test"].profile)["num_rows"] == 160 * 4
    assert run.data.tags["data_sha256"].startswith(inputs["test"].digest)
    files = {one.path for one in client.list_artifacts(version.run_id)}
    assert {"card.md", "trained_on.json"} <= files
    query = f"tags.`mlflow.parentRunId` = '{version.run_id}'"
    below = client.search_runs([run.info.experiment_id], query)
    assert {one.info.run_name: one.data.tags["selected"] for one in below} == {
        "knn": "true",
        "mean": "false",
    }
    assert {one.info.run_name: one.data.params.get("k") for one in below}["knn"] == "3"
    served = mlflow.pyfunc.load_model("models:/routebalance-quality@challenger")
    assert [column.name for column in served.metadata.signature.inputs] == ["prompt_text"]
    assert served.metadata.saved_input_example_info is not None


def test_an_unusable_store_is_one_sentence(told: RegisterParams) -> None:
    broken = told.model_copy(update={"tracking_uri": "sqlte:///mlflow.db"})
    with pytest.raises(EndpointError, match=r"register\.tracking_uri"):
        register([trained("quality")], broken)
    Path("other.db").write_text("no database")
    broken = told.model_copy(update={"tracking_uri": "sqlite:///other.db"})
    with pytest.raises(EndpointError, match=r"register\.tracking_uri"):
        register([trained("quality")], broken)


def test_no_store_is_not_made_to_be_read(told: RegisterParams, tmp_path: Path) -> None:
    from pipeline.registry import opened

    absent = told.model_copy(update={"tracking_uri": f"sqlite:///{tmp_path}/mlflow.db"})
    with pytest.raises(ModelError, match="nothing is registered"), opened(absent):
        pass
    assert not (tmp_path / "mlflow.db").exists()
