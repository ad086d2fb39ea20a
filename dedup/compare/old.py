"""Comparing two nodes field by field: which level of agreement each comparison reaches.

Belongs here: levels from values, computed once per distinct pair of values. Distances count characters
(rapidfuzz), never bytes. Lives elsewhere: what a level is worth (`dedup/models/*.toml`), which pairs meet
(`blocking.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import cpdist

from dedup.model import LEVELS, Model
from dedup.normalise.facts import facts
from dedup.variants import Coded, Ints, Nodes

Levels = npt.NDArray[np.int8]


def patterns(nodes: Nodes, left: Ints, right: Ints, model: Model) -> dict[str, Levels]:
    """The level code of every comparison for each pair (see `model.LEVELS`).

    Symmetric: swapping left and right gives the same levels.
    """
    return {
        "name": name_levels(nodes, left, right),
        "id_number": id_levels(nodes, left, right),
        "birth_date": birth_levels(nodes, left, right),
        "sex": _equal_or_differ("sex", nodes.sex, left, right),
        "contact": contact_levels(nodes, left, right, model),
    }


def _code(comparison: str, level: str) -> int:
    return LEVELS[comparison].index(level)


def _distinct(left: Ints, right: Ints) -> tuple[Ints, Ints, Ints]:
    """Distinct unordered pairs of codes, and where each row's pair stands among them."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    base = int(high.max()) + 1 if len(high) else 1
    packed, place = np.unique(low * base + high, return_inverse=True)
    return packed // base, packed % base, place


def _by_value_pair(
    column: Coded, left: Ints, right: Ints, compare: Callable[[list[Any], list[Any]], Levels]
) -> Levels:
    """Levels of rows of code pairs, comparing each distinct pair of values once."""
    if not len(left):
        return np.array([], dtype=np.int8)
    low, high, place = _distinct(left, right)
    return compare(list(column.values[low]), list(column.values[high]))[place]


def _equal_or_differ(comparison: str, column: Coded, left: Ints, right: Ints) -> Levels:
    one, other = column.codes[left], column.codes[right]
    known = (one >= 0) & (other >= 0)
    level = np.where(one == other, _code(comparison, "equal"), _code(comparison, "differ"))
    return np.where(known, level, 0).astype(np.int8)


# --- names -----------------------------------------------------------------------------------------------------


def name_levels(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """Exact (by how common the name is), same sound, look-alike, one character, incomplete but compatible, differ."""
    one, other = nodes.name.codes[left], nodes.name.codes[right]
    level = np.zeros(len(left), dtype=np.int8)
    known = (one >= 0) & (other >= 0)
    whole = known & (nodes.name_kind[left] == "ok") & (nodes.name_kind[right] == "ok")
    same = whole & (one == other)
    level[same] = nodes.name_class[left[same]]
    apart = np.flatnonzero(whole & ~same)
    sounds = nodes.pinyin.codes[left[apart]] == nodes.pinyin.codes[right[apart]]
    level[apart] = np.where(
        sounds & (nodes.pinyin.codes[left[apart]] >= 0),
        _code("name", "homophone"),
        _by_value_pair(nodes.name, one[apart], other[apart], _compare_names),
    )
    odd = np.flatnonzero(known & ~whole)
    kinds = nodes.name_kind
    pairs = zip(
        nodes.name.values[one[odd]],
        kinds[left[odd]],
        nodes.name.values[other[odd]],
        kinds[right[odd]],
        strict=True,
    )
    level[odd] = [_code("name", _compare_incomplete(*pair)) for pair in pairs]
    return level


def _compare_names(one: list[str], other: list[str]) -> Levels:
    distance = cpdist(one, other, scorer=Levenshtein.distance, score_cutoff=1)
    level = np.full(len(one), _code("name", "differ"), dtype=np.int8)
    for place in np.flatnonzero(distance == 1):
        level[place] = _code("name", _one_character_apart(one[place], other[place]))
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
        return "compatible" if _fits(one, other) else "differ"
    if kinds & {"latin", "maiden"}:
        return "missing"
    return "missing"


def _fits(one: str, other: str) -> bool:
    """Whether two names of the same length agree wherever both show a character."""
    wild = "*?□"
    return len(one) == len(other) and all(
        a == b or a in wild or b in wild for a, b in zip(one, other, strict=True)
    )


# --- ID numbers ------------------------------------------------------------------------------------------------


def id_levels(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """Equal, one slip apart, prefix or mask agreeing, or in conflict; foreign papers only ever agree."""
    one_kind, other_kind = nodes.id_kind[left], nodes.id_kind[right]
    one, other = nodes.id_number.codes[left], nodes.id_number.codes[right]
    level = np.zeros(len(left), dtype=np.int8)

    full = (one_kind == "full") & (other_kind == "full")
    level[full] = _full_numbers(nodes, left[full], right[full])

    foreign = (one_kind == "foreign") & (other_kind == "foreign") & (one == other)
    level[foreign] = _code("id_number", "equal")

    cut = (
        ((one_kind == "prefix") | (other_kind == "prefix"))
        & (nodes.id_prefix.codes[left] >= 0)
        & (nodes.id_prefix.codes[right] >= 0)
    )
    agree = nodes.id_prefix.codes[left[cut]] == nodes.id_prefix.codes[right[cut]]
    level[cut] = np.where(agree, _code("id_number", "prefix"), _prefixes_apart(nodes, left[cut], right[cut]))

    masked = np.flatnonzero(
        ((one_kind == "masked") & np.isin(other_kind, ("full", "masked")))
        | ((other_kind == "masked") & (one_kind == "full"))
    )
    level[masked] = _by_value_pair(nodes.id_number, one[masked], other[masked], _compare_masked)
    return level


def _full_numbers(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    one, other = nodes.id_number.codes[left], nodes.id_number.codes[right]
    both_sound = nodes.id_sound[left] & nodes.id_sound[right]
    conflict = nodes.id_trusted[left] & nodes.id_trusted[right] & (one != other)
    apart = _by_value_pair(nodes.id_number, one, other, _compare_full)
    # Two sound numbers one digit apart are neighbours (twins, a reissued number), not a slip of the pen.
    apart = np.where(both_sound, _code("id_number", "far"), apart)
    apart = np.where(conflict, _code("id_number", "conflict"), apart)
    equal = np.where(both_sound, _code("id_number", "equal"), _code("id_number", "equal_bad"))
    return np.where(one == other, equal, apart).astype(np.int8)


def _compare_full(one: list[str], other: list[str]) -> Levels:
    distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=2)
    level = np.full(len(one), _code("id_number", "far"), dtype=np.int8)
    level[distance <= 2] = _code("id_number", "near_two")
    level[distance <= 1] = _code("id_number", "near")
    return level


def _prefixes_apart(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """Two prefixes that differ: one slip says nothing, more says two people."""

    def compare(one: list[str], other: list[str]) -> Levels:
        distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=1)
        return np.where(distance <= 1, 0, _code("id_number", "far")).astype(np.int8)

    return _by_value_pair(nodes.id_prefix, nodes.id_prefix.codes[left], nodes.id_prefix.codes[right], compare)


def _compare_masked(one: list[str], other: list[str]) -> Levels:
    return np.array(
        [
            _code("id_number", "masked_agree" if _masks_agree(a, b) else "far")
            for a, b in zip(one, other, strict=True)
        ],
        dtype=np.int8,
    )


def _masks_agree(one: str, other: str) -> bool:
    return len(one) == len(other) and all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=True))


# --- birth dates -----------------------------------------------------------------------------------------------


def birth_levels(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """The best agreement between the birth dates that both records give (stated, or inside the ID number)."""
    values = sorted({*nodes.birth.values, *nodes.birth_of_id.values})
    place = {value: code for code, value in enumerate(values)}
    stated = nodes.birth.lookup(place.__getitem__, np.int64, -1)
    of_id = nodes.birth_of_id.lookup(place.__getitem__, np.int64, -1)
    both = Coded(codes=stated, values=np.array(values, dtype=object))
    best = _birth_pair(both, stated[left], stated[right])
    for one, other in (
        (of_id[left], stated[right]),
        (stated[left], of_id[right]),
        (of_id[left], of_id[right]),
    ):
        some = np.flatnonzero((one >= 0) & (other >= 0))
        if len(some):
            again = _birth_pair(both, one[some], other[some])
            # Levels are listed from best to worst; 0 is missing.
            best[some] = np.where(best[some] == 0, again, np.minimum(best[some], again))
    return best


def _birth_pair(column: Coded, one: Ints, other: Ints) -> Levels:
    level = np.zeros(len(one), dtype=np.int8)
    known = (one >= 0) & (other >= 0)
    same = known & (one == other)
    level[same] = _code("birth_date", "equal")
    apart = np.flatnonzero(known & ~same)
    level[apart] = _by_value_pair(column, one[apart], other[apart], _compare_births)
    # Two dates that both give only the month agree no further than that.
    short = np.array([len(value) < 10 for value in column.values] + [False])
    level[same & short[one]] = _code("birth_date", "compatible")
    return level


def _compare_births(one: list[str], other: list[str]) -> Levels:
    slips = cpdist(
        [value.replace("-", "") for value in one],
        [value.replace("-", "") for value in other],
        scorer=OSA.distance,
        score_cutoff=1,
    )
    return np.array(
        [
            _code("birth_date", _compare_birth(a, b, slip <= 1))
            for a, b, slip in zip(one, other, slips, strict=True)
        ],
        dtype=np.int8,
    )


def _compare_birth(one: str, other: str, one_slip: bool) -> str:
    if len(one) != len(other):
        return "compatible" if one.startswith(other) or other.startswith(one) else "differ"
    if len(one) < 10:
        return "same_year" if one[:4] == other[:4] else "differ"
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return "swapped"
    if one_slip:
        return "slip"
    if 18 <= abs((date.fromisoformat(one) - date.fromisoformat(other)).days) <= 52:
        return "lunar"
    return "same_year" if one[:4] == other[:4] else "differ"


# --- contact: phone and home are one piece of evidence -----------------------------------------------------------


def contact_levels(nodes: Nodes, left: Ints, right: Ints, model: Model) -> Levels:
    """Phone and address together: families share both, so they never count twice in full."""
    phone_known = (nodes.phone.codes[left] >= 0) & (nodes.phone.codes[right] >= 0)
    phone = phone_known & _share_phone(nodes, left, right, model.names_per_phone)
    home_known, dwelling, no_unit, building, estate = _homes(nodes, left, right, model.names_per_dwelling)
    known = phone_known | home_known
    conditions = [phone & (dwelling | no_unit), phone, dwelling, no_unit, building, estate, known]
    names = ["phone_and_dwelling", "phone", "dwelling", "dwelling_no_unit", "building", "estate", "differ"]
    codes = [_code("contact", name) for name in names]
    return np.select(conditions, codes, default=0).astype(np.int8)


def _share_phone(nodes: Nodes, left: Ints, right: Ints, most_names: int) -> npt.NDArray[np.bool_]:
    one, other = nodes.phone.codes[left], nodes.phone.codes[right]
    crowded = _crowded(nodes.phone, nodes.name, most_names)
    share = (one >= 0) & (one == other) & ~crowded[one]
    several = np.array([";" in value for value in nodes.phone.values] + [False])
    lists = np.flatnonzero((one >= 0) & (other >= 0) & (one != other) & (several[one] | several[other]))

    def compare(some: list[str], others: list[str]) -> Levels:
        pairs = zip(some, others, strict=True)
        return np.array([bool(set(a.split(";")) & set(b.split(";"))) for a, b in pairs], dtype=np.int8)

    share[lists] = _by_value_pair(nodes.phone, one[lists], other[lists], compare) == 1
    return share


def _crowded(column: Coded, names: Coded, most: int) -> npt.NDArray[np.bool_]:
    """Which values more names share than a family has; the last entry stands for missing."""
    known = (column.codes >= 0) & (names.codes >= 0)
    base = len(names.values) + 1
    pairs = np.unique(column.codes[known] * base + names.codes[known]) // base
    crowded: npt.NDArray[np.bool_] = np.bincount(pairs, minlength=len(column.values) + 1) > most
    return crowded


def _homes(nodes: Nodes, left: Ints, right: Ints, most_names: int) -> tuple[npt.NDArray[np.bool_], ...]:
    def same(column: Coded, one: Ints = left, other: Ints = right) -> npt.NDArray[np.bool_]:
        agree: npt.NDArray[np.bool_] = (column.codes[one] >= 0) & (column.codes[one] == column.codes[other])
        return agree

    crowded = _crowded(nodes.home, nodes.name, most_names)
    living = same(nodes.home)
    dwelling = (living & ~crowded[nodes.home.codes[left]]) | _crossed(nodes, left, right)
    no_unit = same(nodes.home_no_unit) & ~(nodes.has_unit[left] & nodes.has_unit[right]) & ~living
    known = (nodes.estate.codes[left] >= 0) & (nodes.estate.codes[right] >= 0)
    open_ended = (nodes.home.codes[left] < 0) | (nodes.home.codes[right] < 0)
    building = same(nodes.building) & (open_ended | living)
    return known | dwelling, dwelling, no_unit, building, same(nodes.estate) & ~living


def _crossed(nodes: Nodes, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
    """One record's living address is the other's registered address: clerks write one into the other's column."""
    values = {value: code for code, value in enumerate(nodes.home.values)}
    registered = nodes.registered_home.lookup(lambda value: values.get(value, -1), np.int64, -1)
    one = (registered[left] >= 0) & (registered[left] == nodes.home.codes[right])
    other = (registered[right] >= 0) & (registered[right] == nodes.home.codes[left])
    result: npt.NDArray[np.bool_] = one | other
    return result
