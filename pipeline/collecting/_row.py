"""From what a server sent to the row that is kept."""

from pipeline.collecting._degenerate import degeneracies
from pipeline.collecting._question import Question
from pipeline.collecting._shard import Row
from pipeline.fleet.live import Answered
from pipeline.workload.collect import TOKENS_PER_WORDPIECE

__all__ = ["answer_row", "error_row", "failure"]

_ESTIMATE = f"estimated:{TOKENS_PER_WORDPIECE}*wordpiece"


def answer_row(answered: Answered, question: Question, label: str) -> Row:
    """The row of an answer that came to its end. Times are rounded to microseconds.

    Tokens are those that the server reports; where it reports none, one is counted per event that
    brought text, and the prompt's are estimated. The token that ends an empty answer is one.
    """
    reply = answered.reply
    reported = reply.output_tokens is not None
    # Usage that comes alone brings no token, so an answer without text has no times.
    times = [round(at - answered.sent, 6) for at in reply.times] if reply.pieces else []
    tokens = max(1, answered.tokens)
    text = _sound(reply.text)
    return {
        "response_text": text,
        "status": "ok",
        "error": None,
        "prompt_tokens": max(1, reply.prompt_tokens or question.prompt_tokens),
        "prompt_tokens_source": "reported" if reply.prompt_tokens else _ESTIMATE,
        "output_tokens": tokens,
        "output_tokens_source": "reported" if reported else "counted:events",
        "recorded_quality": None,
        "recorded_quality_source": None,
        "finish_reason": reply.finish_reason,
        "flags": degeneracies(text, tokens, reply.finish_reason),
        "ttft_s": times[0] if times else None,
        "e2e_s": round(answered.done - answered.sent, 6),
        "token_s": times,
        "label": label,
    }


def _sound(text: str) -> str:
    """Join halves of characters that came in two events; a half without its other is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def error_row(reason: str, question: Question, label: str) -> Row:
    """The row of a question that got no answer."""
    absent = (
        "response_text", "output_tokens", "output_tokens_source", "recorded_quality",
        "recorded_quality_source", "finish_reason", "flags", "ttft_s", "e2e_s", "token_s",
    )  # fmt: skip
    return dict.fromkeys(absent) | {
        "status": "error",
        "error": reason,
        "prompt_tokens": max(1, question.prompt_tokens),
        "prompt_tokens_source": _ESTIMATE,
        "label": label,
    }


def failure(answered: Answered) -> str:
    """Why there is no answer, in words of ours: servers quote keys and prompts in theirs."""
    if answered.outcome == "refused":
        return f"HTTP {answered.http}"
    if answered.outcome == "timeout":
        return str(answered.reason)
    if not answered.reached:
        return "no connection to the endpoint"
    if answered.http is None:
        return "the connection ended without an answer"
    if not answered.reply.counts:
        return "the answer was no stream of completions"
    return f"the stream broke off after {answered.tokens} tokens"
