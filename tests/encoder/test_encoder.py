"""Paths of the encoder: near the reference, indifferent to company, refused where they stray."""

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline import minilm
from pipeline.encoder import PATHS, TOLERANCE, EncoderPath, load_encoder
from pipeline.encoder import _encoder as loading
from pipeline.errors import ModelError, UnknownNameError

# None of them is among the texts that a path is tried on.
TEXTS = [
    "",
    " ",
    "What is the capital of the country whose flag shows a cedar?",
    "Schreibe ein Gedicht über den Föhn — 三行就够了 🙂 ñandú",
    "import os\nfor name in os.listdir('.'):\n    print(name, os.stat(name).st_size)",
    "A farmer sells eggs in boxes of twelve and never breaks one on the way to town. " * 30,
    "\u0000\ufffd\u200b\u200d",
]
HERE = [name for name, path in PATHS.items() if path.lacks() is None]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of PyTorch wait for each other by spinning, which a busy machine punishes."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    return minilm.encode(TEXTS, 1, quiet=True)


@pytest.fixture
def fresh() -> Iterator[None]:
    """What was tried before and what is tried here do not mix."""
    loading._try.cache_clear()
    yield
    loading._try.cache_clear()


def lowest(one: np.ndarray, other: np.ndarray) -> float:
    return float((one.astype(float) * other).sum(axis=1).min())


def test_the_long_text_is_cut() -> None:
    assert minilm.count_tokens(TEXTS)[5] > 256
    assert minilm.tokenise(TEXTS)[0].shape == (len(TEXTS), 256)


@pytest.mark.parametrize("name", HERE)
def test_a_path_agrees_with_the_reference_alone_and_together(
    name: str, reference: np.ndarray
) -> None:
    encoder = load_encoder(name)
    alone, together = (encoder.encode(TEXTS, size) for size in (1, len(TEXTS)))
    assert alone.dtype == np.float32
    assert np.linalg.norm(alone, axis=1) == pytest.approx(1.0, abs=1e-5)
    for rows in (alone, together):
        assert lowest(rows, reference) >= TOLERANCE
    assert lowest(alone, together) >= TOLERANCE


@pytest.mark.parametrize("name", HERE)
def test_a_path_repeats_itself_and_keeps_the_order(name: str) -> None:
    encoder = load_encoder(name)
    rows = encoder.encode(TEXTS[:5])
    assert (encoder.encode(TEXTS[:5]) == rows).all()
    assert lowest(encoder.encode(TEXTS[4::-1])[::-1], rows) >= TOLERANCE
    assert encoder.encode([]).shape == (0, minilm.WIDTH)


def test_no_path_changes_the_reference(reference: np.ndarray) -> None:
    for name in HERE:
        load_encoder(name)
    assert (minilm.encode(TEXTS, 1, quiet=True) == reference).all()
    assert (load_encoder("torch_fp32").encode(TEXTS, 1) == reference).all()


def test_the_first_path_that_can_serves() -> None:
    encoder = load_encoder()
    assert encoder.path == HERE[0]
    assert list(encoder.passed_over) == list(PATHS)[: list(PATHS).index(HERE[0])]
    assert encoder.path in encoder.describe()


def test_the_reference_calls_itself_that() -> None:
    assert load_encoder("torch_fp32").describe() == "encoder: torch_fp32, the reference itself"


def test_an_unknown_path_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'torch_bf16'"):
        load_encoder("torch_bf_16")


def stray(angle: float) -> EncoderPath:
    """The reference turned by an angle in the plane of the first two coordinates."""
    turn = np.eye(minilm.WIDTH, dtype=np.float32)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return EncoderPath(
        lambda: None, lambda _: lambda *coded: minilm.run_torch(minilm.bert(), *coded) @ turn
    )


@pytest.mark.usefixtures("fresh")
def test_a_path_that_strays_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATHS, "torch_bf16", stray(1.0))
    with pytest.raises(ModelError, match=r"cannot run as torch_bf16: .* cosine of 0\.9.* below"):
        load_encoder("torch_bf16")


def broken(_: int) -> loading.Run:
    raise RuntimeError("no such operation\nand a page of trace")


def blank(_: int) -> loading.Run:
    return lambda ids, mask: np.full((len(ids), minilm.WIDTH), np.nan, np.float32)


@pytest.mark.usefixtures("fresh")
def test_faster_paths_are_passed_over_with_their_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATHS, "openvino_bf16", EncoderPath(lambda: "no such chip", broken))
    monkeypatch.setitem(PATHS, "torch_bf16", EncoderPath(lambda: None, broken))
    monkeypatch.setitem(PATHS, "openvino_fp32", EncoderPath(lambda: None, blank))
    encoder = load_encoder()
    assert encoder.path == "torch_fp32"
    said = encoder.describe()
    assert "openvino_bf16 does not serve: no such chip" in said
    assert "torch_bf16 does not serve: it could not be built (no such operation)" in said
    assert "a cosine of nan" in said
    with pytest.raises(ModelError, match="cannot run as openvino_bf16: no such chip"):
        load_encoder("openvino_bf16")
