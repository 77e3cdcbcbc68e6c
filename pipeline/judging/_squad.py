"""SQuAD v1.1 scores with the official normalisation, and containment for chatty answers."""

import re
import string
from collections import Counter

__all__ = ["answer_match", "normalise", "squad_em", "squad_f1"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Lower case, no ASCII punctuation, no articles, single spaces: in the official order."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def squad_em(response: str, reference: str) -> float:
    """1.0 if the normalised texts are equal."""
    return float(normalise(response) == normalise(reference))


def squad_f1(response: str, reference: str) -> float:
    """Harmonic mean of precision and recall over the multisets of normalised tokens."""
    said, gold = normalise(response).split(), normalise(reference).split()
    shared = sum((Counter(said) & Counter(gold)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(said), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


def answer_match(response: str, reference: str) -> float:
    """1.0 if the normalised reference is a run of whole tokens of the normalised response."""
    gold = normalise(reference)
    if not gold:
        raise ValueError("the reference is empty after normalisation")
    return float(f" {gold} " in f" {normalise(response)} ")
