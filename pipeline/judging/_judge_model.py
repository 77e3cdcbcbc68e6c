"""A language model as DeepEval wants it. Imported late: it needs DeepEval."""

from openai.types.chat import ChatCompletion

from pipeline.judging._answer import read_score, read_text
from pipeline.judging._deepeval import DeepEvalBaseLLM
from pipeline.judging._endpoint import ChatEndpoint
from pipeline.params import JudgeModelParams

__all__ = ["JudgeModel"]


class JudgeModel(DeepEvalBaseLLM):  # type: ignore[misc]  # DeepEval has no types
    """One case's view of the shared endpoint; keeps the completion it got and the score in it.

    Only the async methods work: the endpoint's connections belong to one event loop.
    """

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint
        self.completion: ChatCompletion | None = None
        self.written: float | None = None
        super().__init__(endpoint.settings.model)

    @property
    def settings(self) -> JudgeModelParams:
        return self._endpoint.settings

    def load_model(self) -> ChatEndpoint:
        return self._endpoint

    def get_model_name(self) -> str:
        return self.settings.model

    async def a_generate(self, prompt: str) -> str:
        """The answer's text. Raises JudgeError or CapReachedError."""
        self.completion = await self._endpoint.complete(prompt)
        return read_text(self.completion)

    async def a_generate_raw_response(
        self, prompt: str, top_logprobs: int = 20
    ) -> tuple[ChatCompletion, float]:
        """The completion, its score checked, and 0.0 for the cost, which we reckon ourselves.

        Raises JudgeError or CapReachedError.
        """
        self.completion = await self._endpoint.complete(prompt, top_logprobs)
        self.written = read_score(self.completion)
        return self.completion, 0.0

    def generate(self, prompt: str) -> str:
        """Not offered. Raises NotImplementedError."""
        raise NotImplementedError("judges are asked on an event loop; use a_generate")
