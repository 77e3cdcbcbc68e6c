"""Reference-grounded G-Eval of one case. Imported late: it needs DeepEval."""

from dataclasses import asdict
from typing import Any

from pipeline.judging._answer import scoring_path
from pipeline.judging._case import Case, Verdict
from pipeline.judging._deepeval import DeepEvalError, GEval, LLMTestCase, SingleTurnParams
from pipeline.judging._endpoint import ChatEndpoint, JudgeError
from pipeline.judging._judge_model import JudgeModel
from pipeline.judging._steps import steps_for
from pipeline.judging._usage import usage_of

__all__ = ["ask"]

_PARTS = (SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT, SingleTurnParams.EXPECTED_OUTPUT)
_EMPTY = "(the response is empty)"  # DeepEval refuses an empty output; the judge should see it


async def ask(case: Case, endpoint: ChatEndpoint) -> Verdict:
    """Judge one case; any failure of the judge is a verdict without score.

    Raises CapReachedError.
    """
    limit = endpoint.settings.max_chars
    cut = max(map(len, (case.prompt, case.reference, case.response))) > limit
    model = JudgeModel(endpoint)
    metric = GEval(
        name="Correctness",
        evaluation_params=list(_PARTS),
        evaluation_steps=steps_for(case.task),
        model=model,
    )
    test_case = LLMTestCase(
        input=case.prompt[:limit],
        actual_output=case.response[:limit] or _EMPTY,
        expected_output=case.reference[:limit],
    )
    try:
        score = await metric.a_measure(test_case, _show_indicator=False)
    except JudgeError as failure:
        return _failed(str(failure), model, cut)
    except (DeepEvalError, ValueError) as error:
        return _failed(f"DeepEval refused the case: {error}", model, cut)
    return _verdict(float(score), metric.reason, model, cut)


def _verdict(score: float, reason: str, model: JudgeModel, cut: bool) -> Verdict:
    if not 0.0 <= score <= 1.0:
        return _failed(f"the weighted score {score:g} is out of range", model, cut)
    if model.completion is None or model.written is None:
        return _failed("the score came without a completion", model, cut)
    path = scoring_path(model.completion, model.written)
    # JSON can spell half a surrogate pair, which no file of rows can hold.
    legible = reason.encode("utf-8", "replace").decode("utf-8")
    return Verdict(score, legible, truncated=cut, path=path, **_usage(model))


def _failed(failure: str, model: JudgeModel, cut: bool) -> Verdict:
    """No score; but an answer that was no use has been paid for all the same."""
    return Verdict(None, failure=failure, truncated=cut, **_usage(model))


def _usage(model: JudgeModel) -> dict[str, Any]:
    if model.completion is None:
        return {}
    return asdict(usage_of(model.completion, model.settings))
