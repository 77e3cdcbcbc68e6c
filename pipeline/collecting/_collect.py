"""The live collection: ask what is open, keep each answer at once, and say what it came to."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import polars as pl

from pipeline.collecting._answers import asker
from pipeline.collecting._open import Asked, asked_of, open_questions
from pipeline.collecting._question import Question
from pipeline.collecting._shard import Ended, Kept, Row, Shard
from pipeline.collecting._share import jobs_of
from pipeline.engine import Engine, run_jobs
from pipeline.errors import CapError, DataError, EndpointError, UnknownNameError
from pipeline.fleet.telemetry import Probe, probe_fleet
from pipeline.journal import Journal
from pipeline.keys import bearer
from pipeline.params import LiveParams
from pipeline.progress import say, track
from pipeline.rows import RESPONSES

__all__ = ["collect_live"]

Counter = Callable[[list[str]], list[int]]

_PATIENCE_S = 10.0


def collect_live(
    prompts: pl.DataFrame,
    live: LiveParams,
    seed: int,
    count: Counter,
    journal: Journal,
    engine: Engine = "process",
) -> pl.DataFrame:
    """Let every model answer every prompt at its endpoint; paid answers come from the journal.

    A question without an answer is a row of status error; it is not kept, so that the next run
    asks it again.

    Args:
        prompts: PROMPTS rows.
        live: whom to ask, how, and what it may cost.
        seed: of the pauses between attempts.
        count: counts WordPiece tokens of texts.
        journal: answers paid for before.
        engine: where the asking runs; with ray, endpoint by endpoint.

    Returns:
        RESPONSES rows, one per prompt and model.

    Raises:
        EndpointError: a key is not set, or an endpoint does not answer at all.
        UnknownNameError: an endpoint does not serve the model.
        CapError: a cap was reached; the message says what was spent.
        DataError: a model answered nothing.
    """
    asked = asked_of(prompts, live, count)
    done = journal.get_many({one.question.key for one in asked})
    todo = open_questions(asked, done)
    left = sum(len(questions) for questions in todo.values())
    say(f"collect: {len(asked)} responses, {_kept(done)}, {left} to ask for")
    failed: dict[str, Row] = {}
    ended: list[Ended] = []
    for told in track(_told(todo, live, seed, engine), left, "collect"):
        if isinstance(told, Ended):
            ended.append(told)
        elif told.row["status"] == "ok":
            journal.put(told.key, told.row)
            done[told.key] = told.row
        else:
            failed[told.key] = told.row
    still_open = sum(one.question.key not in done for one in asked)
    _raise_if_cut_short(ended, live, still_open)
    return _rows(asked, done | failed)


def _told(
    todo: Mapping[str, tuple[Question, ...]], live: LiveParams, seed: int, engine: Engine
) -> Iterable[Kept | Ended]:
    """Ask; before anything is paid for, look for every key and greet every endpoint."""
    if not todo:
        return ()
    for model in todo:
        bearer(live.models[model].key_variable, f"collect.live.models.{model}.key_variable")
    urls = {model: live.models[model].endpoint for model in todo}
    probes = asyncio.run(probe_fleet(urls, _PATIENCE_S))
    shards = []
    for model, questions in todo.items():
        _check_served(model, live, probes[model])
        shards.append(Shard(model, live, questions, probes[model].label, seed))
    jobs = jobs_of(shards, live, engine)
    return run_jobs(engine, asker, jobs, workers=len(jobs), cpus=0)


def _kept(done: Mapping[str, Row]) -> str:
    """How many answers are kept, and from whom: where a model is served is no part of the key."""
    emulated = sum(row["label"] == "emulated" for row in done.values())
    said = f"{len(done)} from the journal"
    return f"{said} ({emulated} of them emulated)" if emulated else said


def _check_served(model: str, live: LiveParams, probed: Probe) -> None:
    target = live.models[model]
    if not probed.reached:
        raise EndpointError(f"collect.live.models.{model}: {probed.problems[0]}")
    name = target.model or model
    if probed.models is not None and name not in probed.models:
        raise UnknownNameError("model", name, list(probed.models), f"{target.endpoint}/models")


def _raise_if_cut_short(ended: list[Ended], live: LiveParams, still_open: int) -> None:
    """Tell a run that a cap or an endpoint ended before all questions had been asked."""
    gave_up = [reason for one in ended for reason in one.gave_up]
    caps = [one.capped for one in ended if one.capped is not None]
    if not gave_up and not caps:
        return
    spent = f"{sum(one.requests for one in ended)} requests were sent for {_dollars(ended)}"
    kept = f"all answers are kept, {still_open} are open"
    if gave_up:
        raise EndpointError(f"{'; '.join(gave_up)}; {spent}, {kept}; run it again to go on")
    raise CapError(
        f"collect.live.{caps[0]} {getattr(live, caps[0])} ended the run: {spent}, {kept}; raise "
        "the cap, or run it again to go on with as much again"
    )


def _dollars(ended: list[Ended]) -> str:
    known, unpriced = sum(one.spent_usd for one in ended), sum(one.unpriced for one in ended)
    if not unpriced:
        return f"{known:.6g} USD"
    return f"at least {known:.6g} USD, {unpriced} of them at an unknown price"


def _rows(asked: list[Asked], found: Mapping[str, Row]) -> pl.DataFrame:
    rows = RESPONSES.frame(
        found[one.question.key] | {"prompt_id": one.prompt_id, "model": one.model} for one in asked
    ).sort("prompt_id", "model")
    failed = rows.filter(pl.col("status") == "error")
    for (model,), part in failed.group_by("model", maintain_order=True):
        if part.height == rows.filter(pl.col("model") == model).height:
            raise DataError(f"{model} answered nothing: {part['error'][0]}; it can be run again")
    if failed.height:
        say(f"collect: {failed.height} responses failed; `dvc repro -f -s collect` asks them again")
    return rows
