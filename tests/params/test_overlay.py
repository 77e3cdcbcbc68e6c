"""Presets laid over params.yaml."""

from pathlib import Path

import yaml

from pipeline.params.overlay import apply_overlay


def laid(root: Path, tmp_path: Path, preset: str) -> dict[str, dict[str, object]]:
    """The parameters after a preset."""
    params, file = tmp_path / "params.yaml", tmp_path / "preset.yaml"
    params.write_text((root / "params.yaml").read_text())
    file.write_text(preset)
    apply_overlay(params, file, [])
    told: dict[str, dict[str, object]] = yaml.safe_load(params.read_text())
    return told


def test_names_join_the_old_ones(root: Path, tmp_path: Path) -> None:
    told = laid(root, tmp_path, "loadtest: {weights: {mine: {quality: 1, latency: 0, cost: 0}}}")
    weights = told["loadtest"]["weights"]
    assert isinstance(weights, dict)
    assert {"uniform", "mine"} <= set(weights)


def test_only_takes_the_place_of_the_old_ones(root: Path, tmp_path: Path) -> None:
    told = laid(root, tmp_path, "published: {claims: !only {}}")
    assert told["published"]["claims"] == {}
    one = "frontier: {systems: !only {ours: [fused_uniform]}}"
    assert laid(root, tmp_path, one)["frontier"]["systems"] == {"ours": ["fused_uniform"]}


def test_a_small_number_stays_a_number(root: Path, tmp_path: Path) -> None:
    # ruamel.yaml writes 1e-05, which PyYAML takes for a text.
    told = laid(root, tmp_path, "loadtest: {scales: {latency_s: 1.0e-05, cost_usd: 2.5e-07}}")
    assert told["loadtest"]["scales"] == {"latency_s": 1e-05, "cost_usd": 2.5e-07}
