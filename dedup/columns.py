"""Columns of strings as codes into their distinct values: what lets a distinct value be looked at once.

Belongs here: coding columns, grouping rows, and looking at distinct pairs of values.
Lives elsewhere: what the values mean (`prepare/`), comparing them (`compare/`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes into its distinct values; -1 is missing. Codes follow the sorted order of the values."""

    codes: Ints
    values: npt.NDArray[np.object_]

    def map(self, read: Callable[[Any], Any]) -> Coded:
        """The column of what `read` makes of each distinct value (None is missing)."""
        made = [read(value) for value in self.values]
        kept = sorted({value for value in made if value is not None})
        place = {value: code for code, value in enumerate(kept)}
        table = np.array([-1 if value is None else place[value] for value in made] + [-1], dtype=np.int64)
        values = np.empty(len(kept), dtype=object)
        values[:] = kept
        return Coded(codes=table[self.codes], values=values)

    def lookup(self, read: Callable[[Any], Any], dtype: Any, missing: Any) -> npt.NDArray[Any]:
        """What `read` says of each row's value, as a plain array."""
        table = np.array([read(value) for value in self.values] + [missing], dtype=dtype)
        return table[self.codes]

    def value_hashes(self) -> Hashes:
        """A 64-bit hash of each distinct value, the same in every run."""
        empty = np.array([], dtype=np.uint64)
        return pd.util.hash_array(self.values, categorize=False) if len(self.values) else empty

    def hashed(self) -> Hashes:
        """A 64-bit hash of each row's value, the same in every run; 0 where it is missing."""
        return np.append(self.value_hashes(), np.uint64(0))[self.codes]

    def take(self, rows: Ints) -> Coded:
        """The same column for some rows."""
        return Coded(codes=self.codes[rows], values=self.values)


def coded(column: Sequence[Any] | pa.ChunkedArray | pa.Array) -> Coded:
    """Code a column of strings (None or missing allowed)."""
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, type=pa.string())
    encoded = pc.dictionary_encode(array)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    values = np.array(encoded.dictionary.to_pylist(), dtype=object)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(values) if len(values) else np.array([], dtype=np.int64)
    rank = np.empty(len(values) + 1, dtype=np.int64)
    rank[order] = np.arange(len(values))
    rank[-1] = -1
    return Coded(codes=rank[codes], values=values[order])


def groups(columns: list[Ints]) -> Ints:
    """Number the distinct rows in order of first appearance."""
    frame = pd.DataFrame(dict(enumerate(columns)))
    return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup(), dtype=np.int64)


def distinct(numbers: Ints) -> Ints:
    """The distinct numbers in ascending order: by sorting, which beats hashing several times over here."""
    ordered = np.sort(numbers)
    fresh = np.ones(len(ordered), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def first_rows(group: Ints) -> Ints:
    first = np.full(int(group.max()) + 1 if len(group) else 0, -1, dtype=np.int64)
    first[group[::-1]] = np.arange(len(group))[::-1]
    return first


def texts(column: Coded) -> list[str | None]:
    """The values of each row."""
    values = [*column.values, None]
    return [values[code] for code in column.codes]


def unified(one: Coded, other: Coded) -> tuple[Coded, Coded]:
    """Two columns over one table of values, so that their codes compare."""
    values = np.array(sorted({*one.values, *other.values}), dtype=object)
    place = {value: code for code, value in enumerate(values)}
    return (
        Coded(one.lookup(place.__getitem__, np.int64, -1), values),
        Coded(other.lookup(place.__getitem__, np.int64, -1), values),
    )


def by_value_pair(
    column: Coded, left: Ints, right: Ints, compare: Callable[[list[Any], list[Any]], Levels]
) -> Levels:
    """What `compare` says of each row's pair of codes (none missing), asked once per distinct unordered pair."""
    if not len(left):
        return np.array([], dtype=np.int8)
    low, high = np.minimum(left, right), np.maximum(left, right)
    base = len(column.values)
    place, packed = pd.factorize(low * base + high)
    found: Levels = compare(list(column.values[packed // base]), list(column.values[packed % base]))[place]
    return found
