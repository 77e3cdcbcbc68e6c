"""The judge's answer, read strictly, and how its score came about."""

import json
import math
import re

from openai.types.chat import ChatCompletion

from pipeline.judging._deepeval import calculate_weighted_summed_score
from pipeline.judging._endpoint import JudgeError

__all__ = ["read_score", "scoring_path"]

_HIGHEST = 10


def read_score(completion: ChatCompletion) -> float:
    """The score that the judge wrote, 0 to 10. Raises JudgeError when there is none."""
    content = completion.choices[0].message.content if completion.choices else None
    found = re.search(r"\{.*\}", content or "", re.DOTALL)
    try:
        answer = json.loads(found.group()) if found else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise JudgeError("the judge's answer was not JSON")
    score = answer.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise JudgeError("the judge's answer held no numeric score")
    if not isinstance(answer.get("reason"), str):
        raise JudgeError("the judge's answer held no reason")
    if not 0 <= score <= _HIGHEST:
        raise JudgeError(f"the judge's score {score:g} is not between 0 and {_HIGHEST}")
    return score


def scoring_path(completion: ChatCompletion, written: float) -> str:
    """Say whether DeepEval could weight the score by log-probabilities.

    It falls back to the written number without a word; asking its own function shows which.
    """
    try:
        calculate_weighted_summed_score(written, completion)
    except (KeyError, AttributeError, TypeError, ValueError):
        return "plain integer"
    return "logprob-weighted"
