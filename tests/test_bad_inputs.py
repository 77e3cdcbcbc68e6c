"""Bad input ends in one sentence that says what is accepted, and in status 2."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline.cli import main as cli
from pipeline.stage import run_stage

JUDGE = {"endpoint": "http://127.0.0.1:8000/v1", "model": "m"}
CALM = {"similarity": True, "audit": {"position_pairs": 0}}
PARAMS: list[tuple[str, Any, str]] = [
    ("prompts.sorce", "generated", "did you mean 'source'"),
    ("prompst", {}, "did you mean 'prompts'"),
    ("prompts.source", "generatd", "did you mean 'generated'"),
    ("prompts.source", "hubb", "did you mean 'hub'? accepted: files, generated, hub, scored"),
    ("prompts.source", "files", "datasets"),
    ("prompts.per_family", 0, "greater than or equal to 1"),
    ("prompts.per_family", "many", "valid integer"),
    ("prompts.per_dataset", -4, "greater than or equal to 1"),
    ("collect.source", "recroded", "did you mean 'recorded'"),
    ("collect.source", "recorded", "needs prompts.source 'files'"),
    ("collect.source", "scored", "needs prompts.source 'scored'"),
    ("judge.llm", {}, "unknown key 'llm'"),
    ("judge.judges", {"a": JUDGE | {"endpoint": "localhost"}}, "judge.judges.a.endpoint"),
    ("judge.judges", {"a": JUDGE | {"endpoint": "http://me:key@host/v1"}}, "a password"),
    ("judge.judges", {"a": JUDGE | {"endpoint": "http://host/v1?key=x"}}, "a query"),
    ("judge.judges", {"a": JUDGE | {"repeat": 2}}, "did you mean 'repeats'"),
    ("judge.judges", {"a:b": JUDGE}, "match pattern"),
    ("judge", {**CALM, "judges": {"a": JUDGE}, "max_usd": 1.0}, "price_in of 'a' is unknown"),
    ("judge.audit.position_pairs", -1, "greater than or equal to 0"),
    ("judge.similarity", "yes", "valid boolean"),
    ("dataset.splits.train", 0.9, "add up to"),
    ("dataset.splits.train", 1.4, "less than or equal to 1"),
    ("dataset.splits.tset", 0.1, "did you mean 'test'"),
    ("dataset.near_duplicate_jaccard", 0.0, "greater than 0"),
    ("embed.batch_size", 0, "greater than or equal to 1"),
    ("quality.knn.k", 0, "greater than or equal to 1"),
    ("quality.level", 1.0, "less than 1"),
    ("length.buckets.buckets", 2.5, "valid integer"),
    ("length.level", 0.95, "accepted are 0.5, 0.8, 0.9, 0.98"),
    ("length.learner", "quantile_haed", "did you mean 'quantile_head'"),
    ("profile.loads", [], "at least 1"),
    ("profile.loads", [0.1, -1.0], "greater than 0"),
    ("latency.xgboost.learning_rate", 0, "greater than 0"),
    ("latency.learner", "xgbost", "did you mean 'xgboost'"),
    ("register.prefix", "my models", "match pattern"),
    ("register.gate.quality.target.metric", "regrets", "did you mean 'regret'"),
    ("register.gate.length.guards", [{"metric": "mis", "margin": 0.1}], "did you mean 'miss'"),
    ("register.gate.latency.guards", [{"metric": "miss", "margin": 0.0}], "greater than 0"),
    ("register.gate.served.arm", "fused_unifrom", "did you mean 'fused_uniform'"),
    ("register.gate.served.guards", [{"metric": "e2e", "margin": 0.1}], "did you mean 'e2e_s'"),
    ("base.seed", -1, "greater than or equal to 0"),
    ("base.fleet.instances", {"3b_a3": 2}, "did you mean '3b_a30'"),
    ("base.fleet.instances", {"3b_a30": 0}, "greater than or equal to 1"),
    ("base.fleet.tiers.3b_a30.price_in", -0.1, "greater than or equal to 0"),
    ("base.fleet.tiers.3b_a30.price_out", None, "valid number"),
    ("base.fleet.tiers.3b_a30.prize_in", 0.1, "did you mean 'price_in'"),
    ("base.fleet.tiers.3b_a30.model", "emu-7b", "is on two tiers"),
    ("base.fleet.tiers.3b_a30.max_batched_tokens", 8, "below max_num_seqs"),
    ("base.fleet.tiers.3b_a30.step.w", float("nan"), "finite number"),
    ("base.fleet.endpoints", {"3b_a30-7": "http://h:1"}, "did you mean '3b_a30-"),
    ("base.fleet.faults", [{"instance": "7b_a30-9"}], "faults"),
    (
        "base.fleet.faults",
        [{"instance": "7b_a30-1", "kind": "stall", "from_s": 2.0, "to_s": 1.0}],
        "later than from_s",
    ),
    (
        "base.fleet.faults",
        [{"instance": "7b_a30-1", "kind": "slow", "from_s": 0.0, "to_s": 1.0}],
        "factor goes with kind slow",
    ),
    (
        "base.fleet.faults",
        [{"instance": "7b_a30-1", "kind": "crash", "from_s": 0.0, "to_s": 1.0, "share": 0.5}],
        "share goes with kind error and reset",
    ),
    ("loadtest.arrivals", {"process": "poison"}, "did you mean 'poisson'"),
    ("loadtest.arrivals", {"process": "closed", "users": 0, "think_s": 1.0}, "greater than"),
    (
        "loadtest.arrivals",
        {"process": "square", "rates": [40.0, 6.0], "period_s": 60.0},
        "averages 23",
    ),
    ("fidelity.seeds", [1], "at least 2"),
    ("fidelity.clock.speed", 0.0, "greater than 0"),
    ("loadtest.rates", [6.0, 0.0], "greater than 0"),
    ("loadtest.rates", [6.0, 6.0], "names a value twice"),
    ("loadtest.seeds", [1], "at least 2"),
    ("loadtest.warmup_requests", 600, "below requests"),
    ("loadtest.weights.uniform.quality", 0.9, "not to 1"),
    ("loadtest.arms.random.dispatcher", "randm", "did you mean 'random'"),
    ("loadtest.arms.fused_uniform.weights", "unifrom", "did you mean 'uniform'"),
    ("loadtest.arms.fused_uniform.latency", None, "latency goes with"),
    ("loadtest.arms.best_single.model", "emu-8b", "did you mean"),
    ("loadtest.arms.random.weights", "uniform", "weights goes with"),
    ("loadtest.arms.random.router", "avenger_pro", "did you mean 'avengers_pro'"),
    ("loadtest.arms.random.batching", "serail", "did you mean 'serial'"),
    ("loadtest.arms.random.cost", "encod", "did you mean 'encode'"),
    ("loadtest.arms.random.budget", "clam", "did you mean 'clamp'"),
    ("loadtest.arms.random.ledger", False, "telemetry needs surface full"),
    ("loadtest.arms.random.threshold", 0.5, "threshold goes with"),
    ("loadtest.arms.best_route.threshold", None, "threshold goes with"),
    ("loadtest.arms.random.filter", {"mode": "strikt"}, "did you mean 'strict'"),
    ("loadtest.arms.random.filter", {"mode": "tiered", "order": ["ttf"]}, "did you mean 'ttft'"),
    ("loadtest.arms.random.normalisation", "reference", "normalisation goes with"),
    ("loadtest.router.batching.serial.wait_ms", 5.0, "wait_ms goes with close timer"),
    ("loadtest.router.costs", {"simple": {"base_ms": 1.0, "per_request_ms": 1.0}}, "'encode'"),
    ("loadtest.router.telemetry.loss", 1.5, "less than or equal to 1"),
    ("loadtest.objectives", {"ttft": 1.0}, "did you mean 'ttft_s'"),
    ("loadtest.steady_arms", ["fused_uniform"], "unknown arm in frontier.baseline"),
    ("loadtest.steady_arms", ["fused_unifrom"], "did you mean 'fused_uniform'"),
    ("loadtest.traffic.burst.arms", ["published_5"], "did you mean 'published_"),
    ("published.claims.over_serial_30.traffic", "poison", "did you mean 'poisson'"),
    ("published.claims.over_serial_30.rate", 31.0, "poisson has the rates 12, 18, 30"),
    ("published.claims.over_serial_30.slower", "random", "unknown arm"),
    ("routers.best_route.encoder", "frosen", "did you mean 'frozen'"),
    ("frontier.baseline", "shortest_que", "did you mean 'shortest_queue'"),
    ("frontier.systems.ours", ["fused_unifrom"], "did you mean 'fused_uniform'"),
    ("frontier.tuning", "tunning", "did you mean 'tuning'"),
    ("frontier.bounds.quality", {"worst": 1.0, "best": 0.0}, "worst must be below best"),
    ("frontier.bounds.e2e_s", {"worst": 1.0, "best": 20.0}, "worst must be above best"),
    ("frontier.bounds.cost_usd", {"worst": 0.0, "best": 0.0}, "worst and best are equal"),
    ("ablation.contrasts.steady.worse", "static_prio", "did you mean 'static_prior'"),
    ("ablation.contrasts.steady.worse", "fused_uniform", "two different arms"),
    ("ablation.contrasts.steady.family", "learned", "did you mean 'learned_latency'"),
    ("ablation.contrasts.fused_quality_kept.margin", 0.0, "needs a margin above 0"),
    ("ablation.contrasts.steady.metric", "e2e", "did you mean 'e2e_s'"),
    ("ablation.utility", "unifrom", "did you mean 'uniform'"),
    ("ablation.placebo.arm", "placeb", "did you mean 'placebo'"),
    ("drift.alarm.predictors", ["lenght"], "did you mean 'length'"),
    ("drift.alarm.false_alarm", 0.0, "greater than 0"),
    ("drift.break_point.rate", 23.0, "spoiled has the rates 24"),
    ("drift.break_point.doses.age", ["age_2"], "did you mean 'age_"),
    ("report.title", "", "at least 1 character"),
]


def changed(root: Path, key: str, value: Any) -> dict[str, Any]:
    params = yaml.safe_load((root / "params.yaml").read_text())
    place = params
    *parents, last = key.split(".")
    for name in parents:
        place = place[name]
    place[last] = copy.deepcopy(value)
    return params


def sentence(error: pytest.CaptureFixture[str], code: object) -> str:
    """The one line that a user sees."""
    assert code == 2
    lines = [line for line in error.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(("key", "value", "told"), PARAMS)
def test_params(
    key: str,
    value: Any,
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(changed(root, key, value)))
    monkeypatch.setattr("sys.argv", ["routebalance", "params", "check", "--params", str(file)])
    with pytest.raises(SystemExit) as ended:
        cli()
    line = sentence(capsys, ended.value.code)
    assert told in line
    assert line.count("\n") == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["params", "check", "--params", "absent.yaml"], "cannot be read"),
        (["params", "apply", "absent.yaml"], "cannot be read"),
        (["params", "apply", "preset.yaml", "--set", "quality.k"], "section.key=value"),
        (["params", "apply", "preset.yaml", "--set", "quality.knn.kk=3"], "did you mean 'k'"),
        (["loadtest", "run", "--arm", "fused_unifrom", "--rate", "6"], "'fused_uniform'"),
        (["loadtest", "sweep", "--rates", "6,zero"], "not a rate"),
        (["loadtest", "sweep", "--rates", "-1"], "above 0"),
        (["loadtest", "sweep", "--seeds", "1,x"], "not a whole number"),
        (["loadtest", "run", "--arm", "random", "--rate", "6"], "run `dvc repro"),
        (["registry", "list"], "nothing is registered"),
    ],
)
def test_commands(
    arguments: list[str],
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(root / "params.yaml", tmp_path)
    (tmp_path / "preset.yaml").write_text("quality: {knn: {k: 5}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["routebalance", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli()
    assert told in sentence(capsys, ended.value.code)


Rows = list[dict[str, Any]]

PROMPT = {
    "prompt_id": "a-1",
    "dataset": "toy",
    "prompt_text": "How many?",
    "reference_text": "3",
    "category": None,
    "origin_id": None,
}
RESPONSE: dict[str, Any] = {
    "prompt_id": "a-1",
    "dataset": "toy",
    "model": "m-small",
    "response_text": "3",
    "output_chars": 1,
    "output_tokens": None,
    "quality": 1.0,
    "quality_source": "exact_match",
    "source": "toy",
}
TYPES = {"output_chars": pl.Int32, "output_tokens": pl.Int32, "quality": pl.Float32}
STRINGS = {"category": pl.String, "origin_id": pl.String, "reference_text": pl.String}


def write_data(
    folder: Path, prompts: list[dict[str, Any]], responses: list[dict[str, Any]]
) -> None:
    (folder / "responses").mkdir(parents=True)
    pl.DataFrame(prompts, schema_overrides=STRINGS).write_parquet(folder / "prompts.parquet")
    frame = pl.DataFrame(responses, schema_overrides=TYPES)
    frame.write_parquet(folder / "responses" / "toy.parquet")


DATA: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], str]] = [
    ("duplicate prompt", [PROMPT, PROMPT], [RESPONSE], "share a key"),
    ("prompt column missing", [{"prompt_id": "a-1"}], [RESPONSE], "'dataset'"),
    ("unknown column", [PROMPT | {"promt_text": "x"}], [RESPONSE], "did you mean 'prompt_text'"),
    ("unknown dataset", [PROMPT | {"dataset": "tey"}], [RESPONSE], "did you mean 'tey'"),
    ("wrong type", [PROMPT | {"prompt_id": 1}], [RESPONSE], "is Int64, expected String"),
    ("null text", [PROMPT | {"prompt_text": None}], [RESPONSE], "prompt_text"),
    ("unknown model", [PROMPT], [RESPONSE | {"model": "m-smal"}], "did you mean 'm-smal'"),
    ("quality above 1", [PROMPT], [RESPONSE | {"quality": 7.0}], "the most accepted is 1.0"),
    ("quality NaN", [PROMPT], [RESPONSE | {"quality": float("nan")}], "must be null"),
    ("no length", [PROMPT], [RESPONSE | {"response_text": None}], "to estimate from"),
]


@pytest.mark.parametrize(("name", "prompts", "responses", "told"), DATA, ids=[d[0] for d in DATA])
def test_data(
    name: str,
    prompts: list[dict[str, Any]],
    responses: list[dict[str, Any]],
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from stages import collect
    from stages import prompts as first

    params = changed(root, "base.data_dir", str(tmp_path / "given"))
    params["base"]["fleet"]["tiers"] = {"3b_a30": params["base"]["fleet"]["tiers"]["3b_a30"]}
    params["base"]["fleet"]["tiers"]["3b_a30"]["model"] = "m-small"
    params["base"]["fleet"]["instances"] = {"3b_a30": 1}
    # Traffics that name instances and models of the default fleet, and what is made of them.
    traffic, contrasts = params["loadtest"]["traffic"], params["ablation"]["contrasts"]
    for name in ("slow_instance", "uneven_tier", "model_update"):
        del traffic[name]
        contrasts.pop(name, None)
    params["prompts"] |= {"source": "files", "datasets": ["toy"]}
    params["collect"]["source"] = "recorded"
    write_data(tmp_path / "given", prompts, responses)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(tmp_path)

    def both() -> None:
        run_stage(first.main)
        run_stage(collect.main)

    with pytest.raises(SystemExit) as ended:
        both()
    assert told in sentence(capsys, ended.value.code)


def garbage(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not parquet")


STAGES: list[tuple[str, Callable[[Path], None], str]] = [
    ("collect", lambda _: None, "no such file"),
    ("judge", lambda _: None, "no such file"),
    ("dataset", lambda _: None, "no such file"),
    ("quality", lambda _: None, "no such file"),
    ("latency", lambda _: None, "no such file"),
    ("loadtest", lambda _: None, "run `dvc repro"),
    ("report", lambda _: None, "cannot be read"),
    ("collect", lambda p: garbage(p / "data/prompts.parquet"), "cannot be read as parquet"),
    ("latency", lambda p: garbage(p / "data/profile.parquet"), "cannot be read as parquet"),
    ("frontier", lambda p: garbage(p / "data/requests/x.parquet"), "cannot be read as parquet"),
]


@pytest.mark.parametrize(("stage", "prepare", "told"), STAGES)
def test_stages(
    stage: str,
    prepare: Callable[[Path], None],
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import importlib

    shutil.copy(root / "params.yaml", tmp_path)
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        run_stage(importlib.import_module(f"stages.{stage}").main)
    assert told in sentence(capsys, ended.value.code)
