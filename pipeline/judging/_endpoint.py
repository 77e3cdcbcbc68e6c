"""An OpenAI-compatible chat endpoint with patience: retries, back-off and short failures."""

import asyncio
import os
import random
from types import TracebackType
from typing import Any, Self

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, OpenAIError
from openai.types.chat import ChatCompletion

from pipeline.errors import EndpointError
from pipeline.params import LlmJudgeParams

__all__ = ["ChatEndpoint", "JudgeError"]

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 20.0


class JudgeError(Exception):
    """One case could not be judged. No server text in the message: servers quote keys."""


class ChatEndpoint:
    """One client for all cases. The key lives in the client alone.

    Raises:
        EndpointError: the environment variable that should hold the key is not set.
    """

    def __init__(self, settings: LlmJudgeParams) -> None:
        self.settings = settings
        self._client = AsyncOpenAI(
            base_url=settings.endpoint,
            api_key=_key(settings.key_variable),
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

    async def complete(self, prompt: str, **options: Any) -> ChatCompletion:
        """Ask at temperature 0, again after a pause when the failure may pass.

        Raises JudgeError after the last attempt, and at once for a refusal (HTTP 4xx but 429).
        """
        attempts = self.settings.attempts
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(_pause_s(attempt))
            try:
                return await self._once(prompt, options)
            except (APIConnectionError, APIStatusError, TimeoutError) as error:
                failure = _said(error)
                if not _may_pass(error):
                    raise JudgeError(failure) from error
            except (OpenAIError, ValueError) as error:
                raise JudgeError("the judge's reply was not a chat completion") from error
        raise JudgeError(f"{failure}, {attempts} attempts")

    async def _once(self, prompt: str, options: dict[str, Any]) -> ChatCompletion:
        # The client's own limit is per read; this one bounds the whole answer.
        async with asyncio.timeout(self.settings.timeout_s):
            reply = await self._client.chat.completions.create(
                model=self.settings.model,
                messages=[{"role": "user", "content": prompt}],
                temperature=0,
                **options,
            )
        if not isinstance(reply, ChatCompletion):  # a page of HTML comes back as a string
            raise JudgeError("the judge's reply was not a chat completion")
        return reply


def _key(variable: str | None) -> str:
    if variable is None:
        return "no-key-needed"  # the client insists on some text
    key = os.environ.get(variable, "")
    if not key:
        raise EndpointError(
            f"judge.llm.key_variable: the environment variable {variable} is not set; set it to "
            "the key of the judge's endpoint, or use null where none is needed"
        )
    return key


def _pause_s(attempt: int) -> float:
    # Jitter keeps cases that failed together from coming back together.
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)


def _may_pass(error: Exception) -> bool:
    if isinstance(error, APIStatusError):
        return error.status_code == 429 or error.status_code >= 500
    return True


def _said(error: Exception) -> str:
    if isinstance(error, APIStatusError):
        return f"the judge answered HTTP {error.status_code}"
    # openai's timeout is a kind of connection error
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "the judge did not answer in time"
    return "the judge could not be reached"
