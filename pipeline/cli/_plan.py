"""`routebalance plan`: requests, tokens and dollars before anything is spent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.collecting import PlanLine, Range
    from pipeline.params import Params

__all__ = ["plan"]


def plan() -> None:
    """Print what the stages that ask language models have left to ask, and what it may cost."""
    from pipeline.params import load_params

    params = load_params(Paths.PARAMS)
    lines = _collect(params)
    lines += _judge(params, to_come=sum(line.requests for line in lines))
    for line in lines:
        typer.echo(_told(line))
    if lines:
        _tell_total(params, lines)


def _collect(params: "Params") -> "list[PlanLine]":
    from pipeline.collecting import JOURNAL, asked_of, plan_collect
    from pipeline.journal import read_journal
    from pipeline.minilm import count_tokens
    from pipeline.rows import PROMPTS
    from pipeline.schema import read_rows

    if params.collect.source != "live":
        typer.echo(f"collect: source {params.collect.source} asks no endpoint, nothing to pay for")
        return []
    asked = asked_of(read_rows(Paths.PROMPTS, PROMPTS), params.collect.asked, count_tokens)
    known = read_journal(JOURNAL, {one.question.key for one in asked})
    return plan_collect(asked, params.collect.asked, known)


def _judge(params: "Params", to_come: int) -> "list[PlanLine]":
    from pipeline.journal import read_journal
    from pipeline.judging import JOURNAL, judge_questions, plan_judges, plan_judges_ahead
    from pipeline.minilm import count_tokens
    from pipeline.rows import PROMPTS, RESPONSES
    from pipeline.schema import read_rows

    settings = params.judge
    if not settings.judges:
        typer.echo("judge: no language model judges, nothing to pay for")
        return []
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    if to_come or not Paths.RESPONSES.exists():
        # What lies there is of an earlier collection.
        typer.echo("judge: responses are still to come; the most that may be asked about all")
        return plan_judges_ahead(prompts, len(params.base.fleet.models), settings, count_tokens)
    responses = read_rows(Paths.RESPONSES, RESPONSES)
    asked = judge_questions(prompts, responses, settings, params.base.seed)
    known = read_journal(JOURNAL, {one.key for questions in asked.values() for one in questions})
    return plan_judges(asked, settings, known, count_tokens)


def _told(line: "PlanLine") -> str:
    cost = "unknown" if line.usd is None else _money(line.usd)
    return (
        f"{line.who}: {line.requests} requests to send, {line.done} answers kept; "
        f"{line.prompt_tokens:,.0f} prompt tokens, {_tokens(line.output_tokens)} output tokens "
        f"({line.basis}); USD {cost}"
    )


def _tell_total(params: "Params", lines: "list[PlanLine]") -> None:
    from pipeline.collecting import Total

    total = Total.of(lines)
    typer.echo("low / expected / high; requests that fail and are sent again come on top")
    if total.unknown:
        names = ", ".join(total.unknown)
        typer.echo(f"total: at least USD {_money(total.usd)} plus unknown ({names})")
    else:
        typer.echo(f"total: USD {_money(total.usd)}")
    for key, stage, cap in _caps(params):
        high = Total.of([line for line in lines if line.who.startswith(f"{stage} ")]).usd.high
        if high > cap:
            typer.echo(f"{key} {cap:g} may end the run before all is asked")


def _caps(params: "Params") -> Iterator[tuple[str, str, float]]:
    """The caps that are set: key, stage and USD."""
    live = params.collect.live
    if params.collect.source == "live" and live is not None and live.max_usd is not None:
        yield "collect.live.max_usd", "collect", live.max_usd
    if params.judge.max_usd is not None:
        yield "judge.max_usd", "judge", params.judge.max_usd


def _tokens(found: "Range") -> str:
    return f"{found.low:,.0f} / {found.expected:,.0f} / {found.high:,.0f}"


def _money(found: "Range") -> str:
    return f"{found.low:.4f} / {found.expected:.4f} / {found.high:.4f}"
