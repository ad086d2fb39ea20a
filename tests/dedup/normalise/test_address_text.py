"""The text of an address in one spelling: what is clean already is left as it is, and only that."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from dedup.normalise.address_text import cleaned, respelled

ALPHABET = "近江家园村上下地负一十零百幢號国國IVXa9 -(（）〇○"


@given(text=st.text(ALPHABET) | st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
@example(text="近江家园地下一层")
@example(text="江苏省盐城市阜宁县青桥镇张集村92号")
def test_the_shortcut_says_what_step_by_step_does(text: str) -> None:
    assert cleaned(text) == respelled(text)
