"""The registry: first version champion, later ones challenger, loadable by alias."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import EndpointError
from pipeline.params import RegisterParams, load_params
from pipeline.predictors import Prompts, QualityModel
from pipeline.predictors.learners import Knn
from pipeline.registry import Candidate, register

pytestmark = pytest.mark.filterwarnings("ignore")


def train(folder: Path, k: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = (rng.random((60, 2)) < 0.5).astype(float)
    model = QualityModel(Knn(k), 0.9).fit(
        ["a", "b"], Prompts(vectors[:30]), labels[:30], Prompts(vectors[30:]), labels[30:]
    )
    model.save(folder)
    return vectors[:4]


def candidate(folder: Path, example: np.ndarray) -> Candidate:
    outputs = [f"{model}{end}" for model in ("a", "b") for end in ("", ".low", ".high")]
    return Candidate(
        "quality",
        folder,
        folder / "learner" / "values.npy",
        {"k": 3},
        {"brier": 0.2},
        example,
        outputs,
    )


@pytest.fixture
def told(root: Path) -> RegisterParams:
    return load_params(root / "params.yaml").register_


def test_versions_aliases_and_loading_by_alias(
    told: RegisterParams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    settings = told.model_copy(
        update={"tracking_uri": f"sqlite:///{tmp_path}/mlflow.db", "prefix": "rb"}
    )
    example = train(tmp_path / "model", 3)
    (first,) = register([candidate(tmp_path / "model", example)], settings)
    assert (first.name, first.version, first.aliases) == ("rb-quality", 1, ["champion"])
    (again,) = register([candidate(tmp_path / "model", example)], settings)
    assert again == first
    train(tmp_path / "model", 5)
    (second,) = register([candidate(tmp_path / "model", example)], settings)
    assert (second.version, second.aliases) == (2, ["challenger"])

    served = mlflow.pyfunc.load_model("models:/rb-quality@challenger")
    told = served.predict(example)
    expected = QualityModel.load(tmp_path / "model").predict(Prompts(example))
    assert np.allclose(told["a"], expected.mean[:, 0])
    assert np.allclose(told["b.high"], expected.high[:, 1])

    client = mlflow.MlflowClient()
    version = client.get_model_version("rb-quality", "1")
    stored = client.get_run(version.run_id).data
    assert stored.params["k"] == "3"
    assert stored.metrics["brier"] == 0.2
    assert stored.tags["data_sha256"] == first.data_sha256
    assert served.metadata.signature is not None
    assert served.metadata.saved_input_example_info is not None


def test_an_unusable_store_is_one_sentence(told: RegisterParams, tmp_path: Path) -> None:
    settings = told.model_copy(update={"tracking_uri": "sqlte:///mlflow.db"})
    example = train(tmp_path / "model", 3)
    with pytest.raises(EndpointError, match=r"register\.tracking_uri"):
        register([candidate(tmp_path / "model", example)], settings)
