"""Traces: read whole, scaled exactly, spread inside their ticks, refused in a sentence."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError, RouteBalanceError, SchemaError, UnknownNameError
from pipeline.params import TraceParams
from pipeline.workload.arrivals import (
    Trace,
    arrival_times,
    gap_cv,
    offered_rate,
    read_trace,
    replay,
)

AZURE = TraceParams(file="traces/azure2023_conv_0_2700s.parquet")
MOONCAKE = TraceParams(file="traces/mooncake_conversation.parquet", tick_s=3)
KEEP = TraceParams(file="t.parquet", scale="none")


def written(folder: Path, columns: dict[str, Any]) -> Path:
    pl.DataFrame(columns).write_parquet(folder / "t.parquet")
    return folder


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_times_and_lengths_by_hand(tmp_path: Path) -> None:
    columns = {"timestamp_s": [10.0, 11.0, 14.0], "input_tokens": [5, 6, 7], "model": [None] * 3}
    trace = read_trace(KEEP, written(tmp_path, columns))
    assert trace.times.tolist() == [10, 11, 14]
    assert trace.input_tokens is not None
    assert trace.input_tokens.tolist() == [5, 6, 7]
    assert trace.output_tokens is None
    kept = replay(KEEP, 99.0, 3, rng(), trace)
    assert kept.times.tolist() == [0, 1, 4]
    # Two gaps at 4 requests/s last half a second; the gaps stay 1 to 3.
    scaled = arrival_times(TraceParams(file="t.parquet"), 4.0, 3, rng(), trace)
    assert scaled.tolist() == [0, 0.125, 0.5]


def test_datetimes_become_seconds(tmp_path: Path) -> None:
    start = datetime(2023, 11, 16, 18, 15)
    stamps = [start + timedelta(seconds=seconds) for seconds in (0, 1.5, 4)]
    params = TraceParams(file="t.parquet", column="TIMESTAMP")
    trace = read_trace(params, written(tmp_path, {"TIMESTAMP": stamps}))
    assert trace.times.tolist() == [0, 1.5, 4]


def test_whole_seconds_may_be_integers(tmp_path: Path) -> None:
    assert read_trace(KEEP, written(tmp_path, {"timestamp_s": [0, 3, 3]})).times.dtype == np.float64


@settings(max_examples=150)
@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=60),
    st.floats(0.01, 1000),
    st.sampled_from(["first", "random"]),
    st.integers(0, 1000),
    st.data(),
)
def test_replay_is_ordered_scaled_and_keeps_rows_together(
    ticks: list[int], rate: float, start: Any, seed: int, data: st.DataObject
) -> None:
    stamps = np.sort(np.array(ticks)) * 3.0
    rows = np.arange(1, stamps.size + 1)
    trace = Trace("toy", stamps, rows, rows)
    n = data.draw(st.integers(2, stamps.size))
    params = TraceParams(file="toy", tick_s=3, start=start)
    part = replay(params, rate, n, rng(seed), trace)
    assert part.input_tokens is not None
    assert (np.diff(part.input_tokens) == 1).all()
    assert (part.times >= 0).all()
    assert (np.diff(part.times) >= 0).all()
    assert offered_rate(part.times) == pytest.approx(rate, rel=1e-9)
    raw = replay(params.model_copy(update={"scale": "none"}), rate, n, rng(seed), trace)
    first = stamps[part.input_tokens[0] - 1]
    inside = raw.times - (stamps[part.input_tokens - 1] - first)
    assert ((inside >= -1e-9) & (inside < 3 + 1e-9)).all()


def test_a_random_start_differs_by_seed_and_stays_inside() -> None:
    trace = Trace("toy", np.arange(100.0), np.arange(1, 101))
    params = TraceParams(file="toy", start="random")
    parts = [replay(params, 1, 90, rng(seed), trace).input_tokens for seed in range(50)]
    starts = {int(part[0]) for part in parts if part is not None}
    assert len(starts) > 5
    assert starts <= set(range(1, 12))


@pytest.mark.parametrize(
    ("columns", "kind", "said"),
    [
        ({"time": [0.0]}, UnknownNameError, "unknown column 'timestamp_s'.*did you mean 'time'"),
        ({"timestamp_s": pl.Series([], dtype=pl.Float64)}, DataError, "holds no arrival"),
        ({"timestamp_s": ["a"]}, SchemaError, "is String, expected seconds or datetimes"),
        ({"timestamp_s": [0.0, None]}, DataError, "has 1 nulls; every arrival needs a time"),
        ({"timestamp_s": [0.0, float("nan")]}, DataError, "holds nan in row 1"),
        ({"timestamp_s": [0.0, float("inf")]}, DataError, "holds inf in row 1"),
        ({"timestamp_s": [0.0, 2.0, 1.0]}, DataError, "goes back from 2 to 1 s in row 2"),
        ({"timestamp_s": [-1.0, 2.0]}, DataError, "starts at -1; seconds from 0"),
        ({"timestamp_s": [0.0], "input_tokens": [1.5]}, SchemaError, "expected whole tokens"),
        ({"timestamp_s": [0.0], "output_tokens": [0]}, DataError, "below 1 token"),
    ],
)
def test_bad_files_end_in_a_sentence(
    tmp_path: Path, columns: dict[str, Any], kind: type[RouteBalanceError], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        read_trace(KEEP, written(tmp_path, columns))
    assert "\n" not in str(caught.value)


def test_absent_and_broken_files_end_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"t\.parquet: cannot be read as parquet"):
        read_trace(KEEP, tmp_path)
    (tmp_path / "t.parquet").write_text("not parquet")
    with pytest.raises(SchemaError, match="cannot be read as parquet"):
        read_trace(KEEP, tmp_path)


@pytest.mark.parametrize(
    ("params", "times", "n", "said"),
    [
        (AZURE, [0.0, 1.0], 3, "holds 2 arrivals, 3 were asked for"),
        (AZURE, [5.0, 5.0, 6.0], 2, "the 2 arrivals replayed carry one stamp"),
        (MOONCAKE, [0.0, 1.0, 3.0], 3, "stamps 1 s apart contradict tick_s 3"),
    ],
)
def test_parts_that_cannot_be_replayed(
    params: TraceParams, times: list[float], n: int, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        replay(params, 1.0, n, rng(), Trace("toy", np.array(times)))


@pytest.mark.realdata
@pytest.mark.parametrize("rate", [1.0, 12.0, 97.3])
@pytest.mark.parametrize("n", [3534, 12_000])
@pytest.mark.parametrize("params", [AZURE, MOONCAKE], ids=["azure", "mooncake"])
def test_real_traces_are_scaled_exactly(
    real_data: Path, params: TraceParams, n: int, rate: float
) -> None:
    trace = read_trace(params, real_data)
    times = arrival_times(params, rate, n, rng(1), trace)
    assert offered_rate(times) == pytest.approx(rate, rel=1e-12)
    assert (np.diff(times) >= 0).all()


@pytest.mark.realdata
def test_azure_is_what_its_readme_says(real_data: Path) -> None:
    trace = read_trace(AZURE, real_data)
    kept = AZURE.model_copy(update={"scale": "none"})
    part = replay(kept, 1.0, 15_877, rng(), trace)
    assert offered_rate(part.times) == pytest.approx(15_876 / 2699.89, rel=1e-4)
    assert part.output_tokens is not None
    assert part.output_tokens.max() == 1000
    # Scaling changes the unit of time, not the burstiness.
    scaled = arrival_times(AZURE, 30, 15_877, rng(), trace)
    assert gap_cv(scaled) == pytest.approx(gap_cv(part.times), rel=1e-9)


@pytest.mark.realdata
def test_mooncake_ticks_are_spread(real_data: Path) -> None:
    trace = read_trace(MOONCAKE, real_data)
    assert np.mean(np.diff(trace.times) == 0) > 0.9
    raw = replay(MOONCAKE.model_copy(update={"scale": "none"}), 1.0, 12_031, rng(), trace)
    assert (np.diff(raw.times) > 0).all()
    assert (np.abs(raw.times - trace.times) < 3.01).all()
    assert 1.0 < gap_cv(raw.times) < 1.5
    with pytest.raises(DataError, match="contradict tick_s 6"):
        replay(MOONCAKE.model_copy(update={"tick_s": 6.0}), 1.0, 12_031, rng(), trace)
