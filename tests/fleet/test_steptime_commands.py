"""Fit and estimate from the shell; the benchmark on tables of its own."""

import json
from pathlib import Path

import pytest
from steptime_tables import write_tables

import benchmarks.steptime
from pipeline.cli import main as cli
from pipeline.fleet import StepTime
from pipeline.fleet.steptime import read_profile

TRUTH = StepTime((1.0, 1024.0), (15.0, 90.0), 0.09, c=0.01, d=1e-4, q=4e-6, d_mixed=3e-4)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["routebalance", "fleet", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli()
    assert ended.value.code in (0, None)


def test_fit_writes_what_a_tier_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = write_tables(tmp_path, TRUTH), tmp_path / "tier.json"
    asked = ["--gpu", "RTX 4090", "--model", "llama-3.1-8b", "--form", "curve"]
    run(monkeypatch, "fit", str(folder), *asked, "--out", str(out))
    said = capsys.readouterr().out
    assert "% MAPE held out" in said
    assert "KV cache: 131072 bytes per token" in said
    profile = read_profile(out)
    assert profile.label == "fitted"
    assert set(profile.sources) == {"layer_ops.parquet", "attention_ops.parquet"}
    assert profile.step.d == pytest.approx(TRUTH.d, rel=0.02)


def test_a_wrong_name_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tier.json"
    arguments = ["fit", str(write_tables(tmp_path, TRUTH)), "--gpu", "a30", "--model", "x"]
    monkeypatch.setattr("sys.argv", ["routebalance", "fleet", *arguments, "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        cli()
    assert ended.value.code == 2
    assert "unknown gpu 'a30' in the latency tables; accepted: rtx4090" in capsys.readouterr().err
    assert not out.exists()


def test_estimate_prints_lines_of_a_tier(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "estimate", "--hardware", "A30", "--architecture", "Qwen2.5-7B")
    assert "estimate: {hardware: A30, architecture: Qwen2.5-7B}" in capsys.readouterr().out


def test_the_benchmark_judges_rows_of_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = write_tables(tmp_path / "train", TRUTH)
    slower = write_tables(tmp_path / "test", TRUTH.scaled(1.25))
    given = ["--data", str(train), "--test", str(slower), "--form", "curve"]
    monkeypatch.setattr("sys.argv", ["steptime", *given])
    benchmarks.steptime.main()
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["a30_mape"] is None
    # Fitted times are 1/1.25 of those tested: 20 % below.
    assert result["other_mape_max"] == pytest.approx(20, abs=0.5)
