"""Comparing dates, mostly birth dates: equal, less precise, day and month swapped, one slip, lunar, same year, differ.

Belongs here: date levels. Lives elsewhere: reading dates (`dedup/normalise/dates.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
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
    short = pc.less(pc.utf8_length(column.values.texts), 10).to_numpy(zero_copy_only=False)
    level[same & np.append(short, False)[one]] = COMPARER.code("compatible")
    return level


def _compare(one: list[str], other: list[str]) -> Levels:
    slips = cpdist(
        [value.replace("-", "") for value in one],
        [value.replace("-", "") for value in other],
        scorer=OSA.distance,
        score_cutoff=1,
    )
    a, b = _parts(one), _parts(other)
    whole, year = (a.day > 0) & (b.day > 0), a.year == b.year
    as_precise = ((a.month > 0) == (b.month > 0)) & ((a.day > 0) == (b.day > 0))
    month_fits = (a.month == b.month) | (a.month == 0) | (b.month == 0)
    apart = np.where(whole, np.abs(a.ordinal() - b.ordinal()), 0)
    conditions = {
        "compatible": ~as_precise & year & month_fits,
        "swapped": whole & year & (a.month == b.day) & (a.day == b.month),
        "slip": whole & (slips <= 1),
        "lunar": (apart >= 18) & (apart <= 52),
        "same_year": as_precise & year,
    }
    codes = [COMPARER.code(level) for level in conditions]
    return np.select(list(conditions.values()), codes, default=COMPARER.code("differ")).astype(np.int8)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Year, month and day of dates; 0 where a date does not go so far."""

    year: Ints
    month: Ints
    day: Ints

    def ordinal(self) -> Ints:
        """Days since 1970; a day that no calendar has is far from every other."""
        month = (self.year - 1970) * 12 + self.month - 1
        first, next_first = (
            m.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for m in (month, month + 1)
        )
        ordinal = first + self.day - 1
        return np.where(ordinal < next_first, ordinal, np.arange(len(ordinal)) * 1_000_000 + 100_000_000)


def _parts(dates: list[str]) -> _Parts:
    """Read ISO dates, whole or cut off after the month or the year.

    >>> [int(part[0]) for part in (lambda p: (p.year, p.month, p.day))(_parts(["1985-03"]))]
    [1985, 3, 0]
    """
    characters = np.array(dates, dtype="U10").view(np.uint32).reshape(-1, 10).astype(np.int64)
    digit = np.where(characters > 0, characters - ord("0"), 0)

    def number(*places: int) -> Ints:
        return np.asarray(sum(digit[:, place] * 10**power for power, place in enumerate(reversed(places))))

    return _Parts(number(0, 1, 2, 3), number(5, 6), number(8, 9))


COMPARER = Comparer(
    levels=("missing", "equal", "compatible", "swapped", "slip", "lunar", "same_year", "differ"),
    compare=_levels,
)
