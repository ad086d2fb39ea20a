"""Comparing dates, mostly birth dates: equal, less precise, day and month swapped, one slip, lunar, same year, differ.

Belongs here: date levels. Lives elsewhere: reading dates (`dedup/normalise/dates.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from dedup.columns import Coded, Ints, Levels, by_value_pair, unified
from dedup.compare.comparer import Comparer
from dedup.nodes import Nodes


def _levels(
    _comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    _options: Mapping[str, Any],
) -> Levels:
    """The best agreement between the dates both sides give: the first column, or a second one that contradicts it."""
    if len(columns) == 1:
        column = nodes[columns[0]]
        return _pair(column, column.codes[left], column.codes[right])
    stated, other_date = unified(nodes[columns[0]], nodes[columns[1]])
    best = _pair(stated, stated.codes[left], stated.codes[right])
    for one, other in (
        (other_date.codes[left], stated.codes[right]),
        (stated.codes[left], other_date.codes[right]),
        (other_date.codes[left], other_date.codes[right]),
    ):
        some = np.flatnonzero((one >= 0) & (other >= 0))
        if len(some):
            again = _pair(stated, one[some], other[some])
            # Levels are listed from best to worst; 0 is missing.
            best[some] = np.where(best[some] == 0, again, np.minimum(best[some], again))
    return best


def _pair(column: Coded, one: Ints, other: Ints) -> Levels:
    level = np.zeros(len(one), dtype=np.int8)
    known = (one >= 0) & (other >= 0)
    same = known & (one == other)
    level[same] = COMPARER.code("equal")
    apart = np.flatnonzero(known & ~same)
    level[apart] = by_value_pair(column, one[apart], other[apart], _compare)
    # Two dates that both give only the month agree no further than that.
    short = np.array([len(value) < 10 for value in column.values] + [False])
    level[same & short[one]] = COMPARER.code("compatible")
    return level


def _compare(one: list[str], other: list[str]) -> Levels:
    slips = cpdist(
        [value.replace("-", "") for value in one],
        [value.replace("-", "") for value in other],
        scorer=OSA.distance,
        score_cutoff=1,
    )
    codes = (
        COMPARER.code(_compare_one(a, b, slip <= 1)) for a, b, slip in zip(one, other, slips, strict=True)
    )
    return np.fromiter(codes, dtype=np.int8, count=len(one))


def _compare_one(one: str, other: str, one_slip: bool) -> str:
    if len(one) != len(other):
        return "compatible" if one.startswith(other) or other.startswith(one) else "differ"
    same_year = "same_year" if one[:4] == other[:4] else "differ"
    if len(one) < 10:
        return same_year
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return "swapped"
    if one_slip:
        return "slip"
    return "lunar" if 18 <= _days_apart(one, other) <= 52 else same_year


def _days_apart(one: str, other: str) -> int:
    try:
        return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
    except ValueError:  # a day that no calendar has
        return 0


COMPARER = Comparer(
    levels=("missing", "equal", "compatible", "swapped", "slip", "lunar", "same_year", "differ"),
    compare=_levels,
)
