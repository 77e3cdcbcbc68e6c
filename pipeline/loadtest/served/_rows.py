"""From what a gateway's client saw to REQUESTS and SERVED rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import EndpointError
from pipeline.loadtest._record import Row, RunKey, asked_columns
from pipeline.loadtest._setup import Setup
from pipeline.loadtest.generator import Sent
from pipeline.rows import REQUESTS, SERVED
from pipeline.scheduling import affordable

__all__ = ["Account", "rows_of", "texts_of"]

# What a trace tells under the very names of the rows.
_TOLD = (
    *("decision_ms", "batch_size", "relaxations", "telemetry_age_s"),
    *("queue_believed", "pending_decode_believed"),
    *(f"score_{term}" for term in ("quality", "latency", "cost", "balance")),
    *(
        f"predicted_{name}{end}"
        for name in ("quality", "length", "ttft", "tpot", "e2e")
        for end in ("", "_low", "_high")
    ),
)


@dataclass(frozen=True)
class Account:
    """What turns calls of a run into rows.

    Attributes:
        key: what all rows of the run share.
        setup: of the arm: workload, wishes, fleet and prices.
        rows: prompt row of each request.
        warmup_requests: first requests, which are not measured.
        max_tokens: most tokens of an answer that was asked for.
    """

    key: RunKey
    setup: Setup
    rows: Sequence[int]
    warmup_requests: int
    max_tokens: int


def rows_of(sent: Sequence[Sent], account: Account) -> pl.DataFrame:
    """Return one REQUESTS row per call.

    Prompt tokens, and with them costs, are those that the data set counts for the prompt, whoever
    answered it; output tokens are those that came. Times of the router are the gateway's, counted
    from the sending of the request.

    Raises:
        EndpointError: an answer came without a decision trace, or from an arm, instance or model
            that the project does not have.
    """
    return REQUESTS.frame(_row(one, account) for one in sent)


def texts_of(sent: Sequence[Sent], rows: pl.DataFrame) -> pl.DataFrame:
    """Return one SERVED row per call that was answered to its end; `rows` are the run's."""
    shared = [name for name in SERVED.names if name != "response_text"]
    text = pl.Series("response_text", [one.text for one in sent], pl.String)
    answered = rows.with_columns(text).filter(pl.col("status") == "ok")
    return SERVED.check(answered.select(*shared, pl.col("response_text").fill_null("")), "memory")


def _row(one: Sent, account: Account) -> Row:
    setup, row = account.setup, account.rows[one.number]
    return {
        **asdict(account.key),
        "measured": one.number >= account.warmup_requests,
        **asked_columns(one.number, row, setup),
        **_moments(one),
        **{name: (one.trace or {}).get(name) for name in _TOLD},
        **_ending(one),
        **_answer(one, account, row),
    }


def _moments(one: Sent) -> Row:
    """Times on the client's clock, s."""
    decided, dispatched = ((one.trace or {}).get(name) for name in ("decided_s", "dispatched_s"))
    ok = one.outcome == "ok"
    # An answer without a word is there when it has ended.
    first, last = (
        one.done if ok and at is None else at for at in (one.first_token, one.last_token)
    )
    return {
        "t_scheduled": one.scheduled,
        "t_issued": one.issued,
        "t_decided": None if decided is None else one.issued + decided,
        "t_dispatched": None if dispatched is None else one.issued + dispatched,
        "t_first_token": first,
        "t_done": last if ok else None,
    }


def _ending(one: Sent) -> Row:
    status = one.outcome if one.outcome in ("ok", "refused") else "failed"
    refused = status == "refused"
    return {
        "status": status,
        "failure": None if status == "ok" else one.reason,
        "attempts": None if refused else (one.trace or {}).get("attempts") or None,
    }


def _answer(one: Sent, account: Account, row: int) -> Row:
    """Who answered, what came and what it cost; nobody where no instance was chosen."""
    trace = _checked(one, account)
    instance = trace.get("instance")
    tokens = one.tokens or 0  # an error in one piece states none, and none came
    if instance is None:
        # A call that came to no headers may have been served: what it cost nobody knows.
        nothing = one.outcome == "refused" or one.trace is not None
        return {"cost_usd": 0.0 if nothing else None, "output_tokens": tokens, "cut": False}
    setup = account.setup
    chosen = setup.fleet.names.index(instance)
    model = setup.fleet.model_index[chosen]
    tier = setup.fleet.params.tiers[setup.fleet.tiers[chosen]]
    ok = one.outcome == "ok"
    cut = ok and _cut(tokens, account, row, chosen, trace)
    truth = setup.truth(one.number)
    # The label is of the whole answer, and nobody has judged a part of it.
    label = float(truth.quality[row, model]) if ok and not cut else np.nan
    spent = int(setup.estimates.prompt_tokens[row]) * tier.price_in + tokens * tier.price_out
    return {
        "instance": instance,
        "tier": setup.fleet.tiers[chosen],
        "model": tier.model,
        "output_tokens": tokens,
        "output_tokens_source": _source(one, account, truth.output_sources[row][model]),
        "cut": cut,
        "quality": label if np.isfinite(label) else None,
        "cost_usd": spent * 1e-6,
    }


def _source(one: Sent, account: Account, recorded: str) -> str:
    """Who counted the tokens: whoever counted those of the recorded answer that was replayed."""
    if account.key.label == "emulated":
        return recorded
    return "reported" if one.prompt_tokens is not None else "counted:events"


def _cut(tokens: int, account: Account, row: int, chosen: int, trace: dict[str, Any]) -> bool:
    """Whether the budget ended an answer.

    What a live model would have gone on to say nobody knows: it is taken for cut where it came to
    the last token that its budget pays.
    """
    setup = account.setup
    if setup.arm.budget is None:
        return False
    full = account.max_tokens
    if account.key.label == "emulated":
        full = min(full, int(setup.workload.output_tokens[row, setup.fleet.model_index[chosen]]))
    tier = setup.fleet.params.tiers[setup.fleet.tiers[chosen]]
    counted = trace.get("prompt_tokens") or float(setup.estimates.prompt_tokens[row])
    budget = float(setup.objectives.budget_usd[row])
    paid = affordable(budget, counted, tier.price_in * 1e-6, tier.price_out * 1e-6, full)
    return paid.max_tokens <= tokens < full


def _checked(one: Sent, account: Account) -> dict[str, Any]:
    """The trace of a call, empty where it came to none; what it names is the project's."""
    trace = one.trace or {}
    key, fleet = account.key, account.setup.fleet
    if one.outcome == "ok" and "instance" not in trace:
        raise EndpointError(
            "the gateway answered without a decision trace; a URL of `routebalance serve` is "
            "accepted"
        )
    known = (("arm", [key.arm]), ("instance", fleet.names))
    for name, accepted in known:
        value = trace.get(name)
        if value is not None and value not in accepted:
            raise EndpointError(
                f"the gateway says {name} {value!r} of request {one.number}, and the run has "
                f"{', '.join(accepted)}; something else sets this gateway, or it has another fleet"
            )
    return trace
