"""The whole graph on small parameters: it ends, twice with the same bytes, and survives SIGKILL."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline.rows import JUDGEMENTS, REQUESTS, RESPONSES
from pipeline.schema import read_rows

pytestmark = pytest.mark.slow

DATA = ("prompts", "collect", "judge", "dataset", "embed", "quality", "length", "routers")
FLEET = ("profile", "latency", "register", "loadtest")
READING = ("frontier", "ablation", "drift", "published", "fidelity", "report")
# Arms of the traffics beside the steady one: each takes another way through the stages after it.
OTHERS = {
    "burst": ["published_1", "published_3", "best_route_serial", "fused_uniform", "static_prior"],
    "tuning": ["fused_uniform", "fused_quality", "avengers_pro", "avengers_pro_80"],
    "prompt_shift": ["fused_uniform"],
    "spoiled": ["fused_uniform", "error_quality_30", "age_1", "decoupled_reactive"],
}
STEADY = [
    "fused_uniform",
    "fused_quality",
    "fused_cost",
    "placebo",
    "decoupled_reactive",
    "avengers_pro",
    "avengers_pro_80",
    "best_route",
    "shortest_queue",
    "random",
    "query_oracle",
]
SYSTEMS = {
    "ours": ["fused_uniform", "fused_quality", "fused_cost"],
    "avengers_pro": ["avengers_pro", "avengers_pro_80"],
    "best_route": ["best_route"],
}
CONTRASTS = ("latency_in_model_choice", "fused_quality_kept", "burst", "placebo")


def small(root: Path) -> dict[str, Any]:
    params: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())
    params["prompts"]["per_family"] = 40
    params["profile"] |= {"runs": 5, "requests": 40, "loads": [0.05, 0.5]}
    for name in ("xgboost", "quantile_xgboost"):
        params["latency"][name]["rounds"] = 30
    # One candidate of every kind that is stored in its own way; the others have their own tests.
    for name in ("knn_wide", "logistic", "kmeans", "kernel", "low_rank"):
        params["quality"][name] = None
    params["quality"]["blend"] = {"parts": ["knn", "ridge", "xgboost", "torch_head"]}
    params["quality"]["xgboost"]["rounds"] = params["quality"]["torch_head"]["steps"] = 20
    params["length"]["buckets"] = params["length"]["quantile_xgboost"] = None
    params["length"]["quantile_head"]["steps"] = 60
    params["loadtest"] |= {"requests": 60, "warmup_requests": 10, "rates": [6.0], "seeds": [1, 2]}
    params["loadtest"]["steady_arms"], params["frontier"]["systems"] = STEADY, SYSTEMS
    traffic = params["loadtest"]["traffic"]
    for name in list(traffic):
        if name not in OTHERS:
            del traffic[name]
            continue
        traffic[name] = traffic[name] | {"rates": [6.0], "requests": 60, "arms": OTHERS[name]}
    contrasts = params["ablation"]["contrasts"]
    params["ablation"]["contrasts"] = {name: contrasts[name] for name in CONTRASTS}
    params["drift"]["break_point"] |= {
        "rate": 6.0,
        "baselines": ["decoupled_reactive"],
        "doses": {"quality": ["error_quality_30"], "age": ["age_1"]},
    }
    pair = {"faster": "published_1", "slower": "best_route_serial"}
    params["published"]["claims"] = {"over_serial": {"traffic": "burst", "rate": 6.0} | pair}
    params["fidelity"]["seeds"] = [1, 2]
    params["fidelity"]["clock"]["requests"] = 39
    for name in ("frontier", "ablation", "drift"):
        params[name]["resamples"] = 200
    return params


def project(folder: Path, params: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    return folder


def start(folder: Path, root: Path, stage: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", f"stages.{stage}"],
        cwd=folder,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def run(folder: Path, root: Path, *stages: str) -> str:
    said = ""
    for stage in stages:
        process = start(folder, root, stage)
        said = process.communicate()[1]
        assert process.returncode == 0, f"{stage}: {said}"
    return said


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    folder = project(tmp_path_factory.mktemp("graph") / "one", small(root))
    run(folder, root, *DATA, *FLEET, *READING)
    return folder


def test_every_stage_leaves_what_the_graph_declares(done: Path, root: Path) -> None:
    graph = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    for stage in graph.values():
        for out in (*stage["outs"], *stage.get("metrics", []), *stage.get("plots", [])):
            path = done / (out if isinstance(out, str) else next(iter(out)))
            assert path.exists(), path
    rows = read_rows(done / "data/requests", REQUESTS)
    arms = len(small(root)["loadtest"]["steady_arms"]) + sum(map(len, OTHERS.values()))
    assert rows.height == arms * 1 * 2 * 60
    assert (rows["status"] == "ok").all()


def test_the_same_params_give_the_same_bytes(done: Path, root: Path, tmp_path: Path) -> None:
    again = project(tmp_path / "two", small(root))
    run(again, root, *DATA, *FLEET, *READING)
    kinds = ("*.parquet", "*.csv", "*.npy", "*.svg", "*.pdf", "*.tex", "metrics/*.json")
    kinds += ("registry.json", "*.html")
    checked = 0
    for kind in kinds:
        for path in done.rglob(kind):
            if ".cache" in path.parts or "mlruns" in path.parts:
                continue
            twin = again / path.relative_to(done)
            assert path.read_bytes() == twin.read_bytes(), path.name
            checked += 1
    assert checked > 50


def test_the_report_stands_alone(done: Path) -> None:
    page = (done / "reports/report.html").read_text()
    HTMLParser(convert_charrefs=True).feed(page)
    links = [
        link
        for link in re.findall(r'(?:src|href)="([^"]+)"', page)
        if not link.startswith(("#", "data:,"))
    ]
    # Nothing but the tables beside it, which the page does without.
    assert links
    for link in links:
        assert link.startswith("tables/")
        assert (done / "reports" / link).exists(), link
    for word in ("simulated", "emulated", "test split", "Registered predictors"):
        assert word in page


def test_registering_again_changes_nothing(done: Path, root: Path) -> None:
    before = (done / "reports/registry.json").read_bytes()
    run(done, root, "register")
    assert (done / "reports/registry.json").read_bytes() == before
    entries = json.loads(before)
    assert [entry["aliases"] for entry in entries] == [["champion"]] * 3


def test_the_command_line_runs_cells_of_the_same_test(
    done: Path, root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.parquet"
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "loadtest"]
    environment = os.environ | {"PYTHONPATH": str(root)}
    cell = ["run", "--arm", "fused_uniform", "--rate", "6", "--seed", "1", "--out", str(out)]
    grid = ["sweep", "--arms", "random,fused_cost", "--rates", "6,9", "--seeds", "1", "--jobs", "2"]
    for arguments in (cell, grid):
        ended = subprocess.run(
            [*command, *arguments], cwd=done, env=environment, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
    assert "random" in ended.stdout
    whole = read_rows(done / "data/requests", REQUESTS)
    same = pl.col("traffic") == "steady"
    same &= (pl.col("arm") == "fused_uniform") & (pl.col("rate") == 6.0) & (pl.col("seed") == 1)
    assert read_rows(out, REQUESTS).equals(whole.filter(same))
    champion = [*command, *cell, "--predictors", "champion"]
    subprocess.run(champion, cwd=done, env=environment, check=True, capture_output=True)
    assert read_rows(out, REQUESTS).equals(whole.filter(same))


def journal_rows(folder: Path, stage: str) -> int:
    path = folder / ".cache/routebalance" / f"{stage}.sqlite"
    if not path.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT COUNT(*) FROM done").fetchone()[0])
    except sqlite3.OperationalError:  # the table is not there yet
        return 0


def kill_when(folder: Path, root: Path, stage: str, ready: Callable[[], bool]) -> None:
    process = start(folder, root, stage)
    deadline = time.monotonic() + 120
    while not ready():
        assert process.poll() is None, f"{stage} ended before it could be killed"
        assert time.monotonic() < deadline, f"{stage} made no progress"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(
    ("stage", "schema", "output"),
    [
        ("collect", RESPONSES, "data/responses.parquet"),
        ("judge", JUDGEMENTS, "data/judgements.parquet"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_stage_loses_and_repeats_no_row(
    stage: str, schema: Any, output: str, root: Path, tmp_path: Path
) -> None:
    params = small(root)
    params["prompts"]["per_family"] = 200
    params["judge"]["similarity"] = False
    whole = project(tmp_path / "whole", params)
    run(whole, root, *DATA[: DATA.index(stage)])
    broken = tmp_path / "broken"
    shutil.copytree(whole, broken)
    run(whole, root, stage)
    kill_when(broken, root, stage, lambda: journal_rows(broken, stage) >= 50)
    assert not (broken / output).exists()
    kept = journal_rows(broken, stage)
    said = run(broken, root, stage)
    assert f"{kept} from the journal" in said
    assert read_rows(broken / output, schema).equals(read_rows(whole / output, schema))
    assert (broken / output).read_bytes() == (whole / output).read_bytes()


def test_a_killed_load_test_loses_and_repeats_no_row(
    done: Path, root: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(done, broken)
    kept = broken / ".cache/routebalance/loadtest"
    shutil.rmtree(kept)
    shutil.rmtree(broken / "data/requests")
    kill_when(broken, root, "loadtest", lambda: len(list(kept.glob("[0-9a-f]*.parquet"))) >= 3)
    finished = len(list(kept.glob("[0-9a-f]*.parquet")))
    assert not (broken / "data/requests").exists()
    said = run(broken, root, "loadtest")
    assert f"{finished} kept from before" in said
    rows = read_rows(broken / "data/requests", REQUESTS)
    assert rows.equals(read_rows(done / "data/requests", REQUESTS))
