"""A language model as DeepEval wants it. Imported late: it needs DeepEval."""

import asyncio

from openai.types.chat import ChatCompletion

from pipeline.judging._answer import read_score, read_text
from pipeline.judging._deepeval import DeepEvalBaseLLM
from pipeline.judging._endpoint import ChatEndpoint

__all__ = ["JudgeModel"]


class JudgeModel(DeepEvalBaseLLM):  # type: ignore[misc]  # DeepEval has no types
    """One case's view of the shared endpoint; keeps the completion it got and the score in it.

    The async methods use the endpoint's one client. The plain ones, for callers without an event
    loop, open a client of their own, since connections cannot move between loops.
    """

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint
        self.completion: ChatCompletion | None = None
        self.written: float | None = None
        super().__init__(endpoint.settings.model)

    def load_model(self) -> ChatEndpoint:
        return self._endpoint

    def get_model_name(self) -> str:
        return self._endpoint.settings.model

    async def a_generate(self, prompt: str) -> str:
        """The answer's text. Raises JudgeError."""
        return read_text(await self._endpoint.complete(prompt))

    async def a_generate_raw_response(
        self, prompt: str, top_logprobs: int = 20
    ) -> tuple[ChatCompletion, float]:
        """The checked completion with log-probabilities, and its cost, 0.0. Raises JudgeError."""
        completion = await self._endpoint.complete(prompt, logprobs=True, top_logprobs=top_logprobs)
        self.written = read_score(completion)
        self.completion = completion
        return completion, 0.0

    def generate(self, prompt: str) -> str:
        """`a_generate` for callers without an event loop."""

        async def alone() -> str:
            async with ChatEndpoint(self._endpoint.settings) as endpoint:
                return await JudgeModel(endpoint).a_generate(prompt)

        return asyncio.run(alone())

    def generate_raw_response(
        self, prompt: str, top_logprobs: int = 20
    ) -> tuple[ChatCompletion, float]:
        """`a_generate_raw_response` for callers without an event loop."""

        async def alone() -> tuple[ChatCompletion, float]:
            async with ChatEndpoint(self._endpoint.settings) as endpoint:
                return await JudgeModel(endpoint).a_generate_raw_response(prompt, top_logprobs)

        return asyncio.run(alone())
