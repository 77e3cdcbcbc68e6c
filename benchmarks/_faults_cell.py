"""A cell of the load test through the gateway, an instance being killed in the middle of it.

    routebalance serve ... &
    routebalance loadtest sweep --gateway URL ...

Label: emulated. The rows are those of the command, the counts those of the instances.
"""

import subprocess
import sys
import time
from collections import Counter

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_process import COMMAND, Served
from benchmarks._faults_project import GATEWAY_KEY, Project
from benchmarks._faults_till import done, key_of
from pipeline.params import load_params
from pipeline.rows import PROMPTS, REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["kill_in_cell"]

ARM, RATE = "fused_uniform", 6.0
_AFTER, _FOR_S = 10, 3.0  # calls before the kill, and how long the instance is away


def kill_in_cell(project: Project) -> Outcome:
    """Serve a cell while the instance of the first model is killed and comes back; run it again.

    The project has its predictors registered.
    """
    url = project.folder / "gateway.url"
    command = [*COMMAND, "serve", "--fleet", str(Paths.PARAMS), "--arm", ARM, "--key-variable"]
    command += [GATEWAY_KEY, "--trace-log", "trace.jsonl", "--write", str(url), "--port", "0"]
    before, victim = done(project.tills), next(iter(project.instances.values()))
    with Served(command, url, project.folder, project.environment) as gateway:
        cell = _cell(project, gateway.url)
        while (done(project.tills) - before).total() < _AFTER and cell.poll() is None:
            time.sleep(0.02)
        victim.kill()
        time.sleep(_FOR_S)
        victim.start()
        _end(cell)
        answered = done(project.tills) - before
        _end(_cell(project, gateway.url))
        asked_again = (done(project.tills) - before).total() - answered.total()
    rows = read_rows(project.folder / "rows.parquet", REQUESTS)
    texts = dict(
        read_rows(project.folder / Paths.PROMPTS, PROMPTS)["prompt_id", "prompt_text"].rows()
    )
    wanted = Counter(key_of(texts[name]) for name in rows["prompt_id"])
    scheduled = load_params(project.folder / Paths.PARAMS).loadtest.requests
    broken = []
    if sorted(rows["request_id"]) != list(range(scheduled)):
        broken.append("the rows are not one for every request")
    if asked_again:
        broken.append(f"a kept cell asked {asked_again} times again")
    status = Counter(rows["status"])
    return Outcome(
        fault="killed in a cell",
        done=f"SIGKILL of 1 of 2 instances for {_FOR_S:g} s, in `loadtest sweep --gateway`, {ARM}",
        scheduled=scheduled,
        rows=rows.height,
        ok=status["ok"],
        failed=status["failed"],
        refused=status["refused"],
        retried=int((rows["attempts"].drop_nulls() - 1).sum()),
        paid_twice=(answered - wanted).total(),
        broken=broken,
    )


def _cell(project: Project, url: str) -> "subprocess.Popen[str]":
    words = ["loadtest", "sweep", "--arms", ARM, "--rates", str(RATE), "--seeds", "1"]
    words += ["--gateway", url, "--key-variable", GATEWAY_KEY, "--out", "rows.parquet"]
    return subprocess.Popen(
        [sys.executable, *COMMAND, *words],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(cell: "subprocess.Popen[str]") -> None:
    _, said = cell.communicate()
    if cell.returncode:
        raise SystemExit(f"loadtest sweep: {said[-2000:]}")
