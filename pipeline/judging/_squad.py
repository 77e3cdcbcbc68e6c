"""SQuAD v1.1: official normalisation, exact match and F1, and whole-token containment."""

import re
import string
from collections import Counter

__all__ = ["answer_match", "normalise", "squad_em", "squad_f1"]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def squad_em(response_text: str, reference_text: str) -> float:
    """1.0 when both texts are equal once normalised, else 0.0."""
    return float(normalise(response_text) == normalise(reference_text))


def squad_f1(response_text: str, reference_text: str) -> float:
    """Harmonic mean of token precision and recall over multisets, 0 to 1.

    As in the official script, two texts that share no token score 0, two empty ones included.
    """
    found, wanted = normalise(response_text).split(), normalise(reference_text).split()
    shared = (Counter(found) & Counter(wanted)).total()
    if shared == 0:
        return 0.0
    precision, recall = shared / len(found), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def answer_match(response_text: str, reference_text: str) -> float:
    """1.0 when the normalised reference is a run of whole tokens of the normalised response.

    A reference of which normalisation leaves nothing (the option letter "A", or "The") would be
    found everywhere; it has to be the whole response, up to case and outer white space.
    """
    wanted = normalise(reference_text)
    if not wanted:
        return float(response_text.strip().lower() == reference_text.strip().lower())
    return float(f" {wanted} " in f" {normalise(response_text)} ")
