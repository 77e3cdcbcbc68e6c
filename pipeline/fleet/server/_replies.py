"""What an emulated model says: a recorded answer where there is one, else words of a drawn number.

Equal prompts get equal answers on every machine; nothing is sampled at request time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Literal

from pipeline.fleet.server._tokens import decode, divide, split
from pipeline.streams import stream

__all__ = ["Author", "Recorded", "Reply", "Wanted", "question_of"]

# Spread of the drawn lengths, that of the log of the output lengths in params.yaml's profile.
_LENGTH_SIGMA = 0.8

# Each is one token with the space before it, and joined they are cut into the same tokens again.
_WORDS = (
    "the and for that this with from have will they each time more when which into only other "
    "then first after over most new some these way could about many than two long make thing see "
    "day did part sound no work place year live back give very under name good man think say "
    "great where help line turn cause much mean old right too same tell does set three want air "
    "well also play small end put home read hand port large spell add even land here must big "
    "high such why ask men went"
)
_PIECES = tuple(f" {word}".encode() for word in _WORDS.split() if len(word) <= 5)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer, and its tokens where the source reported them; one of the two is known.

    Where only the tokens are, words are generated up to that number.
    """

    text: str | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks of the author.

    Attributes:
        ids: token ids of the whole prompt.
        question: text by which a recorded answer is found, None if the ids spell none.
        limit: most tokens.
        least: fewest tokens.
        ignore_eos: go on to the limit.
    """

    ids: list[int]
    question: str | None
    limit: int
    least: int = 0
    ignore_eos: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, token by token.

    Attributes:
        pieces: the tokens' text as the inside of a JSON string; one per output token.
        stops: whether it ends by itself, not at the limit.
        source: recorded text, or generated text.
    """

    pieces: list[bytes]
    stops: bool
    source: Literal["recorded", "generated"]


class Author:
    """Writes the answers of one model.

    Args:
        model: its name.
        seed: of the drawn lengths and words.
        mean_tokens: mean of the drawn lengths, tokens; they are lognormal with sigma 0.8.
        recorded: answers by prompt text.
    """

    def __init__(
        self, model: str, seed: int, mean_tokens: float, recorded: Mapping[str, Recorded]
    ) -> None:
        self._model = model
        self._seed = seed
        self._location = math.log(mean_tokens) - _LENGTH_SIGMA**2 / 2
        self._recorded = recorded

    def reply(self, wanted: Wanted) -> Reply:
        """Write the answer: at least one token, at most the limit."""
        draws = stream(self._seed, "reply", self._model, hash(tuple(wanted.ids)))
        found = None if wanted.question is None else self._recorded.get(wanted.question)
        if found is None:
            length = max(1, round(draws.lognormal(self._location, _LENGTH_SIGMA)))
            pieces: list[bytes] = []
        else:
            pieces = _escaped(found)
            length = len(pieces) or max(1, found.output_tokens or 0)
        whole = wanted.limit if wanted.ignore_eos else max(length, wanted.least)
        size = min(whole, wanted.limit)
        if size > len(pieces):
            picks = draws.integers(0, len(_PIECES), size - len(pieces)).tolist()
            pieces += [_PIECES[pick] for pick in picks]
        return Reply(
            pieces=pieces[:size],
            stops=not wanted.ignore_eos and whole <= wanted.limit,
            source="recorded" if found is not None and found.text is not None else "generated",
        )


def question_of(ids: list[int]) -> str | None:
    """Text that token ids spell; None if they come from another tokeniser."""
    try:
        return decode(ids)
    except ValueError:
        return None


def _escaped(found: Recorded) -> list[bytes]:
    if found.text is None:
        return []
    pieces = split(found.text) or [""]
    if found.output_tokens is not None:
        pieces = divide(found.text, max(1, found.output_tokens))
    return [encode_basestring_ascii(piece)[1:-1].encode() for piece in pieces]
