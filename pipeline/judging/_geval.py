"""Reference-grounded G-Eval on any OpenAI-compatible endpoint. Imported late, as DeepEval is."""

import asyncio
import json
import os
import random
import re
from typing import Any

from deepeval.metrics import GEval  # noqa: TID253 - this module is only imported to judge
from deepeval.models import DeepEvalBaseLLM  # noqa: TID253
from deepeval.test_case import SingleTurnParams  # noqa: TID253
from openai import APIConnectionError, APIStatusError, AsyncOpenAI

from pipeline.errors import EndpointError
from pipeline.judging._deepeval import LLMTestCase
from pipeline.judging._rubrics import STEPS
from pipeline.params import LlmJudgeParams

__all__ = ["LlmJudge"]

_FIRST_PAUSE_S = 0.5


class _Endpoint(DeepEvalBaseLLM):  # type: ignore[misc]
    """One case's view of the judge: the shared client, and the last completion it gave."""

    def __init__(self, client: AsyncOpenAI, settings: LlmJudgeParams) -> None:
        self._client, self._settings = client, settings
        self.completion: Any = None
        super().__init__(settings.model)

    def load_model(self) -> AsyncOpenAI:
        return self._client

    def get_model_name(self) -> str:
        return self._settings.model

    def generate(self, prompt: str) -> str:
        return asyncio.run(self.a_generate(prompt))

    async def a_generate(self, prompt: str) -> str:
        completion = await self._complete(prompt, None)
        return completion.choices[0].message.content or ""

    def generate_raw_response(self, prompt: str, top_logprobs: int = 5) -> tuple[Any, float]:
        return asyncio.run(self.a_generate_raw_response(prompt, top_logprobs))

    async def a_generate_raw_response(
        self, prompt: str, top_logprobs: int = 5
    ) -> tuple[Any, float]:
        self.completion = await self._complete(prompt, top_logprobs)
        return self.completion, 0.0

    async def _complete(self, prompt: str, top_logprobs: int | None) -> Any:
        """Ask once, and again after a pause when the failure may pass."""
        extra: dict[str, Any] = {}
        if top_logprobs is not None:
            extra = {"logprobs": True, "top_logprobs": min(top_logprobs, 20)}
        for attempt in range(1, self._settings.attempts + 1):
            try:
                return await self._client.chat.completions.create(
                    model=self._settings.model,
                    messages=[{"role": "user", "content": prompt}],
                    temperature=0,
                    **extra,
                )
            except (APIStatusError, APIConnectionError) as error:
                if not _may_pass(error) or attempt == self._settings.attempts:
                    raise
                # Jitter keeps many waiting cases from coming back at the same moment.
                await asyncio.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1) * (0.5 + random.random()))
        raise AssertionError("attempts is at least 1")


def _may_pass(error: APIStatusError | APIConnectionError) -> bool:
    return (
        isinstance(error, APIConnectionError)
        or error.status_code in (408, 429)
        or (error.status_code >= 500)
    )


class LlmJudge:
    """Judges cases with pinned steps; scores 0 to 1.

    Args:
        settings: endpoint, model and limits. The key is read from the named environment variable
            and lives in the client alone.

    Raises:
        EndpointError: the environment variable is not set.
    """

    def __init__(self, settings: LlmJudgeParams) -> None:
        key = "none"
        if settings.key_variable is not None:
            key = os.environ.get(settings.key_variable, "")
            if not key:
                raise EndpointError(
                    f"judge.llm.key_variable: the environment variable {settings.key_variable} "
                    "is not set; set it to the key of the judge's endpoint, or use null"
                )
        self._settings = settings
        self._client = AsyncOpenAI(
            base_url=settings.endpoint, api_key=key, timeout=settings.timeout_s, max_retries=0
        )

    async def score(
        self, task: str, prompt: str, response: str, reference: str
    ) -> tuple[float, str, bool]:
        """Return score, reason with the scoring path taken, and whether a text was cut.

        Raises whatever DeepEval or the endpoint raise, and ValueError for a score out of range.
        """
        endpoint = _Endpoint(self._client, self._settings)
        metric = GEval(
            name="quality",
            evaluation_params=[
                SingleTurnParams.INPUT,
                SingleTurnParams.ACTUAL_OUTPUT,
                SingleTurnParams.EXPECTED_OUTPUT,
            ],
            evaluation_steps=STEPS[task],
            model=endpoint,
        )
        limit = self._settings.max_chars
        case = LLMTestCase(
            input=prompt[:limit], actual_output=response[:limit], expected_output=reference[:limit]
        )
        score = await metric.a_measure(case, _show_indicator=False)
        if score is None or not 0 <= score <= 1:
            raise ValueError(f"the judge's score {score!r} is not between 0 and 1")
        cut = max(len(prompt), len(response), len(reference)) > limit
        return float(score), f"{_path(endpoint.completion)}: {metric.reason}", cut

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _path(completion: Any) -> str:
    """Say whether the score could be weighted by log-probabilities.

    DeepEval falls back to the plain integer without a word when the score's token is not found.
    """
    if completion is None:
        return "integer"
    choice = completion.choices[0]
    content = getattr(choice.logprobs, "content", None)
    if not content:
        return "integer"
    found = re.search(r"\{.*\}", choice.message.content or "", re.DOTALL)
    told = json.loads(found.group()) if found else {}
    score = str(told.get("score"))
    weighted = any(part.token == score and part.top_logprobs for part in content)
    return "logprob-weighted" if weighted else "integer"
