"""Surface features against their plain definitions, character by character and word by word."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.predictors import SURFACE
from pipeline.predictors._surface import surface_features

KEYWORDS = {"def", "return", "import", "class", "print", "assert", "for", "while"}


def by_definition(text: str) -> dict[str, float]:
    words, size = re.findall(r"\w+", text), max(len(text), 1)
    numbers = [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]
    opens = [c.isspace() for c in " " + text] if text else []
    return {
        "log_characters": np.log1p(len(text)),
        "log_words": np.log1p(len(words)),
        "log_lines": np.log1p(text.count("\n")),
        "log_sentences": np.log1p(len(re.findall(r"[.!?]+(?:\s|$)", text))),
        "mean_word_length": float(np.mean([len(word) for word in words])) if words else 0.0,
        "digit_share": sum(c.isdigit() for c in text) / size,
        "upper_share": sum(c.isupper() for c in text) / size,
        "symbol_share": sum(not (c.isalnum() or c.isspace()) for c in text) / size,
        "non_ascii_share": sum(ord(c) > 127 for c in text) / size,
        "log_numbers": np.log1p(len(numbers)),
        "log_largest_number": np.log1p(min(max(numbers, default=0.0), 1e12)),
        "options": np.log1p(
            sum(
                text[i] in "ABCDEFGHIJ"
                and text[i + 1] in ").:"
                and text[i + 2].isspace()
                and (opens[i] or (text[i - 1] == "(" and (i == 1 or opens[i - 1])))
                for i in range(len(text) - 2)
            )
        ),
        "questions": np.log1p(text.count("?")),
        "latex": np.log1p(len(re.findall(r"\\[a-zA-Z]+|\$|\^|_\{", text))),
        "code": np.log1p(
            len(re.findall(r"[{}\[\];]|==|->", text)) + sum(word in KEYWORDS for word in words)
        ),
        "blanks": np.log1p(len(re.findall(r"_{2,}", text))),
    }


PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["(A) ", "B. ", " C: 4", "1,234.5", "for ", "format", "for_", "==", "->", "__", "\\frac{",
         "_{i}", "$x^2$", "...", "?\n", "٣,١", "河水", "🌊", "𝐀 ", "½"]
    ),
)  # fmt: skip


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=3))
def test_features_are_what_they_are_defined_to_be(texts: list[str]) -> None:
    found = surface_features(tuple(texts))
    assert found.shape == (len(texts), len(SURFACE))
    assert found.dtype == np.float32
    for row, text in zip(found, texts, strict=True):
        assert dict(zip(SURFACE, row.tolist(), strict=True)) == pytest.approx(
            by_definition(text), rel=1e-6
        )


def test_one_prompt_by_hand() -> None:
    text = "Pick one: (A) 3 (B) 1,200?\nfor x in X: __"
    told = dict(zip(SURFACE, surface_features((text,))[0].tolist(), strict=True))
    assert told["options"] == pytest.approx(np.log1p(2))  # X is beyond J
    assert told["log_largest_number"] == pytest.approx(np.log1p(1200))
    assert told["code"] == pytest.approx(np.log1p(1))
