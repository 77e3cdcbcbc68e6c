"""The calls of a cell: the requests of the simulated one, as bodies that are sent."""

import json
from collections.abc import Sequence

from pipeline.loadtest._record import wishes
from pipeline.loadtest._setup import Setup
from pipeline.loadtest.generator import Call

__all__ = ["calls_of"]


def calls_of(
    rows: Sequence[int],
    times: Sequence[float | None],
    texts: Sequence[str],
    setup: Setup,
    max_tokens: int,
) -> list[Call]:
    """Return one call per request, its wishes in the body.

    Args:
        rows: prompt row of each request.
        times: when each is due, s; None where a user decides.
        texts: of the prompts, in the workload's order.
        setup: whose objectives they have.
        max_tokens: most tokens of an answer.
    """
    return [
        Call(number, at, _body(texts[row], wishes(setup, row), max_tokens))
        for number, (row, at) in enumerate(zip(rows, times, strict=True))
    ]


def _body(text: str, asked: dict[str, float | None], max_tokens: int) -> bytes:
    told = {name: value for name, value in asked.items() if value is not None}
    body = {
        "model": "auto",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "routebalance": {**told, "trace": True},
    }
    return json.dumps(body).encode()
