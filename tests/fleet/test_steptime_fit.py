"""Fits find the coefficients that made a table, and say how wrong they are."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from steptime_tables import NAMES, attention_rows, layer_rows, write_tables

from pipeline.errors import ParamsError, SchemaError, UnknownNameError
from pipeline.fleet import StepTime
from pipeline.fleet.steptime import fit_profile, fit_target, read_tables, split
from pipeline.fleet.steptime._knots import thin
from pipeline.fleet.steptime._operators import read_operators
from pipeline.fleet.steptime._robust import linear_fit
from pipeline.fleet.steptime._tables import LAYER_OPS, Tables, Target, plain

TRUTH = StepTime(
    (1.0, 128.0, 1024.0), (15.0, 20.0, 90.0), 0.09,
    p=0.001, c=0.01, d=1.4e-4, q=4e-6, c_mixed=0.05, d_mixed=3e-4, walk=1e-3,
)  # fmt: skip


def test_the_curve_form_finds_its_own_coefficients(tmp_path: Path) -> None:
    profile = fit_profile(write_tables(tmp_path, TRUTH), "RTX-4090", "Llama-3.1-8B", 1, "curve")
    found = profile.step
    assert found.c == pytest.approx(TRUTH.c, rel=0.05)
    assert found.d == pytest.approx(TRUTH.d, rel=0.02)
    assert found.d_mixed == pytest.approx(TRUTH.d_mixed, rel=0.02)
    assert found.c_mixed == pytest.approx(TRUTH.c_mixed, rel=0.05)
    assert found.walk == pytest.approx(TRUTH.walk, rel=0.05)
    assert profile.errors["overall"] is not None
    assert profile.errors["overall"] < 1.0
    assert profile.rows["training"] + profile.rows["held_out"] == profile.rows["used"]


@pytest.mark.parametrize(
    ("form", "truth"),
    [
        ("simple", StepTime.simple(20.0, 0.1, 0.05, 1e-4)),
        ("roofline", StepTime.roofline(16.0, 0.05, 6.0, 0.09, 2e-4, 5e-6)),
    ],
)
def test_plain_forms_find_what_made_them(tmp_path: Path, form: str, truth: StepTime) -> None:
    # lm_head's 0.01 ms is the only thing beside the formula.
    profile = fit_profile(write_tables(tmp_path, truth), "rtx4090", "Llama-3.1-8B", 1, form)
    assert profile.errors["overall"] is not None
    assert profile.errors["overall"] < 0.5
    step = profile.step_time()
    for args in ((0, 32, 32_000.0, 0.0), (512, 16, 8_000.0, 131_072.0)):
        assert step.seconds(*args) == pytest.approx(truth.seconds(*args), rel=0.01)


def test_auto_takes_a_form_that_the_rows_bear_out(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, TRUTH, noise=0.05)
    assert fit_profile(folder, "rtx4090", "llama-3.1-8b", 1).form == "curve"


def test_a_few_wild_rows_do_not_bend_the_line() -> None:
    terms = np.stack([np.ones(200), np.arange(200.0)], axis=1)
    ms = 10 + 0.1 * np.arange(200.0)
    ms[::20] *= 4
    a, b = linear_fit(terms, ms, ms, np.ones(200))
    assert a == pytest.approx(10, rel=0.05)
    assert b == pytest.approx(0.1, rel=0.05)


def test_failed_measurements_are_dropped_and_counted() -> None:
    frame = LAYER_OPS.frame(
        NAMES | {"op": op, "tokens": tokens, "latency_ms": ms}
        for op, tokens, ms in [
            ("qkv_proj", 1, 0.05), ("qkv_proj", 200, 0.0019), ("qkv_proj", 300, 0.011),
            ("qkv_proj", 400, 0.07), ("act_fn", 1, 0.0018), ("act_fn", 400, 0.0019),
        ]
    )  # fmt: skip
    operators = read_operators(frame, layers=2)
    assert operators.dropped == 2
    assert operators.dense(np.array([1.0, 400.0])) == pytest.approx([0.1036, 0.1438])
    # Halfway between 1 and 400 tokens the dropped points leave a straight line.
    assert operators.curves["qkv_proj"].at(np.array([200.5])) == pytest.approx([0.06])


def test_beyond_the_last_point_time_goes_with_tokens() -> None:
    operators = read_operators(layer_rows(TRUTH), layers=1)
    curve = operators.curves["qkv_proj"]
    assert curve.at(np.array([2304.0 * 2])) == pytest.approx([2 * curve.ms[-1]])


def test_thin_keeps_every_point_within_tolerance() -> None:
    tokens = np.arange(1.0, 500.0)
    ms = np.maximum(10.0, 0.1 * tokens) + 0.3 * np.sin(tokens / 9)
    knots, curve = thin(tokens, ms, 0.01, 500)
    assert np.abs(np.interp(tokens, knots, curve) / ms - 1).max() <= 0.01
    assert len(knots) < 100
    assert len(thin(tokens, ms, 0.0, 7)[0]) == 7


def test_the_split_is_disjoint_complete_and_deaf_to_order() -> None:
    tables = Tables(layer_rows(TRUTH), attention_rows(TRUTH), {})
    training, held_out = split(tables, 5, seed=3)
    both = pl.concat([training.attention, held_out.attention])
    assert both.height == tables.attention.height
    assert both.is_duplicated().sum() == tables.attention.is_duplicated().sum()
    shuffled = Tables(tables.layers, tables.attention.sample(fraction=1, shuffle=True, seed=1), {})
    again = split(shuffled, 5, seed=3)[1].attention
    columns = again.columns
    assert again.sort(columns).equals(held_out.attention.sort(columns))
    # All operators of one token count are on one side.
    assert not set(training.layers["tokens"]) & set(held_out.layers["tokens"])


def test_names_are_found_whatever_their_case_and_organisation(tmp_path: Path) -> None:
    tables = read_tables(write_tables(tmp_path, TRUTH))
    wanted = Target("rtx4090", "meta-llama/Llama-3.1-8B", 1)
    assert tables.find("NVIDIA GeForce RTX 4090", "llama-3.1-8b", 1) == wanted
    assert plain("meta-llama/Llama-3.1-8B") == "llama318b"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("rtx4080", "Llama-3.1-8B", 1, "auto"), "did you mean 'rtx4090'"),
        (("rtx4090", "Llama-3.1-8", 1, "auto"), "'meta-llama/Llama-3.1-8B'"),
        (("rtx4090", "Llama-3.1-8B", 4, "auto"), "accepted: 1"),
        (("rtx4090", "Llama-3.1-8B", 1, "curv"), "did you mean 'curve'"),
    ],
)
def test_unknown_names_say_what_is_covered(
    tmp_path: Path, asked: tuple[str, str, int, str], told: str
) -> None:
    write_tables(tmp_path, TRUTH)
    with pytest.raises(UnknownNameError, match=told):
        fit_profile(tmp_path, *asked)


def test_without_attention_rows_physics_stands_in_and_says_so() -> None:
    tables = Tables(layer_rows(TRUTH), attention_rows(TRUTH).clear(), {})
    target = tables.targets()[0]
    fitted = fit_target(tables, target, "auto")
    # Llama-3.1-8B: 131,072 bytes of KV per token at 90 % of 1,008 GB/s.
    assert fitted.step.d == pytest.approx(131_072 / (0.9 * 1008e9) * 1e3)
    assert fitted.step.seconds(0, 128, 0, 0.0) == pytest.approx(0.020, rel=0.02)
    with pytest.raises(ParamsError, match="needs attention rows"):
        fit_target(tables, target, "simple")


def test_absent_tables_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no such file of layer_ops rows"):
        read_tables(tmp_path)


@pytest.mark.realdata
def test_measured_cards_are_met(real_data: Path) -> None:
    profile = fit_profile(real_data / "latency", "a30", "Qwen-2-7B", 1)
    assert profile.errors["decode"] is not None
    assert profile.errors["overall"] is not None
    assert profile.errors["decode"] <= 3
    assert profile.errors["overall"] <= 5
    other = fit_profile(real_data / "latency", "rtx4090", "Llama-3.1-8B", 1, "curve")
    assert other.errors["overall"] is not None
    assert other.errors["overall"] <= 8


@pytest.mark.realdata
def test_every_target_of_the_tables_can_be_described(real_data: Path) -> None:
    tables = read_tables(real_data / "latency")
    for target in tables.targets():
        if not tables.only(target).attention.height:
            step = fit_target(tables, target, "auto").step
            assert step.seconds(0, 64, 64_000, 0.0) > step.seconds(0, 1, 1_000, 0.0) > 0
