"""Columns of strings as codes into their distinct values: what lets a distinct value be looked at once.

Belongs here: coding columns, grouping rows, and looking at distinct pairs of values.
Lives elsewhere: what the values mean (`prepare/`), comparing them (`compare/`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.int8]
Hashes = npt.NDArray[np.uint64]
_MOST_PACKED = 1 << 62


class Values:
    """The distinct values of a column: as Arrow texts, and as Python strings and hashes once these are asked for.

    Columns that share one of these compare by their codes.
    """

    def __init__(self, texts: pa.StringArray) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def strings(self) -> npt.NDArray[np.object_]:
        """As Python strings."""
        found: npt.NDArray[np.object_] = self.texts.to_numpy(zero_copy_only=False)
        return found

    @cached_property
    def hashes(self) -> Hashes:
        """A 64-bit hash of each, the same in every run."""
        if not len(self):
            return np.array([], dtype=np.uint64)
        found: Hashes = pd.util.hash_array(self.strings, categorize=False)
        return found

    def where(self, keep: Bools) -> Values:
        """Some of them."""
        return Values(self.texts.filter(pa.array(keep)))


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes into its distinct values; -1 is missing. Each value stands once."""

    codes: Ints
    values: Values

    def map(self, read: Callable[[Any], str | None]) -> Coded:
        """The column of what `read` makes of each distinct value (None is missing)."""
        return self.of_each(coded([read(value) for value in self.values.strings]))

    def map_all(self, read: Callable[[pa.StringArray], pa.StringArray]) -> Coded:
        """The same by a function that reads all distinct values at once."""
        return self.of_each(coded(read(self.values.texts)))

    def of_each(self, made: Coded) -> Coded:
        """The column of what `made` holds for each distinct value."""
        return Coded(codes=np.append(made.codes, -1)[self.codes], values=made.values)

    def lookup(self, read: Callable[[Any], Any], dtype: Any, missing: Any) -> npt.NDArray[Any]:
        """What `read` says of each row's value, as a plain array."""
        return self.looked_up(np.array([read(value) for value in self.values.strings], dtype=dtype), missing)

    def looked_up(self, said: npt.NDArray[Any], missing: Any) -> npt.NDArray[Any]:
        """What is said of each distinct value, for each row."""
        return np.append(said, np.array([missing], dtype=said.dtype))[self.codes]

    def hashed(self) -> Hashes:
        """A 64-bit hash of each row's value, the same in every run; 0 where it is missing."""
        return np.append(self.values.hashes, np.uint64(0))[self.codes]

    def take(self, rows: Ints) -> Coded:
        """The same column for some rows."""
        return Coded(codes=self.codes[rows], values=self.values)

    def where(self, keep: Bools) -> Coded:
        """The same column, missing where not kept; values that no row states any more are gone."""
        codes = np.where(keep, self.codes, -1)
        used = np.zeros(len(self.values) + 1, dtype=np.bool_)
        used[codes] = True
        used[-1] = False
        place = np.where(used, np.cumsum(used) - 1, -1)
        return Coded(codes=place[codes], values=self.values.where(used[:-1]))


def coded(column: Sequence[Any] | pa.ChunkedArray | pa.Array) -> Coded:
    """Code a column of strings (None or missing allowed), plain or already encoded; values stand as they are first met, or
    in the order of the encoding."""
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, type=pa.string())
    encoded = pc.dictionary_encode(array)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return Coded(codes, Values(encoded.dictionary))


def ordered(column: Coded) -> Coded:
    """The same column with codes that follow the sorted order of the values."""
    order = np.argsort(column.values.strings)
    rank = np.full(len(order) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Coded(rank[column.codes], Values(column.values.texts.take(pa.array(order))))


def groups(columns: list[Ints]) -> Ints:
    """Number the distinct rows in order of first appearance; codes are -1 or more.

    Codes are packed into one number as long as it holds them, and numbered anew before it would not.
    """
    packed, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        most = int(column.max(initial=-1)) + 2
        if size * most > _MOST_PACKED:
            packed, found = pd.factorize(packed)
            size = len(found)
        packed, size = packed * most + column + 1, size * most
    return np.asarray(pd.factorize(packed)[0], dtype=np.int64)


def distinct(numbers: Ints) -> Ints:
    """The distinct numbers in ascending order: by sorting, which beats hashing several times over here."""
    ordered = np.sort(numbers)
    fresh = np.ones(len(ordered), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def repeated(hashes: Hashes) -> tuple[Ints, Hashes]:
    """The places of hashes that stand more than once, in an order in which equal ones are neighbours, and these hashes.

    A place is written into the last bits of its hash: numbers are sorted several times faster than places by numbers.
    Should two hashes that differ only there be neighbours, they are sorted as they are.
    """
    bits = np.uint64(len(hashes).bit_length())
    packed = hashes >> bits << bits | np.arange(len(hashes), dtype=np.uint64)
    packed.sort()
    front = packed >> bits
    again = _again(front)
    order = (packed[again] & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    front, value = front[again], hashes[order]
    if ((front[1:] == front[:-1]) == (value[1:] == value[:-1])).all():
        return order, value
    order = order[np.argsort(value)]
    order = order[_again(hashes[order])]
    return order, hashes[order]


def _again(ordered_hashes: Hashes) -> Bools:
    """Which of ordered hashes have an equal neighbour."""
    again = np.zeros(len(ordered_hashes), dtype=np.bool_)
    again[1:] = ordered_hashes[1:] == ordered_hashes[:-1]
    again[:-1] |= again[1:]
    return again


def first_rows(group: Ints) -> Ints:
    first = np.full(int(group.max()) + 1 if len(group) else 0, -1, dtype=np.int64)
    first[group[::-1]] = np.arange(len(group))[::-1]
    return first


def texts(column: Coded) -> list[str | None]:
    """The values of each row."""
    values = [*column.values.strings, None]
    return [values[code] for code in column.codes]


def unified(one: Coded, other: Coded) -> tuple[Coded, Coded]:
    """Two columns over one table of values, so that their codes compare."""
    both = coded(pa.concat_arrays([one.values.texts, other.values.texts]))
    place = np.append(both.codes, -1)
    codes = np.where(other.codes >= 0, len(one.values) + other.codes, -1)
    return Coded(place[one.codes], both.values), Coded(place[codes], both.values)


def either(one: Coded, other: Coded) -> Coded:
    """The first column, and the other where that is missing."""
    one, other = unified(one, other)
    codes = np.where(one.codes >= 0, one.codes, other.codes)
    return Coded(codes, one.values).where(codes >= 0)


def by_value_pair(
    column: Coded, left: Ints, right: Ints, compare: Callable[[list[Any], list[Any]], Levels]
) -> Levels:
    """What `compare` says of each row's pair of codes (none missing), asked once per distinct unordered pair."""
    if not len(left):
        return np.array([], dtype=np.int8)
    low, high = np.minimum(left, right), np.maximum(left, right)
    base, strings = len(column.values), column.values.strings
    place, packed = pd.factorize(low * base + high)
    found: Levels = compare(list(strings[packed // base]), list(strings[packed % base]))[place]
    return found
