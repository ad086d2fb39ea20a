"""Rows of an export by the ten thousand, as they are stored: what can be read, kept and staged without holding the whole.

Belongs here: the stored shape of cells, and making it from rows, or from lines of text.
Lives elsewhere: single rows and their marks (`sheet.py`), the file of cells (`connectors/land/cells.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.read.sheet import EMPTY, Row

BATCH_ROWS = 50_000  # of a file that is read as a whole, and of one with short lines; of text, as many as `BLOCK` bytes hold
# What parsing and staging one export of delimited text or one xlsx takes at most, whatever its size, libraries included:
# measured by `make bench-staging`, at twenty columns. docs/staging.md says what other formats take, and why.
MEMORY_MB = 640
SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("row", pa.int32()),  # as the clerk sees it, from 1
        ("cells", pa.list_(pa.string())),
        ("types", pa.string()),  # one mark per cell: connectors/read/sheet.py
    ]
)
Marks = npt.NDArray[np.uint8]  # one type mark per cell (sheet.py)
Flags = npt.NDArray[np.bool_]
_UNUSUAL = "\x1f"  # what no cell holds, or it costs time only
_TEXT, _EMPTY = ord("s"), ord(EMPTY)


def batch_of(sheet: str, rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows of one sheet as they are stored."""
    numbers, cells, types = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.record_batch(
        [
            pa.repeat(pa.scalar(sheet, pa.string()), len(rows)),
            pa.array(numbers, pa.int32()),
            _lists(cells),
            pa.array(types, pa.string()),
        ],
        schema=SCHEMA,
    )


def batches_of(sheet: str, rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """The same in batches of at most `BATCH_ROWS`."""
    left = iter(rows)
    while some := list(islice(left, BATCH_ROWS)):
        yield batch_of(sheet, some)


def batch_of_table(
    sheet: str, numbers: npt.NDArray[np.int32], texts: pa.StringArray, marks: Marks
) -> pa.RecordBatch:
    """Rows of equal length as they are stored: their numbers, all their texts row by row, and a row of marks for each."""
    ends = pa.array(np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(marks.shape[1]))
    return pa.record_batch(
        [
            pa.repeat(pa.scalar(sheet, pa.string()), len(numbers)),
            pa.array(numbers, pa.int32()),
            pa.ListArray.from_arrays(ends, texts),
            pa.StringArray.from_buffers(len(numbers), ends.buffers()[1], pa.py_buffer(marks.tobytes())),
        ],
        schema=SCHEMA,
    )


def split_batch(first: int, lines: pa.StringArray, delimiter: str) -> pa.RecordBatch:
    """Lines split at every delimiter, as rows numbered from `first` on; without those that state nothing.

    >>> split_batch(7, pa.array(["王伟, ", ","]), ",").to_pylist()
    [{'sheet': '', 'row': 7, 'cells': ['王伟', ' '], 'types': 's.'}]
    """
    size = len(lines)
    cells = pc.split_pattern(lines, delimiter)
    marks = marks_of(cells.values)
    batch = pa.record_batch(
        [
            pa.repeat(pa.scalar("", pa.string()), size),
            pa.array(np.arange(first, first + size, dtype=np.int32)),
            cells,
            pa.StringArray.from_buffers(size, cells.offsets.buffers()[1], pa.py_buffer(marks)),
        ],
        schema=SCHEMA,
    )
    nothing = np.logical_and.reduceat(marks == _EMPTY, cells.offsets.to_numpy()[:-1])
    return batch.filter(pa.array(~nothing)) if bool(nothing.any()) else batch


def marks_of(texts: pa.StringArray) -> Marks:
    """The marks of cells of text.

    >>> marks_of(pa.array(["王伟", " ", ""])).tobytes()
    b's..'
    """
    # Arrow and Python agree on what white space is.
    blank = pc.or_(pc.utf8_is_space(texts), pc.equal(pc.binary_length(texts), 0))
    return np.where(blank.to_numpy(zero_copy_only=False), np.uint8(_EMPTY), np.uint8(_TEXT))


def split_text(text: bytes, mark: str) -> pa.StringArray:
    """A text in UTF-8, unchecked, split at every mark: Arrow takes one long text over many times faster than its pieces.

    >>> split_text("王伟\\n李娜".encode(), "\\n").to_pylist()
    ['王伟', '李娜']
    """
    return pc.split_pattern(one_text(text), mark).flatten()


def one_text(data: bytes) -> pa.StringArray:
    """Bytes of UTF-8, unchecked, as the one text of an array."""
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int32))
    return pa.StringArray.from_buffers(1, ends, pa.py_buffer(data))


def _lists(cells: Sequence[Sequence[str]]) -> pa.ListArray:
    flat = list(chain.from_iterable(cells))
    joined = _UNUSUAL.join(flat)
    plain = bool(flat) and joined.count(_UNUSUAL) == len(flat) - 1
    texts = split_text(joined.encode("utf-8"), _UNUSUAL) if plain else pa.array(flat, pa.string())
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *map(len, cells)]), pa.int32()), texts)


def rows_of_batch(batch: pa.RecordBatch) -> list[Row]:
    """The rows of a batch, one by one."""
    columns = (batch.column(name).to_pylist() for name in ("row", "cells", "types"))
    return [Row(*row) for row in zip(*columns, strict=True)]
