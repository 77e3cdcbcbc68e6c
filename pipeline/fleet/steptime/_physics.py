"""What hardware and architecture let expect of the parts that nobody measured.

Milliseconds; sizes in bytes. The efficiencies are those of HardwareParams.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ArchitectureParams, HardwareParams

__all__ = [
    "attention_ms",
    "collectives_ms",
    "experts_ms",
    "kv_ms",
    "lm_head_ms",
    "product_ms",
    "read_ms",
]

Floats = NDArray[np.float64]


def read_ms(size: float, hardware: HardwareParams, share: float) -> float:
    """Time to read so many bytes at this share of the memory's bandwidth."""
    return size / (hardware.bandwidth_gb_s * 1e9 * share) * 1e3


def product_ms(parameters: float, hardware: HardwareParams) -> float:
    """Time per token of products with so many weights: two operations each."""
    return 2 * parameters / (hardware.tflops * 1e12 * hardware.gemm_compute) * 1e3


def lm_head_ms(architecture: ArchitectureParams, hardware: HardwareParams, gpus: int) -> float:
    """Reading lm_head once per iteration: vocab * hidden weights at the GEMM bandwidth."""
    size = architecture.vocabulary_parameters * architecture.dtype_bytes / gpus
    return read_ms(size, hardware, hardware.gemm_bandwidth)


def kv_ms(architecture: ArchitectureParams, hardware: HardwareParams, gpus: int) -> float:
    """Reading one context token's keys and values, all layers."""
    return read_ms(architecture.kv_bytes / gpus, hardware, hardware.kv_bandwidth)


def attention_ms(architecture: ArchitectureParams, hardware: HardwareParams, gpus: int) -> float:
    """Attention per pair of a prompt token and a key: q.k and p.v, two operations each."""
    a = architecture
    operations = 4 * a.heads * a.head_dim * a.layers / gpus
    return operations / (hardware.tflops * 1e12 * hardware.attention_compute) * 1e3


def experts_ms(
    architecture: ArchitectureParams, hardware: HardwareParams, gpus: int, tokens: Floats
) -> Floats:
    """Experts of one layer for so many tokens; (R,) -> (R,).

    Every token picks its experts alike, so E * (1 - (1 - k/E)^N) of E are read; the longer of
    reading them and computing k experts per token counts.
    """
    a = architecture
    picked = a.experts * (1 - (1 - a.experts_per_token / a.experts) ** tokens)
    one = read_ms(a.expert_parameters * a.dtype_bytes / gpus, hardware, hardware.gemm_bandwidth)
    per_token = product_ms(a.expert_parameters * a.experts_per_token / gpus, hardware)
    return np.maximum(picked * one, tokens * per_token)


def collectives_ms(
    architecture: ArchitectureParams, hardware: HardwareParams, gpus: int
) -> tuple[float, float]:
    """All-reduces of an iteration: (ms, ms per token). Two per layer, on a ring of `gpus`."""
    if gpus == 1:
        return 0.0, 0.0
    times = 2 * architecture.layers
    sent = 2 * (gpus - 1) / gpus * architecture.hidden * architecture.dtype_bytes
    return times * hardware.allreduce_ms, times * sent / (hardware.allreduce_gb_s * 1e9) * 1e3
