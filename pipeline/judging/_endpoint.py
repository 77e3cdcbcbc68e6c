"""An OpenAI-compatible chat endpoint with patience: retries, back-off and short failures."""

import asyncio
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, OpenAIError
from openai.types.chat import ChatCompletion

from pipeline.collecting import (
    LONGEST_REST_S,
    TokenBucket,
    next_turn,
    pause_s,
    retry_after_s,
)
from pipeline.judging._usage import usage_of, worst_usd
from pipeline.keys import key_of
from pipeline.params import JudgeModelParams
from pipeline.progress import say
from pipeline.spending import Spending
from pipeline.streams import stream

__all__ = ["CapReachedError", "ChatEndpoint", "JudgeError"]


class JudgeError(Exception):
    """One case could not be judged. No server text in the message: servers quote keys."""


class CapReachedError(Exception):
    """The next request could pass the cap on spending, so it was not sent."""


class ChatEndpoint:
    """One client for all cases. The key lives in the client alone.

    Args:
        name: of the judge in judge.judges, for messages.
        settings: of that judge.
        spending: asked before every attempt, told after it.

    Raises:
        EndpointError: the environment variable that should hold the key is not set.
    """

    def __init__(self, name: str, settings: JudgeModelParams, spending: Spending) -> None:
        self.name, self.settings = name, settings
        self._spending = spending
        self._gives_logprobs = True
        self._pauses = stream(0, "pauses of a judge", name)
        self._bucket = TokenBucket(None)  # no rate, but it rests
        where = f"judge.judges.{name}.key_variable"
        self._client = AsyncOpenAI(
            base_url=_base(settings.endpoint),
            # The client insists on some text.
            api_key=key_of(settings.key_variable, where) or "no-key-needed",
            timeout=settings.timeout_s,
            max_retries=0,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def complete(self, prompt: str, top_logprobs: int | None = None) -> ChatCompletion:
        """Ask one question, again after a pause when the failure may pass.

        An endpoint that refuses log-probabilities is asked without them from then on.

        Raises:
            JudgeError: after the last attempt, and at once for a refusal (HTTP 4xx but 429).
            CapReachedError: another attempt could pass the cap on spending.
        """
        if top_logprobs is None or not self._gives_logprobs:
            return await self._patiently(prompt, {})
        wanted = {"logprobs": True, "top_logprobs": top_logprobs}
        try:
            return await self._patiently(prompt, wanted)
        except JudgeError as error:
            if not _refuses_logprobs(error.__cause__):
                raise
        if self._gives_logprobs:
            say(f"judge {self.name}: its endpoint gives no log-probabilities; scores stay integers")
        self._gives_logprobs = False
        return await self._patiently(prompt, {})

    async def _patiently(self, prompt: str, options: dict[str, Any]) -> ChatCompletion:
        attempts = self.settings.attempts
        for attempt in range(1, attempts + 1):
            try:
                return await self._paid(prompt, options)
            except (APIConnectionError, APIStatusError, TimeoutError) as error:
                failure, rest = _said(error), _rest_s(error)
                if not _may_pass(error) or rest > LONGEST_REST_S:
                    raise JudgeError(failure) from error
                self._bucket.rest(asyncio.get_running_loop().time() + rest)
            except (OpenAIError, ValueError) as error:
                raise JudgeError("the judge's reply was not a chat completion") from error
            if attempt < attempts:
                await asyncio.sleep(pause_s(attempt, self._pauses))
        raise JudgeError(f"{failure}, {attempts} attempts")

    async def _paid(self, prompt: str, options: dict[str, Any]) -> ChatCompletion:
        """One attempt within the cap; what nobody says the cost of counts at its worst case."""
        await next_turn(self._bucket)
        worst = worst_usd(prompt, self.settings)
        if not await self._spending.hold(worst):
            raise CapReachedError
        actual = worst
        try:
            reply = await self._once(prompt, options)
            cost = usage_of(reply, self.settings).cost_usd
            actual = worst if cost is None else cost
        except (APIConnectionError, APIStatusError) as error:
            # What was refused or never arrived has made nothing; after that nobody can tell.
            actual = 0.0 if isinstance(error, APIStatusError) or _unsent(error) else worst
            raise
        finally:
            await self._spending.settle(worst, actual)
        return reply

    async def _once(self, prompt: str, options: dict[str, Any]) -> ChatCompletion:
        # The client's own limit is per read; this one bounds the whole answer.
        async with asyncio.timeout(self.settings.timeout_s):
            reply = await self._client.chat.completions.create(
                model=self.settings.model,
                messages=[{"role": "user", "content": prompt}],
                temperature=self.settings.temperature,
                max_tokens=self.settings.max_tokens,
                **options,
            )
        if not isinstance(reply, ChatCompletion):  # a page of HTML comes back as a string
            raise JudgeError("the judge's reply was not a chat completion")
        return reply


def _base(endpoint: str) -> str:
    """The address with its path; a server without one has its API below /v1."""
    return f"{endpoint}/v1" if urlsplit(endpoint).path == "" else endpoint


def _may_pass(error: Exception) -> bool:
    if isinstance(error, APIStatusError):
        return error.status_code in (408, 429) or error.status_code >= 500
    return True


def _rest_s(error: Exception) -> float:
    """How long the endpoint itself asks to be left alone."""
    if not isinstance(error, APIStatusError):
        return 0.0
    return retry_after_s(error.response.headers.get("retry-after"), datetime.now(UTC)) or 0.0


def _unsent(error: APIConnectionError) -> bool:
    # By name: which client library stands below varies with the version.
    return type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout")


def _refuses_logprobs(error: BaseException | None) -> bool:
    """Whether a refusal names the parameter; the body is read for that alone and never quoted."""
    if not isinstance(error, APIStatusError) or error.status_code not in (400, 422):
        return False
    return "logprob" in str(error.body).lower()


def _said(error: Exception) -> str:
    if isinstance(error, APIStatusError):
        return f"the judge answered HTTP {error.status_code}"
    # openai's timeout is a kind of connection error
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "the judge did not answer in time"
    return "the judge could not be reached"
