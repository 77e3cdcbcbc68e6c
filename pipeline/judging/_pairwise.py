"""Asking a judge which of two answers is better. Imported late: it needs the client."""

from dataclasses import asdict

from pipeline.judging._answer import read_preference
from pipeline.judging._case import Verdict
from pipeline.judging._endpoint import ChatEndpoint, JudgeError
from pipeline.judging._pairs import Pair
from pipeline.judging._usage import Usage, usage_of

__all__ = ["compare"]


async def compare(pair: Pair, endpoint: ChatEndpoint) -> Verdict:
    """The judge's preference as a verdict: score 1 for the first, 0 for the second, 0.5 for a tie.

    Any failure of the judge is a verdict without score. Raises CapReachedError.
    """
    limit = endpoint.settings.max_chars
    texts = (pair.first.prompt, pair.first.reference, pair.first.response, pair.second.response)
    cut = max(map(len, texts)) > limit
    usage = Usage(None, None, None)
    try:
        completion = await endpoint.complete(pair.question(limit))
        usage = usage_of(completion, endpoint.settings)
        score = read_preference(completion)
    except JudgeError as failure:
        return Verdict(None, failure=str(failure), truncated=cut, **asdict(usage))
    return Verdict(score, truncated=cut, **asdict(usage))
