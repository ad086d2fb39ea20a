"""Comparing Chinese names: exact (by how common the name is), same sound, look-alike, one character, former name, incomplete,
differ.

Belongs here: name levels. Lives elsewhere: spelling a name (`dedup/normalise/names.py`), how common one is
(`dedup/identity.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from dedup.columns import Bools, Ints, Levels, by_value_pair
from dedup.compare.comparer import Comparer
from dedup.nodes import Nodes
from dedup.normalise.facts import facts

_UNLIKE = ("lookalike", "one_char", "differ")  # levels that a former name explains


def _levels(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    _columns: tuple[str, ...],
    _options: Mapping[str, Any],
) -> Levels:
    name, kind, sound = nodes["name"], nodes.facts["name_kind"], nodes["pinyin"].codes
    one, other = name.codes[left], name.codes[right]
    level = np.zeros(len(left), dtype=np.int8)
    known = (one >= 0) & (other >= 0)
    ok = kind == "ok"
    whole = known & ok[left] & ok[right]
    same = np.flatnonzero(whole & (one == other))
    rarity = _rarity(nodes, comparer)
    level[same] = rarity[left[same]]
    apart = np.flatnonzero(whole & (one != other))
    sounds_same = (sound[left[apart]] == sound[right[apart]]) & (sound[left[apart]] >= 0)
    # Many short names sound alike, few long ones do.
    long = (rarity[left[apart]] == comparer.code("exact_long")) & (
        rarity[right[apart]] == comparer.code("exact_long")
    )
    level[apart] = np.where(
        sounds_same,
        np.where(long, comparer.code("homophone_long"), comparer.code("homophone_short")),
        by_value_pair(name, one[apart], other[apart], _compare_whole),
    )
    odd = np.flatnonzero(known & ~whole)
    level[odd] = _incomplete(nodes, left[odd], right[odd])
    unlike = np.flatnonzero(np.isin(level, [comparer.code(name) for name in _UNLIKE]) & whole)
    renamed = _renamed(nodes, left[unlike], right[unlike]) | _renamed(nodes, right[unlike], left[unlike])
    level[unlike[renamed]] = comparer.code("former")
    return level


def _renamed(nodes: Nodes, one: Ints, other: Ints) -> Bools:
    """Whether the first states as a former name what the second still calls itself."""
    before = nodes["former_name"].codes[one]
    return np.asarray((before >= 0) & (before == nodes["name"].codes[other]))


def _rarity(nodes: Nodes, comparer: Comparer) -> Levels:
    """Per node the level of an exact agreement on its name."""
    level = {name: comparer.code(name) for name in comparer.levels}
    found: Levels = nodes["name_class"].lookup(level.__getitem__, np.int8, comparer.code("missing"))
    return found


def _incomplete(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """Pairs of which one name at least is not whole, each distinct pair of names looked at once."""
    kinds, values = pd.factorize(nodes.facts["name_kind"])
    name = nodes["name"]
    names = name.values.strings
    stated = name.codes * len(values) + kinds  # a name with its kind
    base = (len(names) + 1) * len(values)
    place, packed = pd.factorize(stated[left] * base + stated[right])

    def said(code: Ints) -> Iterator[tuple[str, str]]:
        return zip(names[code // len(values)], values[code % len(values)], strict=True)

    pairs = zip(said(packed // base), said(packed % base), strict=True)
    levels = [COMPARER.code(_compare_incomplete(*one, *other)) for one, other in pairs]
    found: Levels = np.array(levels, dtype=np.int8)[place]
    return found


def _compare_whole(one: list[str], other: list[str]) -> Levels:
    distance = cpdist(one, other, scorer=Levenshtein.distance, score_cutoff=1)
    level = np.full(len(one), COMPARER.code("differ"), dtype=np.int8)
    for place in np.flatnonzero(distance == 1):
        level[place] = COMPARER.code(_one_character_apart(one[place], other[place]))
    return level


def _one_character_apart(one: str, other: str) -> str:
    if len(one) == len(other):
        different = next((a, b) for a, b in zip(one, other, strict=True) if a != b)
        if frozenset(different) in _lookalikes():
            return "lookalike"
    # One of two characters is half a name: 王伟 and 王芳 are two people.
    return "one_char" if min(len(one), len(other)) >= 3 else "differ"


@cache
def _lookalikes() -> frozenset[frozenset[str]]:
    """Pairs of characters that clerks take for each other, and surnames written two ways."""
    typed = (pair[:2] for pair in facts("confusables")["pairs"])
    written = (pair[:2] for pair in facts("surnames")["variants"])
    return frozenset(frozenset(pair) for pair in (*typed, *written))


def _compare_incomplete(one: str, one_kind: str, other: str, other_kind: str) -> str:
    """Two names of which at least one is masked, incomplete, a newborn's stand-in or in another script."""
    kinds = {one_kind, other_kind}
    if "newborn" in kinds:
        return "newborn"
    if kinds & {"masked", "partial"}:
        return "compatible" if fits(one, other) else "differ"
    return "missing"


def fits(one: str, other: str) -> bool:
    """Whether two texts of the same length agree wherever both show a character.

    >>> fits("王*", "王伟"), fits("王*", "李*")
    (True, False)
    """
    wild = "*?□"
    return len(one) == len(other) and all(
        a == b or a in wild or b in wild for a, b in zip(one, other, strict=True)
    )


COMPARER = Comparer(
    levels=(
        "missing", "exact_long", "exact_short", "exact_common", "homophone_long", "homophone_short", "lookalike", "one_char", "former", "compatible",
        "newborn", "differ",
    ),
    compare=_levels,
)  # fmt: skip
