"""A tier from its hardware and architecture alone: a roofline whose every term is estimated."""

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._physics import (
    attention_ms,
    collectives_ms,
    kv_ms,
    lm_head_ms,
    product_ms,
    read_ms,
)
from pipeline.params import ArchitectureParams, HardwareParams, StepParams

__all__ = ["estimate_kv_tokens", "estimate_roofline", "estimate_step", "with_collectives"]

# Memory of a GPU that neither weights nor cache get: activations, CUDA context and graphs. What a
# recorded vLLM 0.19 with 41,408 KV tokens of Llama-3.1-8B on a 24 GiB card leaves.
_OVERHEAD_BYTES = 1.7e9
# Slope of an iteration while weight reading dominates, as a share of the compute slope: between
# 0.32 and 0.64 in fits to measured profiles.
_READING_SLOPE = 0.4


def estimate_roofline(
    architecture: ArchitectureParams, hardware: HardwareParams, gpus: int
) -> StepParams:
    """Coefficients, milliseconds, of `StepParams` for a model shared by `gpus` cards.

    w: weights of all matrices read once (the embedding is only looked up), small kernels of every
    layer, and the start of two all-reduces per layer. f: two operations per weight and token, and
    the bytes of the all-reduces. e: small kernels, all-reduce starts and lm_head, which sees few
    tokens. c: part of f, and the engine's CPU per sequence. d reads the KV cache; q is attention.
    """
    a, h = architecture, hardware
    layer = a.attention_parameters + a.experts * a.expert_parameters
    size = (a.layers * layer + a.vocabulary_parameters) * a.dtype_bytes / gpus
    active = a.attention_parameters + a.experts_per_token * a.expert_parameters
    start, per_token = collectives_ms(a, h, gpus)
    fixed = a.layers * h.small_kernels_ms + start
    f = product_ms(a.layers * active / gpus, h) + per_token
    return StepParams(
        w=read_ms(size, h, h.gemm_bandwidth) + fixed,
        c=h.engine_ms + _READING_SLOPE * f,
        e=fixed + lm_head_ms(a, h, gpus),
        f=f,
        d=kv_ms(a, h, gpus),
        q=attention_ms(a, h, gpus),
    )


def estimate_step(
    architecture: ArchitectureParams, hardware: HardwareParams, gpus: int
) -> StepTime:
    """`estimate_roofline` as a step time."""
    return StepTime.roofline(**estimate_roofline(architecture, hardware, gpus).model_dump())


def estimate_kv_tokens(
    architecture: ArchitectureParams, hardware: HardwareParams, gpus: int
) -> int:
    """Tokens that the KV cache holds once weights and overhead have their memory; 0 if none."""
    memory = gpus * (hardware.utilisation * hardware.memory_gib * 2**30 - _OVERHEAD_BYTES)
    left = memory - architecture.parameters * architecture.dtype_bytes
    return max(0, int(left / architecture.kv_bytes))


def with_collectives(
    step: StepTime, architecture: ArchitectureParams, hardware: HardwareParams, gpus: int
) -> StepTime:
    """Add the estimated all-reduces to a step time of operators, which leave them out."""
    start, per_token = collectives_ms(architecture, hardware, gpus)
    curve = tuple(
        ms + start + per_token * tokens for tokens, ms in zip(step.knots, step.curve, strict=True)
    )
    return StepTime(step.knots, curve, step.tail + per_token, *step.rates[1:])
