"""What an export looks like as a whole: how full its columns are, codes it has and we do not know, dates written anew.

Belongs here: measuring it, from the values as read.
Lives elsewhere: what is usual (`warehouse/habits.py`), what is too different (`expectations/gate.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.platform import Platform
from connectors.stage.block import Block, Flags, Places, Texts
from connectors.stage.claims import Values
from warehouse.fields import fields
from warehouse.habits import Fill

KEY = "key"
_LEAST = 20  # stated dates, to speak of a change of format
_SIDE = 5  # of them before and after it
_PURE = 0.9  # of either side are written the way of that side
_DIGITS = re.compile(r"\d+")
_EITHER_DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?:\D.*)?")
_MOST_CODES = 20  # different ones in a column: more are no codes but another column that moved here
_TIMES = 3  # a code stands in several rows; what does not may be anything
_LONGEST = 12  # characters of a code
_LONG_NUMBER = re.compile(r"\d{7}")
_PERSONAL = ("name", "id_number", "phone", "address", "former_name", "head_name", "head_id_number")


class DateChange(NamedTuple):
    """A date column that is written one way above a row, and another way from it on."""

    column: str
    sheet: str
    row: int
    ambiguous: int  # rows of which nobody can say which number is the day


class UnknownCodes(NamedTuple):
    """Values of a code column that neither the platform's code map nor the national table knows, with their rows.

    `values` holds those that are certainly no personal value; `others` counts the rows of all others.
    """

    field: str
    column: str
    values: tuple[tuple[str, int], ...]
    others: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What an export looks like as a whole."""

    rows: int
    fills: tuple[Fill, ...]
    codes: tuple[UnknownCodes, ...]
    dates: tuple[DateChange, ...]


def fills(block: Block, values: Mapping[str, Values], platform: Platform) -> Iterator[Fill]:
    """How full each used column is, that of the platform's own key included."""
    size = len(block)
    for name, value in values.items():
        filled, usable = int(_stated(value).sum()), size - value.keys.null_count
        yield Fill(name, platform.fields[name].column, size, filled, usable)
    if platform.export.key is not None:
        stated = sum(bool(text.strip()) for text in block.columns[platform.export.key].texts)
        yield Fill(KEY, platform.export.key, size, stated, stated)


def unknown_codes(values: Mapping[str, Values], platform: Platform) -> Iterator[UnknownCodes]:
    """The values of each code column that nobody knows."""
    for name, value in values.items():
        if fields()[name].kind not in ("code", "flag"):
            continue
        unknown = value.stated.filter(pc.equal(value.qualities, "unknown"))
        met = {one["values"]: one["counts"] for one in unknown.value_counts().to_pylist()}
        if met:
            shown = _shown(met, values)
            others = sum(times for text, times in met.items() if text not in shown)
            ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
            yield UnknownCodes(name, platform.fields[name].column, tuple(ordered), others)


def _shown(met: Mapping[str, int], values: Mapping[str, Values]) -> dict[str, int]:
    """Of unknown values those that may be shown: in a row that slipped, somebody's name stands under a code."""
    if len(met) > _MOST_CODES:
        return {}
    columns = [values[name].stated for name in _PERSONAL if name in values]
    personal = {text for stated in columns for text in stated.unique().to_pylist()}
    return {
        text: times
        for text, times in met.items()
        if times >= _TIMES
        and len(text) <= _LONGEST
        and not _LONG_NUMBER.search(text)
        and text not in personal
    }


def date_changes(
    block: Block, values: Mapping[str, Values], platform: Platform
) -> Iterator[tuple[DateChange, Flags]]:
    """Date columns whose way of writing changes midway, with the rows that cannot be read for it."""
    for name, value in values.items():
        if fields()[name].kind != "date":
            continue
        places: Places = np.flatnonzero(_stated(value))
        at = _change(value.stated.to_numpy(zero_copy_only=False)[places])
        if at is not None:
            ambiguous = _ambiguous(value)
            first, column = places[at], platform.fields[name].column
            found = DateChange(column, str(block.sheets[first]), int(block.rows[first]), int(ambiguous.sum()))
            yield found, ambiguous


def _ambiguous(value: Values) -> Flags:
    """Rows that state 05/06/1980: with two ways of writing in one column, which number is the day?"""
    either = [text for text in value.stated.unique().to_pylist() if _EITHER_DAY.fullmatch(text.strip())]
    met = pc.and_(pc.is_in(value.stated, pa.array(either, pa.string())), pc.equal(value.qualities, "year"))
    flags: Flags = met.to_numpy(zero_copy_only=False)
    return flags


def _stated(value: Values) -> Flags:
    """Rows that state anything in a field."""
    flags: Flags = pc.not_equal(value.qualities, "empty").to_numpy(zero_copy_only=False)
    return flags


def _change(texts: Texts) -> int | None:
    """Where the way of writing changes; None if it does not, or changes all the time."""
    size = len(texts)
    if size < _LEAST:
        return None
    shapes = {text: _shape(text) for text in set(texts)}
    ways = np.array([shapes[text] for text in texts], dtype=object)
    first, last = (Counter(part).most_common(1)[0][0] for part in (ways[: size // 4], ways[-(size // 4) :]))
    if first == last:
        return None
    before, after = np.cumsum(ways == first), np.cumsum((ways == last)[::-1])[::-1]
    at = int(np.argmax(before[:-1] + after[1:])) + 1
    pure = before[at - 1] >= _PURE * at and after[at] >= _PURE * (size - at)
    return at if pure and min(at, size - at) >= _SIDE else None


def _shape(text: str) -> str:
    """How a date is written.

    >>> _shape("1980-01-02"), _shape("1980/1/2 08:00"), _shape("19800102"), _shape("2/1/1980")
    ('Y-n-n', 'Y/n/n', '8', 'n/n/Y')
    """
    day = text.strip().partition(" ")[0].partition("T")[0]
    return _DIGITS.sub(lambda run: {1: "n", 2: "n", 4: "Y"}.get(len(run[0]), str(len(run[0]))), day)
