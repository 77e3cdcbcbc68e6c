"""What a GPU can do: figures of its data sheet, and how much of them was measured to arrive."""

from pydantic import Field

from pipeline.params._section import Positive, Section, Share

__all__ = ["HARDWARE", "HardwareParams"]


class HardwareParams(Section):
    """One GPU. Shares without a measurement behind them stand at what other cards reach."""

    memory_gib: Positive
    bandwidth_gb_s: Positive = Field(description="of the memory, GB/s, data sheet")
    tflops: Positive = Field(description="16-bit matrices without sparsity, data sheet")
    gemm_bandwidth: Share = Field(default=0.80, gt=0, description="of bandwidth, reading weights")
    gemm_compute: Share = Field(default=0.60, gt=0, description="of TFLOPS in large products")
    kv_bandwidth: Share = Field(default=0.75, gt=0, description="of bandwidth, reading the cache")
    attention_compute: Share = Field(default=0.42, gt=0, description="of TFLOPS over prefill")
    small_kernels_ms: float = Field(default=0.07, ge=0, description="per layer: norms, rotary, act")
    allreduce_ms: float = Field(default=0.045, ge=0, description="start of one all-reduce")
    allreduce_gb_s: Positive = Field(default=100.0, description="of an all-reduce, bus GB/s")
    engine_ms: float = Field(default=0.08, ge=0, description="CPU of the engine per sequence")
    utilisation: Share = Field(default=0.9, gt=0, description="of memory that the engine may take")


# Data sheets; shares from profiles of operators on the card, where there are any. all-reduce: A100
# eager launches of vLLM; RTX PRO 6000 NCCL over PCIe 5; V100 assumed.
HARDWARE: dict[str, HardwareParams] = {
    "A30": HardwareParams(
        memory_gib=24, bandwidth_gb_s=933, tflops=165, gemm_bandwidth=0.83, gemm_compute=0.62,
        kv_bandwidth=0.85, attention_compute=0.425, small_kernels_ms=0.085,
    ),
    "V100-16GB": HardwareParams(
        memory_gib=16, bandwidth_gb_s=900, tflops=125, gemm_bandwidth=0.907, gemm_compute=0.60,
        kv_bandwidth=0.70, attention_compute=0.28, small_kernels_ms=0.095, allreduce_ms=0.035,
    ),
    "V100-32GB": HardwareParams(
        memory_gib=32, bandwidth_gb_s=900, tflops=125, gemm_bandwidth=0.907, gemm_compute=0.60,
        kv_bandwidth=0.70, attention_compute=0.28, small_kernels_ms=0.095, allreduce_ms=0.035,
    ),
    "A100-40GB": HardwareParams(
        memory_gib=40, bandwidth_gb_s=1555, tflops=312, gemm_bandwidth=0.82, gemm_compute=0.657,
        kv_bandwidth=0.65, attention_compute=0.48, small_kernels_ms=0.06, allreduce_gb_s=200,
    ),
    "A100-80GB": HardwareParams(
        memory_gib=80, bandwidth_gb_s=2039, tflops=312, gemm_bandwidth=0.687, gemm_compute=0.657,
        kv_bandwidth=0.65, attention_compute=0.48, small_kernels_ms=0.06, allreduce_gb_s=200,
    ),
    "A40": HardwareParams(
        memory_gib=48, bandwidth_gb_s=696, tflops=149.7, gemm_bandwidth=0.77, gemm_compute=0.70,
    ),
    "H100": HardwareParams(
        memory_gib=80, bandwidth_gb_s=3350, tflops=989, gemm_bandwidth=0.76, gemm_compute=0.62,
        small_kernels_ms=0.05, allreduce_gb_s=300,
    ),
    "L4": HardwareParams(
        memory_gib=24, bandwidth_gb_s=300, tflops=121, gemm_bandwidth=0.83, gemm_compute=0.42,
        allreduce_gb_s=12,
    ),
    "T4": HardwareParams(
        memory_gib=16, bandwidth_gb_s=320, tflops=65, gemm_bandwidth=0.74, gemm_compute=0.40,
        allreduce_gb_s=6,
    ),
    "RTX4090": HardwareParams(
        memory_gib=24, bandwidth_gb_s=1008, tflops=165, gemm_bandwidth=0.93, gemm_compute=0.95,
        kv_bandwidth=0.90, attention_compute=0.75, small_kernels_ms=0.02, allreduce_gb_s=12,
    ),
    "RTXPRO6000": HardwareParams(
        memory_gib=95, bandwidth_gb_s=1597, tflops=504, gemm_bandwidth=0.90, gemm_compute=0.80,
        kv_bandwidth=0.90, attention_compute=0.45, small_kernels_ms=0.02, allreduce_ms=0.013,
        allreduce_gb_s=36,
    ),
}  # fmt: skip
