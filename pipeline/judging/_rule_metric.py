"""A pure text rule as a DeepEval metric. Imported late: it needs DeepEval."""

from typing import Any

from pipeline.judging._deepeval import BaseMetric, LLMTestCase
from pipeline.judging._tasks import RULES

__all__ = ["RuleMetric"]


class RuleMetric(BaseMetric):  # type: ignore[misc]  # DeepEval has no types
    """Measures a rule of `RULES` on actual and expected output; succeeds from `threshold` on.

    Raises ValueError when an output is missing; an empty one is a text.
    """

    def __init__(self, name: str, threshold: float = 0.5) -> None:
        self._name, self._rule = name, RULES[name]
        self.threshold = threshold
        self.score: float | None = None
        self.reason: str | None = None
        self.success: bool | None = None
        self.async_mode = False

    @property
    def __name__(self) -> str:
        return self._name

    def measure(self, test_case: LLMTestCase, *_args: Any, **_kwargs: Any) -> float:
        """Score one test case, 0 to 1, and keep score, reason and success."""
        response, reference = test_case.actual_output, test_case.expected_output
        if response is None or reference is None:
            raise ValueError(f"{self._name} needs an actual and an expected output")
        score = self._rule(response, reference)
        self.score = score
        self.reason = f"{self._name} of the response against the reference is {score:.4g}"
        self.success = score >= self.threshold
        return score

    async def a_measure(self, test_case: LLMTestCase, *args: Any, **kwargs: Any) -> float:
        """The same; a rule never waits."""
        return self.measure(test_case, *args, **kwargs)
