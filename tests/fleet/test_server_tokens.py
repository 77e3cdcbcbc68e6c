"""Tokens without a vocabulary: reversible, exact in counts, shared by equal beginnings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.server._tokens import decode, divide, encode, prefix_hashes, split


def test_a_sentence_by_hand() -> None:
    assert split("Hello there,  unbelievable naïve 北京大学!\n") == [
        "Hello", " there", ",", "  ", "unbeli", "evable", " naïv", "e", " 北", "京大",
        "学", "!", "\n",
    ]  # fmt: skip


def test_an_id_spells_its_text() -> None:
    assert encode("ab") == [0x01_61_62]
    assert decode([0x01_61_62]) == "ab"


@given(st.text(st.characters(exclude_categories=())))
def test_tokens_are_reversible_and_short(text: str) -> None:
    pieces = split(text)
    assert "".join(pieces) == text
    assert all(1 <= len(piece.encode("utf-8", "surrogatepass")) <= 6 for piece in pieces)
    assert decode(encode(text)) == text
    assert all(0 < token < 2**53 for token in encode(text))  # exact in every JSON reader


@pytest.mark.parametrize("wrong", [-1, 0, 1, 0x0261, 1 << 49, 1 << 70])
def test_other_numbers_are_no_tokens(wrong: int) -> None:
    with pytest.raises(ValueError, match="is not the id of a token"):
        decode([wrong])


@given(st.text(), st.integers(1, 60))
def test_a_text_is_divided_into_any_number_of_tokens(text: str, tokens: int) -> None:
    parts = divide(text, tokens)
    assert len(parts) == tokens
    assert "".join(parts) == text


def test_equal_beginnings_share_their_hashes() -> None:
    one = prefix_hashes([*range(40)])
    other = prefix_hashes([*range(35), 7, 7])
    assert len(one) == len(other) == 2  # 40 and 37 tokens fill two blocks of 16
    assert one == other
    changed = prefix_hashes([99, *range(1, 40)])
    assert not set(changed) & set(one)  # the second block is equal, what is before it is not
