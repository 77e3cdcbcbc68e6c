"""How a budget is kept: by the limit that is asked for, or by ending the stream."""

import json
from collections.abc import Callable
from typing import Any

from pipeline.fleet import Fleet
from pipeline.gateway._request import Asked
from pipeline.gateway._sse import DONE, StreamWatch
from pipeline.gateway._ticket import Decided
from pipeline.params import TierParams
from pipeline.scheduling import SpendingStop, affordable

__all__ = ["ending", "limited", "stop_of"]


def limited(asked: Asked, decided: Decided, fleet: Fleet) -> dict[str, int]:
    """The key of the body that limits the answer to what its budget affords, if it does.

    An arm that stops streams limits the answers that are not streamed: a whole answer cannot be
    stopped on the way.
    """
    kept = decided.parts.arm.budget
    budget = asked.block.budget_usd
    if budget is None or kept is None or (kept == "stop" and asked.stream):
        return {}
    tier = _tier(decided, fleet)
    most = tier.kv_tokens if asked.limit is None else asked.limit
    price_in, price_out = tier.price_in * 1e-6, tier.price_out * 1e-6
    told = affordable(budget, decided.prompt_tokens, price_in, price_out, most)
    return {asked.limit_key: told.max_tokens} if told.max_tokens < most else {}


def stop_of(asked: Asked, decided: Decided, fleet: Fleet) -> Callable[[int], bool] | None:
    """Says after how many output tokens the budget is spent; None where nothing stops a stream."""
    budget = asked.block.budget_usd
    if budget is None or decided.parts.arm.budget != "stop":
        return None
    tier = _tier(decided, fleet)
    stop = SpendingStop(budget, tier.price_in * 1e-6, tier.price_out * 1e-6)
    return lambda tokens: stop.reached(decided.prompt_tokens, tokens)


def ending(asked: Asked, decided: Decided, watch: StreamWatch, fleet: Fleet) -> bytes:
    """The events that end a stopped stream as one that reached its limit of tokens."""
    chat = asked.path.endswith("/chat/completions")
    head: dict[str, Any] = {
        "id": "stopped",
        "object": "chat.completion.chunk" if chat else "text_completion",
        "created": 0,
        "model": fleet.models[decided.instance],
    }
    said: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
    last = head | {"choices": [{"index": 0, **said, "finish_reason": "length"}]}
    events = [last]
    if asked.wants_usage:
        prompt, tokens = watch.prompt_tokens or decided.prompt_tokens, watch.tokens
        usage = {"prompt_tokens": prompt, "completion_tokens": tokens}
        events.append(head | {"choices": [], "usage": usage | {"total_tokens": prompt + tokens}})
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + DONE


def _tier(decided: Decided, fleet: Fleet) -> TierParams:
    return fleet.params.tiers[fleet.tiers[decided.instance]]
