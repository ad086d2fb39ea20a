"""What an export looks like as a whole: how full its columns are, codes it has and we do not know, dates written anew.

Belongs here: measuring it, from the values as read.
Lives elsewhere: what is usual (`warehouse/habits.py`), what is too different (`expectations/gate.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.platform import Platform
from connectors.stage.block import Block, Flags, Texts
from connectors.stage.claims import Values
from warehouse.fields import fields
from warehouse.habits import Fill

KEY = "key"
_LEAST = 20  # stated dates, to speak of a change of format
_SIDE = 5  # of them before and after it
_PURE = 0.9  # of either side are written the way of that side
_DIGITS = re.compile(r"\d+")
_EITHER_DAY = r"^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?:\D.*)?\s*$"  # for Arrow
_MOST_CODES = 20  # different ones in a column: more are no codes but another column that moved here
_OTHERS = ""  # stands for the codes beyond these
_MOST_WAYS = 65_535  # of writing a date that are told apart
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


@dataclass(frozen=True, slots=True)
class Asides:
    """What only a first look at the whole of an export can tell, for the second look at its batches."""

    ambiguous: frozenset[str] = frozenset()  # date fields whose way of writing changes
    codes: frozenset[str] = frozenset()  # unknown codes: may somebody's name be among them?


@dataclass(slots=True)
class Measure:
    """The profile of an export while its batches go by: counts, and of each stated date two bytes and its row."""

    platform: Platform
    known: Asides
    _fills: dict[str, list[int]] = dataclass_field(default_factory=dict)  # rows, filled, usable
    _codes: dict[str, Counter[str]] = dataclass_field(default_factory=dict)
    _personal: set[str] = dataclass_field(
        default_factory=set
    )  # of the unknown codes, what is also a personal value
    _late: set[str] = dataclass_field(default_factory=set)  # codes that were not known of from the start
    _begun: bool = False
    _dates: dict[str, list[_Dates]] = dataclass_field(default_factory=dict)
    _ways: dict[str, int] = dataclass_field(default_factory=dict)
    _ambiguous: Counter[str] = dataclass_field(default_factory=Counter)

    def add(self, block: Block, values: Mapping[str, Values]) -> dict[str, Flags]:
        """Measure a batch; by date field, the rows that cannot be read for a change that is known of."""
        self._add_fills(block, values)
        self._add_codes(values)
        return dict(self._add_dates(block, values))

    def unknown(self) -> Asides:
        """What has to be looked at again, now that the whole is known; empty if nothing has to."""
        dates = {name for name, _ in self._changes() if self._ambiguous[name]}
        wanted = {text for codes in self._codes.values() for text in codes if _may_be_shown(codes, text)}
        late = wanted & self._late - self.known.codes
        asked = Asides(frozenset(dates), frozenset(wanted) if late else self.known.codes)
        return Asides() if asked == self.known else asked

    def profile(self, rows: int) -> Profile:
        """All of it."""
        columns = {name: column.column for name, column in self.platform.fields.items()}
        columns[KEY] = self.platform.export.key or ""
        return Profile(
            rows=rows,
            fills=tuple(Fill(name, columns[name], *counts) for name, counts in self._fills.items()),
            codes=tuple(self._unknown_codes()),
            dates=tuple(change for _, change in self._changes()),
        )

    def _add_fills(self, block: Block, values: Mapping[str, Values]) -> None:
        counted = {
            name: (int((~value.reads("empty")).sum()), len(block) - value.keys.indices.null_count)
            for name, value in values.items()
        }
        if self.platform.export.key is not None:
            key = block.columns[self.platform.export.key]
            counted[KEY] = (int(key.stating().sum()),) * 2
        for name, (filled, usable) in counted.items():
            so_far = self._fills.get(name, [0, 0, 0])
            more = (len(block), filled, usable)
            self._fills[name] = [before + now for before, now in zip(so_far, more, strict=True)]

    def _add_codes(self, values: Mapping[str, Values]) -> None:
        met: set[str] = set(self.known.codes)
        for name, value in values.items():
            codes = self._codes.setdefault(name, Counter())
            met |= codes.keys()
            if fields()[name].kind in ("code", "flag") and bool((unknown := value.reads("unknown")).any()):
                new = value.stated.filter(pa.array(unknown)).dictionary_decode().value_counts()
                for one in new.to_pylist():
                    self._count(codes, one["values"], one["counts"])
        if not self._begun:
            met |= {text for codes in self._codes.values() for text in codes}
        self._late |= {text for codes in self._codes.values() for text in codes} - met
        self._begun = True
        for name in filter(values.__contains__, _PERSONAL) if met else ():
            self._personal |= met.intersection(values[name].stated.dictionary.to_pylist())

    def _count(self, codes: Counter[str], text: str, times: int) -> None:
        """Count a code; of a column with too many different ones, only that there are too many, and the rows."""
        codes[text if text in codes or len(codes) <= _MOST_CODES else _OTHERS] += times

    def _unknown_codes(self) -> Iterator[UnknownCodes]:
        for name, codes in self._codes.items():
            if codes:
                shown = {
                    text: times
                    for text, times in codes.items()
                    if _may_be_shown(codes, text) and text not in self._personal
                }
                others = sum(codes.values()) - sum(shown.values())
                ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
                yield UnknownCodes(name, self.platform.fields[name].column, tuple(ordered), others)

    def _add_dates(self, block: Block, values: Mapping[str, Values]) -> Iterator[tuple[str, Flags]]:
        for name, value in values.items():
            if fields()[name].kind == "date":
                stated = ~value.reads("empty")
                ways = self._ways_of(value.stated)[stated]
                sheets = block.sheets[stated]
                self._dates.setdefault(name, []).append(_Dates(ways, sheets, block.rows[stated]))
                ambiguous = _ambiguous(value)
                self._ambiguous[name] += int(ambiguous.sum())
                if name in self.known.ambiguous:
                    yield name, ambiguous

    def _ways_of(self, stated: pa.DictionaryArray) -> npt.NDArray[np.uint16]:
        """How each date is written, as a number."""
        texts = pc.if_else(
            pc.match_substring_regex(stated.dictionary, "^[0-9]{8}$"), "00000000", stated.dictionary
        )
        distinct = texts.dictionary_encode()
        ways = [
            self._ways.setdefault(_shape(text), min(len(self._ways), _MOST_WAYS))
            for text in distinct.dictionary.to_pylist()
        ]
        of_text = np.array(ways, dtype=np.uint16)[distinct.indices.to_numpy()]
        found: npt.NDArray[np.uint16] = of_text[stated.indices.to_numpy()]
        return found

    def _changes(self) -> Iterator[tuple[str, DateChange]]:
        """Date columns whose way of writing changes midway."""
        for name, met in self._dates.items():
            at = _change(np.concatenate([dates.ways for dates in met]))
            if at is not None:
                sheet, row = _place(met, at)
                yield name, DateChange(self.platform.fields[name].column, sheet, row, self._ambiguous[name])


class _Dates(NamedTuple):
    """Of each stated date of a batch: how it is written, and where."""

    ways: npt.NDArray[np.uint16]
    sheets: Texts
    rows: npt.NDArray[np.int32]


def _place(met: Sequence[_Dates], at: int) -> tuple[str, int]:
    for dates in met:
        if at < len(dates.ways):
            return str(dates.sheets[at]), int(dates.rows[at])
        at -= len(dates.ways)
    raise IndexError(at)


def _may_be_shown(codes: Counter[str], text: str) -> bool:
    """Whether an unknown code may be shown: in a row that slipped, somebody's name stands under a code."""
    return (
        len(codes) <= _MOST_CODES
        and codes[text] >= _TIMES
        and len(text) <= _LONGEST
        and not _LONG_NUMBER.search(text)
    )


def _ambiguous(value: Values) -> Flags:
    """Rows that state 05/06/1980: with two ways of writing in one column, which number is the day?"""
    either = pc.match_substring_regex(value.stated.dictionary, _EITHER_DAY)
    found = np.flatnonzero(either.to_numpy(zero_copy_only=False))
    flags: Flags = np.isin(value.stated.indices.to_numpy(), found) & value.reads("year")
    return flags


def _change(ways: npt.NDArray[np.uint16]) -> int | None:
    """Where the way of writing changes; None if it does not, or changes all the time."""
    size = len(ways)
    if size < _LEAST:
        return None
    first, last = (_most_common(part) for part in (ways[: size // 4], ways[-(size // 4) :]))
    if first == last:
        return None
    before, after = np.cumsum(ways == first), np.cumsum((ways == last)[::-1])[::-1]
    at = int(np.argmax(before[:-1] + after[1:])) + 1
    pure = before[at - 1] >= _PURE * at and after[at] >= _PURE * (size - at)
    return at if pure and min(at, size - at) >= _SIDE else None


def _most_common(ways: npt.NDArray[np.uint16]) -> int:
    """Of equally common ones the one met first."""
    met, first, times = np.unique(ways, return_index=True, return_counts=True)
    return int(met[np.lexsort((first, -times))[0]])


def _shape(text: str) -> str:
    """How a date is written.

    >>> _shape("1980-01-02"), _shape("1980/1/2 08:00"), _shape("19800102"), _shape("2/1/1980")
    ('Y-n-n', 'Y/n/n', '8', 'n/n/Y')
    """
    day = text.strip().partition(" ")[0].partition("T")[0]
    return _DIGITS.sub(lambda run: {1: "n", 2: "n", 4: "Y"}.get(len(run[0]), str(len(run[0]))), day)
