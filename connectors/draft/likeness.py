"""How alike two headers are, by their letters and by the word for the form of their answer.

Belongs here: one number from 0 to 1. Lives elsewhere: what is made of it (`headers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from math import sqrt

from connectors.draft.aliases import Knowledge, grams, words

# 死亡日期 and 死亡时间: two headers that differ only in the word for their form.
_SAME_CORE = 0.9
_ASKED = re.compile("是否已?|有无")


def likest(text: str, some: Iterable[str], known: Knowledge) -> float:
    """How alike a header and the likest of some words are."""
    return max((_alike(text, word, known) for word in some), default=0.0)


def _alike(one: str, other: str, known: Knowledge) -> float:
    """Likeness of two headers, 0 to 1: the cosine of their letters and pairs of letters, each by how much it tells."""
    if one == other:
        return 1.0
    if one.isascii() or other.isascii():
        return 0.0
    if core_of(one) == core_of(other):
        return _SAME_CORE
    left, right = grams(one), grams(other)
    shared = sum(_weight(gram, known) ** 2 for gram in left & right)
    if not shared:
        return 0.0
    return shared / sqrt(_length(left, known) * _length(right, known))


def _length(some: frozenset[str], known: Knowledge) -> float:
    return sum(_weight(gram, known) ** 2 for gram in some)


def _weight(gram: str, known: Knowledge) -> float:
    """A letter never met tells a lot, but never so much as a whole word that is known."""
    return known.weights.get(gram, 2.0) * (1.0 if len(gram) == 1 else 0.8)


@cache
def core_of(text: str) -> tuple[str, str]:
    """A header without the word for its form, and which form that is.

    >>> core_of("死亡日期") == core_of("死亡时间"), core_of("户口性质") == core_of("户口编号")
    (True, False)
    """
    forms = words()["noise"]["forms"]
    asked = _ASKED.match(text)
    if asked is not None and len(text) > len(asked[0]) + 1:
        return text.removeprefix(asked[0]), "flag"
    ends = [(end, form) for form, some in forms.items() for end in some if text.endswith(end)]
    end, form = max(ends, key=lambda one: len(one[0]), default=("", ""))
    return (text.removesuffix(end), form) if len(text) > len(end) else (text, "")
