"""Ways to compute one batch of embeddings, the fastest first."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import minilm

__all__ = ["PATHS", "REFERENCE", "EncoderPath", "Run"]

Tokens = NDArray[np.int64]
Run = Callable[[Tokens, Tokens], NDArray[np.float32]]

REFERENCE = "torch_fp32"


@dataclass(frozen=True)
class EncoderPath:
    """One way to compute embeddings.

    Attributes:
        lacks: says what this machine lacks for it; None where it can run.
        build: makes what runs it on so many threads: token ids and mask, each (b, t), to unit rows
            (b, 384). PyTorch's threads are one setting of the process, so its paths heed
            `torch.set_num_threads` at any time instead.
    """

    lacks: Callable[[], str | None]
    build: Callable[[int], Run]


def _nothing() -> None:
    return None


def _no_openvino() -> str | None:
    if find_spec("openvino") is None:
        return "openvino is not installed (pip install routebalance[openvino])"
    return None


def _no_bf16() -> str | None:
    """Without such instructions bf16 is emulated, and slower than fp32."""
    import torch

    told: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if any(has is True and name.endswith("bf16") for name, has in told.items()):
        return None
    return "this processor has no bf16 instructions (AVX512_BF16, AMX_BF16)"


def _torch_fp32(threads: int) -> Run:
    return partial(minilm.run_torch, minilm.bert())


def _torch_bf16(threads: int) -> Run:
    """Products in bf16, norms and sums in fp32: bf16 throughout strays to a cosine of .99988."""
    import torch

    def run(ids: Tokens, mask: Tokens) -> NDArray[np.float32]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return minilm.run_torch(minilm.bert(), ids, mask)

    return run


def _openvino(precision: str, threads: int) -> Run:
    # Where openvino_telemetry is installed, importing openvino reports to its makers; without it
    # openvino uses a stub. Nothing here phones home.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    graph = openvino.convert_model(
        _traced(), input=[([-1, -1], openvino.Type.i64), ([-1, -1], openvino.Type.i64)]
    )
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # an event loop shares these cores
    }
    request = openvino.Core().compile_model(graph, "CPU", options).create_infer_request()

    def run(ids: Tokens, mask: Tokens) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = request.infer([ids, mask])[0]
        return rows

    return run


def _traced() -> Any:
    import torch

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.bert = minilm.bert()
            self.bert.loss_function = None  # tracing reads every property, and this one warns

        def forward(self, ids: Any, mask: Any) -> Any:
            return minilm.pooled(self.bert, ids, mask)

    example = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of branches on sizes, which are the same for all texts
        return torch.jit.trace(Pooled().eval(), (example, example))


PATHS: dict[str, EncoderPath] = {
    "openvino_bf16": EncoderPath(lambda: _no_openvino() or _no_bf16(), partial(_openvino, "bf16")),
    "torch_bf16": EncoderPath(_no_bf16, _torch_bf16),
    "openvino_fp32": EncoderPath(_no_openvino, partial(_openvino, "f32")),
    REFERENCE: EncoderPath(_nothing, _torch_fp32),
}
