"""The one door to DeepEval, which is imported late because it takes more than a second."""

import os

# Read by DeepEval while it is imported: no message to its makers, no reading of a .env file.
os.environ.setdefault("DEEPEVAL_TELEMETRY_OPT_OUT", "1")
os.environ.setdefault("DEEPEVAL_DISABLE_DOTENV", "1")

# This module is itself imported late, by the functions that judge.
from deepeval.errors import DeepEvalError  # noqa: TID253
from deepeval.metrics import BaseMetric, GEval  # noqa: TID253
from deepeval.metrics.g_eval.utils import calculate_weighted_summed_score  # noqa: TID253
from deepeval.models import DeepEvalBaseLLM  # noqa: TID253
from deepeval.test_case import LLMTestCase, SingleTurnParams  # noqa: TID253

__all__ = [
    "BaseMetric",
    "DeepEvalBaseLLM",
    "DeepEvalError",
    "GEval",
    "LLMTestCase",
    "SingleTurnParams",
    "calculate_weighted_summed_score",
]
