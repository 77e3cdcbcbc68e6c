"""Rules as DeepEval metrics. Imported late: DeepEval takes seconds to load."""

import os
from typing import Any

# Before deepeval is imported: no telemetry, and no .env of the working folder in our environment.
os.environ.setdefault("DEEPEVAL_TELEMETRY_OPT_OUT", "1")
os.environ.setdefault("DEEPEVAL_DISABLE_DOTENV", "1")

from deepeval.metrics import BaseMetric  # noqa: TID253
from deepeval.test_case import LLMTestCase  # noqa: TID253

from pipeline.errors import UnknownNameError
from pipeline.judging._rules import RULES

__all__ = ["LLMTestCase", "RuleMetric"]


class RuleMetric(BaseMetric):  # type: ignore[misc]
    """A rule of `pipeline.judging` behind DeepEval's interface.

    Args:
        rule: name of the rule.
        threshold: least score that counts as a success.
    """

    def __init__(self, rule: str, threshold: float = 0.5) -> None:
        if rule not in RULES:
            raise UnknownNameError("rule metric", rule, RULES)
        self.rule, self.threshold = rule, threshold
        self.async_mode = False

    def measure(self, test_case: LLMTestCase, *args: Any, **kwargs: Any) -> float:
        """Score one case, 0 to 1; the reason says what was compared."""
        score = RULES[self.rule](test_case.actual_output, test_case.expected_output)
        self.score, self.success = score, score >= self.threshold
        self.reason = f"{self.rule} against the reference"
        return score

    async def a_measure(self, test_case: LLMTestCase, *args: Any, **kwargs: Any) -> float:
        return self.measure(test_case)

    def is_successful(self) -> bool:
        return bool(self.success)

    @property
    def __name__(self) -> str:
        return self.rule
