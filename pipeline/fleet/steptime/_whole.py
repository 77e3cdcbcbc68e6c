"""Targets without an attention table: dense operators measured, attention from data sheets."""

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._composed import Composer
from pipeline.fleet.steptime._knots import thin
from pipeline.fleet.steptime._operators import Curve, Operators
from pipeline.fleet.steptime._physics import attention_ms, kv_ms
from pipeline.fleet.steptime._predict import curve_ms, step_ms
from pipeline.fleet.steptime._rows import Rows
from pipeline.fleet.steptime._score import Errors

__all__ = ["step_of_operators", "step_of_whole_layers", "unattended_errors", "whole_rows"]

Floats = NDArray[np.float64]

_DECODE, _PREFILL = "full_layer_decode", "full_layer_prefill"
# Helix timed decoding "at chat-like context": its trace has 763 prompt and 232 output tokens in the
# mean, and a sequence has half of its output when it is looked at.
_CHAT_CONTEXT = 763 + 232 / 2

_KNOT_TOLERANCE = 0.01
_MOST_KNOTS = 40


def step_of_operators(composer: Composer, operators: Operators) -> StepTime:
    """Measured dense curve; d and q from bandwidth and TFLOPS."""
    tokens, ms = composer.points(operators)
    return _with_physics(composer, tokens, ms)


def step_of_whole_layers(composer: Composer, operators: Operators) -> StepTime:
    """Whole layers less the attention that data sheets put into them.

    Few tokens are taken from decoding, more from prefill, where both have points.
    """
    rows = whole_rows(composer, operators)
    a, h, gpus = composer.architecture, composer.hardware, composer.target.tp
    attention = kv_ms(a, h, gpus) * rows.context + attention_ms(a, h, gpus) * rows.work
    ms = np.maximum(rows.ms - attention, 0.1 * rows.ms)
    prompts = rows.prefill > 0
    many = prompts if not prompts.any() else rows.tokens >= rows.prefill[prompts].min()
    kept = prompts | ~many
    order = np.argsort(rows.tokens[kept])
    return _with_physics(composer, rows.tokens[kept][order], ms[kept][order])


def whole_rows(composer: Composer, operators: Operators) -> Rows:
    """One iteration per measured whole layer, times the layers, and what is not in a layer."""
    none = Curve(np.zeros(0), np.zeros(0))
    decode = operators.curves.get(_DECODE, none)
    prefill = operators.curves.get(_PREFILL, none)
    zeros = [np.zeros_like(decode.tokens), np.zeros_like(prefill.tokens)]
    per_layer = np.concatenate([decode.ms, prefill.ms])
    tokens = np.concatenate([decode.tokens, prefill.tokens])
    total = operators.layers * per_layer + composer.unmeasured(tokens)
    return Rows(
        prefill=np.concatenate([zeros[0], prefill.tokens]),
        history=np.concatenate(zeros),
        decode=np.concatenate([decode.tokens, zeros[1]]),
        context=np.concatenate([decode.tokens * _CHAT_CONTEXT, zeros[1]]),
        dense=total,
        ms=total,
    )


def unattended_errors(composer: Composer, step: StepTime, held_out: Operators) -> Errors:
    """Mean absolute percentage errors over held-out points: dense, or decode and prefill."""
    if _is_whole(held_out):
        rows = whole_rows(composer, held_out)
        off = np.abs(step_ms(step, rows) / rows.ms - 1) * 100
        kinds = rows.kinds()
        return {
            name: float(off[kinds[name]].mean()) if kinds[name].any() else None
            for name in ("decode", "prefill")
        }
    tokens, ms = composer.points(held_out)
    return {"dense": float(np.abs(curve_ms(step, tokens) / ms - 1).mean() * 100)}


def _is_whole(operators: Operators) -> bool:
    return bool({_DECODE, _PREFILL} & operators.curves.keys())


def _with_physics(composer: Composer, tokens: Floats, ms: Floats) -> StepTime:
    a, h, gpus = composer.architecture, composer.hardware, composer.target.tp
    knots, curve = thin(tokens, ms, _KNOT_TOLERANCE, _MOST_KNOTS)
    tail = float(ms[-1] / tokens[-1])
    d, q = kv_ms(a, h, gpus), attention_ms(a, h, gpus)
    return StepTime(tuple(knots.tolist()), tuple(curve.tolist()), tail, d=d, q=q)
