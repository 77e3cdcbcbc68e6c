"""`routebalance plan`: requests, tokens and dollars before anything is spent."""

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
    cap = params.collect.asked.max_usd
    if cap is not None and total.usd.high > cap:
        typer.echo(f"collect.live.max_usd {cap:g} may end the run before all is asked")


def _tokens(found: "Range") -> str:
    return f"{found.low:,.0f} / {found.expected:,.0f} / {found.high:,.0f}"


def _money(found: "Range") -> str:
    return f"{found.low:.4f} / {found.expected:.4f} / {found.high:.4f}"
