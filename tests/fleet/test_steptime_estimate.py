"""Estimates by hand, and every way in which a tier gives its step time."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.fleet import StepTime, make_instance
from pipeline.fleet.steptime import (
    TierProfile,
    curve_params,
    estimate_kv_tokens,
    estimate_roofline,
    estimate_step,
    step_label,
    step_time,
    with_collectives,
    write_profile,
)
from pipeline.params import ARCHITECTURES, HARDWARE, TierParams

TIER = {
    "model": "m", "gpu": "A30", "gpus": 1, "kv_tokens": 75_000, "max_num_seqs": 64,
    "max_batched_tokens": 2048, "price_in": 0.1, "price_out": 0.1, "static_ttft_ms": 1.0,
    "static_tpot_ms": 1.0,
}  # fmt: skip
ROOFLINE = {"w": 20.0, "c": 0.1, "e": 7.0, "f": 0.12, "d": 7e-5, "q": 6e-6}
CURVE = StepTime((1.0, 64.0), (10.0, 12.0), 0.1, c=0.01, d=1e-4, c_mixed=0.02, walk=1e-3)


def tier(**source: Any) -> TierParams:
    return TierParams.model_validate(TIER | source)


def test_the_bytes_of_known_models() -> None:
    sizes = {"Qwen2.5-3B": 36_864, "Qwen2.5-7B": 57_344, "Qwen2.5-14B": 196_608}
    for name, size in sizes.items():
        assert ARCHITECTURES[name].kv_bytes == size
    billions = {"Qwen2.5-7B": 7.62, "Qwen2.5-72B": 72.7, "Llama-3.1-8B": 8.03, "phi-2": 2.78}
    for name, count in billions.items():
        assert ARCHITECTURES[name].parameters / 1e9 == pytest.approx(count, abs=0.01)


def test_a_roofline_by_hand() -> None:
    step = estimate_roofline(ARCHITECTURES["Qwen2.5-7B"], HARDWARE["A30"], 1)
    # 7.07 G weights without the embedding, 2 bytes, 83 % of 933 GB/s; 28 layers of 0.085 ms.
    assert step.w == pytest.approx(18.26 + 2.38, abs=0.05)
    # 6.525 G weights in the layers, 2 operations, 62 % of 165 TFLOPS.
    assert step.f == pytest.approx(2 * 6.525e9 / 102.3e12 * 1e3, rel=1e-3)
    assert step.d == pytest.approx(57_344 / (0.85 * 933e9) * 1e3)


def test_more_cards_read_less_and_talk_more() -> None:
    model, card = ARCHITECTURES["Qwen2.5-72B"], HARDWARE["A100-80GB"]
    two, four = (estimate_roofline(model, card, gpus) for gpus in (2, 4))
    assert four.w < two.w
    assert four.f < two.f
    assert four.d == pytest.approx(two.d / 2)
    alone = StepTime((1.0,), (10.0,), 0.1)
    assert with_collectives(alone, model, card, 1).rates == alone.rates
    # 160 all-reduces of 45 us start-up.
    assert with_collectives(alone, model, card, 4).curve[0] == pytest.approx(17.2, abs=0.1)


def test_the_cache_gets_what_weights_leave() -> None:
    # vLLM 0.19 found 41,408 tokens on this card for this model.
    found = estimate_kv_tokens(ARCHITECTURES["Llama-3.1-8B"], HARDWARE["RTX4090"], 1)
    assert found == pytest.approx(41_408, rel=0.01)
    assert estimate_kv_tokens(ARCHITECTURES["Qwen2.5-72B"], HARDWARE["A30"], 1) == 0


@pytest.mark.realdata
def test_estimates_follow_the_published_tiers(real_data: Path) -> None:
    table = json.loads((real_data / "latency" / "tier_params.json").read_text())
    for name, card, model, gpus in (
        ("3b_a30", "A30", "Qwen2.5-3B", 1),
        ("7b_a30", "A30", "Qwen2.5-7B", 1),
        ("14b_v100", "V100-32GB", "Qwen2.5-14B", 4),
        ("72b_a100", "A100-80GB", "Qwen2.5-72B", 4),
    ):
        step, row = estimate_roofline(ARCHITECTURES[model], HARDWARE[card], gpus), table[name]
        assert step.w == pytest.approx(row["w"] - row["residual_ms"], rel=0.02)
        assert step.f == pytest.approx(row["f"], rel=0.02)
        assert step.d == pytest.approx(row["d"], rel=0.01)
        assert step.q == pytest.approx(row["q"], rel=0.01)
        assert step.c == pytest.approx(row["c"], rel=0.15)


def test_every_source_of_a_step_time(tmp_path: Path) -> None:
    assert step_time(tier(step=ROOFLINE)) == StepTime.roofline(**ROOFLINE)
    simple = {"a": 20.0, "b": 0.1, "c": 0.05, "d": 1e-4}
    assert step_time(tier(step=simple)) == StepTime.simple(**simple)
    curve = curve_params(CURVE)
    assert step_time(tier(step=curve.model_dump(mode="json"))).rates == CURVE.rates
    file = tmp_path / "tier.json"
    write_profile(
        TierProfile(label="live", gpu="g", model="m", tp=1, form="curve", step=curve, command="c"),
        file,
    )
    stored = tier(profile=str(file))
    assert step_time(stored).rates == CURVE.rates
    guess = tier(estimate={"hardware": "A30", "architecture": "Qwen2.5-7B"})
    expected = estimate_step(ARCHITECTURES["Qwen2.5-7B"], HARDWARE["A30"], 1)
    assert step_time(guess) == expected
    labels = [step_label(t) for t in (tier(step=ROOFLINE), stored, guess)]
    assert labels == ["given", "live", "estimated"]
    assert make_instance(guess).next_event() == float("inf")


def test_hardware_may_be_given_in_numbers() -> None:
    hardware = {"memory_gib": 48, "bandwidth_gb_s": 864, "tflops": 181}
    guess = tier(estimate={"hardware": hardware, "architecture": "Qwen2.5-7B"})
    assert step_time(guess).seconds(0, 1, 100, 0.0) == pytest.approx(0.0226, abs=0.001)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({}, "exactly one of step, profile, estimate is accepted, found none"),
        ({"step": ROOFLINE, "profile": "x.json"}, "found step and profile"),
        ({"step": ROOFLINE | {"g": 1.0}}, "unknown key 'g'"),
        ({"step": {"a": 1.0, "b": 0.1, "c": 0.1, "dd": 0.1}}, "did you mean 'd'"),
        ({"step": 3}, "valid dictionary"),
        ({"estimate": {"hardware": "A3O", "architecture": "Qwen2.5-7B"}}, "did you mean 'A30'"),
        ({"estimate": {"hardware": "A30", "architecture": "Qwen2.5-7"}}, "did you mean"),
    ],
)
def test_wrong_sources_are_refused(source: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        tier(**source)
