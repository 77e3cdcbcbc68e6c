"""Ask one endpoint its questions: so many at once, so many a second, again where it may help."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from pipeline.collecting._backoff import LONGEST_REST_S, pause_s, retry_after_s
from pipeline.collecting._bucket import TokenBucket, next_turn
from pipeline.collecting._purse import Purse
from pipeline.collecting._question import Question, request_body, worst_usd
from pipeline.collecting._row import answer_row, error_row, failure
from pipeline.collecting._shard import Kept, Shard
from pipeline.fleet.live import Answered, Client
from pipeline.keys import bearer
from pipeline.progress import say
from pipeline.spending import cost_usd
from pipeline.streams import stream

__all__ = ["Keep", "ask_shard"]

Keep = Callable[[Kept], Awaitable[None]]

_PATH = "/v1/chat/completions"
_FEWEST_FAILURES = 20  # of questions in a row, before an endpoint is given up


async def ask_shard(shard: Shard, purse: Purse, keep: Keep) -> str | None:
    """Ask every question of a shard; hand over each row when it is finished, and wait for that.

    Nothing new is sent once the purse allows nothing more, or once 20 questions in a row (more
    where more are asked at once) got no answer. What is under way is followed to its end.

    Returns:
        Why the endpoint was given up; None where it was not.

    Raises:
        EndpointError: the variable with its key is not set, or its URL is not that of a server.
    """
    target, live = shard.target, shard.live
    headers = bearer(target.key_variable, f"collect.live.models.{shard.model}.key_variable")
    async with Client(target.endpoint, live.timeout_s, headers=headers) as client:
        asking = _Asking(shard, purse, keep, client)
        questions = iter(shard.questions)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(target.concurrency, len(shard.questions))):
                group.create_task(asking.work(questions))
    return asking.gave_up


@dataclass
class _Asking:
    """One endpoint being asked."""

    shard: Shard
    purse: Purse
    keep: Keep
    client: Client
    gave_up: str | None = None
    _in_vain: int = 0
    _rng: np.random.Generator = field(init=False)
    _bucket: TokenBucket = field(init=False)

    def __post_init__(self) -> None:
        self._rng = stream(self.shard.seed, "collect", "pauses", self.shard.model)
        self._bucket = TokenBucket(self.shard.target.rate_per_s)

    async def work(self, questions: Iterator[Question]) -> None:
        """Ask one question after the other."""
        for question in questions:
            if self.gave_up is not None or not await self._ask(question):
                return

    async def _ask(self, question: Question) -> bool:
        """Keep the answer, or why there is none; false where it could not be asked to the end."""
        attempts, reason = self.shard.live.attempts, ""
        for attempt in range(1, attempts + 1):
            if attempt > 1:
                await asyncio.sleep(pause_s(attempt - 1, self._rng))
            answered = await self._send(question)
            if answered is None:
                return False
            if answered.outcome == "ok":
                self._in_vain = 0
                await self.keep(
                    Kept(question.key, answer_row(answered, question, self.shard.label))
                )
                return True
            reason = f"{failure(answered)}, attempt {attempt} of {attempts}"
            if not self._may_pass(answered):
                break
        await self._failed(question, reason)
        return True

    async def _send(self, question: Question) -> Answered | None:
        """Send one request when rate and purse allow it; None where the purse never will."""
        worst = worst_usd(self.shard.target, self.shard.live, question.text)
        if not await self.purse.hold(worst):
            return None
        await next_turn(self._bucket)
        body = request_body(self.shard.model, self.shard.live, question.text)
        answered = await self.client.post(_PATH, body)
        await self.purse.settle(worst, self._cost(answered, question, worst))
        return answered

    def _cost(self, answered: Answered, question: Question, worst: float | None) -> float | None:
        """What a request cost. A broken one is taken for its worst case: nobody says."""
        if answered.outcome == "refused" or not answered.reached:
            return 0.0
        if answered.outcome != "ok":
            return worst
        target, asked = self.shard.target, answered.reply.prompt_tokens or question.prompt_tokens
        return cost_usd(asked, answered.tokens, target.price_in, target.price_out)

    def _may_pass(self, answered: Answered) -> bool:
        """Whether asking again may help; the endpoint rests for as long as it asks for."""
        if answered.outcome != "refused":
            return True
        rest = retry_after_s(answered.retry_after, datetime.now(UTC))
        if rest is not None:
            if rest > LONGEST_REST_S:
                return False
            self._bucket.rest(asyncio.get_running_loop().time() + rest)
        status = answered.http or 0
        return status in (408, 429) or status >= 500

    async def _failed(self, question: Question, reason: str) -> None:
        await self.keep(Kept(question.key, error_row(reason, question, self.shard.label)))
        self._in_vain += 1
        patience = max(_FEWEST_FAILURES, 2 * self.shard.target.concurrency)
        if self._in_vain >= patience and self.gave_up is None:
            self.gave_up = (
                f"{self.shard.model} at {self.shard.target.endpoint} answered none of its last "
                f"{self._in_vain} questions ({reason})"
            )
            say(f"collect: {self.gave_up}; it is asked no more")
