"""The project keeps its promises: layers, late imports, one graph, documented commands."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.params import load_params

# Lower layers never import higher ones; packages of one layer may use each other.
LAYERS = {
    "errors": 0, "files": 0, "journal": 0, "progress": 0, "streams": 0, "schema": 0, "rows": 0,
    "compiled": 0, "stored": 1, "params": 0, "minilm": 0, "encoder": 1, "stage": 1, "engine": 1,
    "spending": 0, "keys": 0, "fleet": 1, "workload": 1,
    "scheduling": 2, "predictors": 2, "collecting": 2, "judging": 2, "statistics": 2,
    "loadtest": 3, "gateway": 3, "registry": 3, "reporting": 3,
    "cli": 4,
}  # fmt: skip
# Stages whose whole work is in a package of their own: what that imports decides their outputs too.
THEIR_OWN = {"collect": ("collecting",), "judge": ("judging",)}
HEAVY = (
    "torch",
    "transformers",
    "mlflow",
    "deepeval",
    "xgboost",
    "sklearn",
    "matplotlib",
    "dvc",
    "arch",
    "ray",
)


def imports(file: Path) -> set[str]:
    """First-level parts of `pipeline` that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    parts = (name.split(".") for name in names if name.startswith("pipeline."))
    return {part[1] for part in parts if part[1] in LAYERS}


def test_nothing_imports_upwards(root: Path) -> None:
    for file in (root / "pipeline").rglob("*.py"):
        own = file.relative_to(root / "pipeline").parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        higher = {name for name in imports(file) if LAYERS[name] > LAYERS[own]}
        assert not higher, f"{file} imports {higher}"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, pipeline.cli\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules) | ({{'polars'}} & set(sys.modules))))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "group",
    [
        [],
        ["params"],
        ["fleet"],
        ["fleet", "up"],
        ["fleet", "profile"],
        ["loadtest"],
        ["loadtest", "sweep"],
        ["registry"],
        ["collect"],
        ["compare"],
        ["judge"],
        ["judge", "served"],
        ["plan"],
        ["serve"],
        ["report"],
    ],
)
def test_help_answers(group: list[str]) -> None:
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", *group, "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Usage" in ended.stdout


def test_every_stage_has_a_script_and_a_section(root: Path) -> None:
    graph = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    scripts = {path.stem for path in (root / "stages").glob("*.py")} - {"__init__"}
    assert set(graph) == scripts
    sections = yaml.safe_load((root / "params.yaml").read_text())
    assert set(sections) == {"base", *graph}
    for name, stage in graph.items():
        assert stage["cmd"] == f"python -m stages.{name}"
        assert f"stages/{name}.py" in stage["deps"]


def test_stage_scripts_are_thin(root: Path) -> None:
    for script in (root / "stages").glob("*.py"):
        assert len(script.read_text().splitlines()) <= 60, script


def test_stages_depend_on_the_packages_they_import(root: Path) -> None:
    graph = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    shared = {
        "errors",
        "files",
        "journal",
        "progress",
        "streams",
        "schema",
        "rows",
        "params",
        "stage",
    }
    for name, stage in graph.items():
        declared = {
            Path(dep).parts[1].removesuffix(".py")
            for dep in stage["deps"]
            if dep.startswith("pipeline/")
        }
        used = imports(root / "stages" / f"{name}.py") - shared
        for library in THEIR_OWN.get(name, ()):
            for file in (root / "pipeline" / library).rglob("*.py"):
                used |= imports(file) - shared
        assert used <= declared, f"{name} uses {used - declared}"


def test_presets_are_valid(root: Path, tmp_path: Path) -> None:
    from pipeline.params.overlay import apply_overlay

    for preset in (root / "presets").glob("*.yaml"):
        file = tmp_path / preset.name
        file.write_text((root / "params.yaml").read_text())
        lines = apply_overlay(file, preset, ["quality.knn.k=25"])
        assert "quality.knn.k = 25" in lines
        assert load_params(file).quality.knn.k == 25
        assert "# " in file.read_text()


def test_no_file_carries_a_path_of_a_machine(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    )
    pattern = re.compile(r"/(?:home|root|work|tmp)/[a-z]")
    own = Path(__file__).relative_to(root).as_posix()
    for name in listed.stdout.split():
        file = root / name
        if name != own and file.exists() and file.suffix in {".py", ".md", ".yaml", ".toml", ""}:
            assert not pattern.search(file.read_text(errors="ignore")), name
