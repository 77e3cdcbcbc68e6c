"""The judge's answer, read strictly, and how its score came about."""

import json
import re
from typing import Any

from openai.types.chat import ChatCompletion

from pipeline.judging._deepeval import calculate_weighted_summed_score
from pipeline.judging._endpoint import JudgeError
from pipeline.judging._pairs import PREFERENCES

__all__ = ["read_preference", "read_score", "read_text", "scoring_path"]

_HIGHEST = 10


def read_text(completion: ChatCompletion) -> str:
    """The text of the first choice, "" for none. Raises JudgeError for any other shape."""
    # The client does not validate: what a server leaves out or mistypes arrives as it was sent.
    try:
        content: object = completion.choices[0].message.content
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise JudgeError("the judge's reply was not a chat completion") from error
    if content is not None and not isinstance(content, str):
        raise JudgeError("the judge's reply was not a chat completion")
    return content or ""


def read_score(completion: ChatCompletion) -> float:
    """The score that the judge wrote, 0 to 10. Raises JudgeError when there is none."""
    answer = _answer(completion)
    score = answer.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or score != score:
        raise JudgeError("the judge's answer held no numeric score")
    if not isinstance(answer.get("reason"), str):
        raise JudgeError("the judge's answer held no reason")
    if not 0 <= score <= _HIGHEST:
        raise JudgeError(f"the judge's score is not between 0 and {_HIGHEST}")
    return score


def read_preference(completion: ChatCompletion) -> float:
    """Which of two answers is better: 1 the first, 0 the second, 0.5 neither.

    Raises JudgeError when the judge did not say.
    """
    better = _answer(completion).get("better")
    if not isinstance(better, str) or better not in PREFERENCES:
        raise JudgeError(f"the judge's answer named none of {', '.join(PREFERENCES)}")
    return PREFERENCES[better]


def _answer(completion: ChatCompletion) -> dict[str, Any]:
    found = re.search(r"\{.*\}", read_text(completion), re.DOTALL)
    try:
        answer = json.loads(found.group()) if found else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise JudgeError("the judge's answer was not JSON")
    return answer


def scoring_path(completion: ChatCompletion, written: float) -> str:
    """Say whether DeepEval could weight the score by log-probabilities.

    It falls back to the written number without a word; asking its own function shows which: that
    one raises without usable log-probabilities, and hands the number back when it drops them all.
    """
    try:
        weighted = calculate_weighted_summed_score(written, completion)
    except (KeyError, AttributeError, TypeError, ValueError):
        return "plain integer"
    return "plain integer" if weighted is written else "logprob-weighted"
