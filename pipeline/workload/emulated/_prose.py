"""The words around an answer: sentences of a kind until a length is reached."""

import re
from functools import cache
from importlib.resources import files

from pipeline.workload.generated import Pick

__all__ = ["holds", "passage_of", "prose", "sentences"]

_WORD = re.compile(r"[^\W_]+")


def holds(text: str, part: str) -> bool:
    """Tell whether the text holds `part` as whole words; case and punctuation do not matter."""
    wanted = _plain(part)
    return wanted.strip() != "" and wanted in _plain(text)


def sentences(text: str) -> list[str]:
    """Split a text into sentences, without its line breaks."""
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+", text) if s.strip()]


def passage_of(text: str) -> str:
    """Return what stands between the instruction and the question of a `passage` prompt."""
    return text.split("Question:")[0].split("\n\n", 1)[-1]


def prose(pick: Pick, kinds: tuple[str, ...], words: float, without: str, quoted: list[str]) -> str:
    """Return sentences of the kinds, in random order, with about as many words as wanted.

    Args:
        pick: draws.
        kinds: names in phrases.tsv.
        words: length to reach, in words; 0 or less gives an empty text.
        without: what no sentence may hold; empty for anything goes.
        quoted: sentences of the prompt that may be quoted.
    """
    pool = [sentence for kind in kinds for sentence in _phrases()[kind]]
    pool += [f'It says: "{sentence}"' for sentence in quoted]
    chosen: list[str] = []
    for sentence in pick.some(pool, len(pool)):
        if words <= 0:
            break
        if without and holds(sentence, without):
            continue
        chosen.append(sentence)
        words -= len(sentence.split())
    return " ".join(chosen)


def _plain(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


@cache
def _phrases() -> dict[str, list[str]]:
    text = files("pipeline.workload.emulated").joinpath("phrases.tsv").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        kind, sentence = line.split("\t")
        found.setdefault(kind, []).append(sentence)
    return found
