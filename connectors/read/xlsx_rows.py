"""The rows of a sheet of an .xlsx, block by block, whatever its size.

Belongs here: which cell stands where, and rows as they are stored.
Lives elsewhere: where tags stand (`xlsx_tags.py`), whether a sheet is written so that this can be told
(`xlsx_parts.py`), what a cell says (`xlsx_values.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.read.batch import BATCH_ROWS, Marks, batch_of, batch_of_table, one_text
from connectors.read.guard import far_cell
from connectors.read.sheet import EMPTY, Row, mark_merged
from connectors.read.xlsx_parts import (
    BLOCK,
    SHEET_DATA,
    Unpacked,
    blocks_of,
    chunks_of,
    damaged,
)
from connectors.read.xlsx_tags import CELL, ROW_END, Bytes, Places, Tags, tags_of
from connectors.read.xlsx_values import Values

_CELLS = 2_000_000  # of one batch, blank ones included: all rows are as long as the longest
_WIDEST = 27 * 26  # columns: those of one and two letters
_HEAD = re.compile(rb'(?:\s*<row\s[^<>]*/>)*\s*<row\s(?:[^<>]*?\s)?r="([0-9]+)"[^<>]*>\s*')
_NUMBER = re.compile(rb'<row\s(?:[^<>]*?\s)?r="([0-9]+)"')
_A, _ZERO, _QUOTE, _LETTERS = ord("A"), ord("0"), ord('"'), 26
_NOTHING = ord(EMPTY)

Numbers = npt.NDArray[np.int32]


class _Cells(NamedTuple):
    """The cells of a block: the numbers of its rows; of each cell its row among them, its column, and which of
    the ways it is written."""

    numbers: Numbers
    row: Places
    column: Places
    written: pa.StringArray  # each way once
    codes: npt.NDArray[np.int32]


class _Table(NamedTuple):
    """Rows of equal length: the texts and marks there are, and which of them each cell has."""

    numbers: Numbers
    texts: pa.StringArray
    marks: Marks
    cells: npt.NDArray[np.int32]


@dataclass(slots=True)
class SheetRows:
    """One sheet, to be read from its beginning."""

    file: IO[bytes]
    unpacked: Unpacked  # in that file
    values: Values
    hidden_rows: int = 0  # that state anything, of those read so far
    _width: int = 0

    @property
    def name(self) -> str:
        """Of the sheet."""
        return self.unpacked.name

    def batches(self, size: int = BLOCK) -> Iterator[pa.RecordBatch]:
        """Its rows that are shown and state anything, or stand in a merged range, as they are stored.

        `size`: of a block of XML, in bytes.

        Raises:
            Unreadable: the sheet does not hold what it announces.
        """
        self.file.seek(self.unpacked.start)
        chunks = chunks_of(self.file, size, self.unpacked.size)
        for block in self._blocks(blocks_of(chunks, ROW_END)):
            for table in self._tables(_cells_of(block)):
                yield self._batch(table)
            self.values.release()

    def _blocks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The rows alone, in blocks that end where no merged range goes on."""
        left = next(blocks).partition(SHEET_DATA)[2]
        for block in blocks:
            at = len(left)
            if left and (top := self._begun_by(int(_NUMBER.findall(left[left.rfind(b"<row") :])[0]))):
                at = next((row.start() for row in _NUMBER.finditer(left) if int(row[1]) >= top), at)
            if at:
                yield left[:at]
            left = left[at:] + block
        yield left[: left.rfind(ROW_END) + len(ROW_END)] if ROW_END in left else b""

    def _begun_by(self, row: int) -> int:
        """The first row of what hangs together by merged ranges and goes on below this row; 0 if nothing does."""
        top, bottom = self._hanging(row)
        return top if row < bottom else 0

    def _hanging(self, row: int) -> tuple[int, int]:
        """The last stretch of rows that hangs together and begins at this row or above it; (0, 0) if none does."""
        whole = self.unpacked.facts.whole
        at = bisect_right(whole, row, key=itemgetter(0))
        return whole[at - 1] if at else (0, 0)

    def _tables(self, cells: _Cells) -> Iterator[_Table]:
        """The rows of a block, as many at a time as may be held."""
        texts, marks = self.values.read(cells.written)
        texts = pa.concat_arrays([texts, pa.array([""])])
        marks = np.append(marks, np.uint8(_NOTHING))
        codes = cells.codes
        stating = cells.column[marks[codes] != _NOTHING]
        self._width = max(self._width, int(stating.max(initial=-1)) + 1)
        if self._width > _WIDEST:
            raise far_cell(self.name, f"第 {cells.numbers[0]}–{cells.numbers[-1]} 行")
        first = 0
        while first < len(cells.numbers):
            end = self._end(cells.numbers, first)
            here = slice(*np.searchsorted(cells.row, (first, end)).tolist())
            table = np.full((end - first, self._width), len(marks) - 1, dtype=np.int32)
            near = cells.column[here] < self._width
            table[cells.row[here][near] - first, cells.column[here][near]] = codes[here][near]
            yield _Table(cells.numbers[first:end], texts, marks, table)
            first = end

    def _end(self, numbers: Numbers, first: int) -> int:
        """Where a table that begins at a row ends: at most so many cells further on, and where no merged range goes on."""
        end = min(len(numbers), first + max(1, min(BATCH_ROWS, _CELLS // max(self._width, 1))))
        if end == len(numbers) or not (top := self._begun_by(int(numbers[end - 1]))):
            return end
        start = int(np.searchsorted(numbers, top))
        if start > first:
            return start
        while end < len(numbers) and self._begun_by(int(numbers[end - 1])):
            end += 1
        return end

    def _batch(self, table: _Table) -> pa.RecordBatch:
        marks = table.marks[table.cells]
        stating = (marks != _NOTHING).any(axis=1)
        hidden = np.isin(table.numbers, list(self.unpacked.facts.hidden))
        self.hidden_rows += int((stating & hidden).sum())
        first, last = int(table.numbers[0]), self._last(table.numbers)
        if any(first <= top + 1 <= last for (top, _), _ in self.unpacked.facts.merges):
            return batch_of(self.name, self._merged(table, first, last))
        shown = stating & ~hidden
        texts = table.texts.take(pa.array(table.cells[shown].ravel()))
        return batch_of_table(self.name, table.numbers[shown], texts, marks[shown])

    def _last(self, numbers: Numbers) -> int:
        """The last row of a table, or of what hangs together with it: rows that are blank are not in the file."""
        last = int(numbers[-1])
        return max(last, min(self._hanging(last)[1], self.unpacked.facts.last))

    def _merged(self, table: _Table, first: int, last: int) -> list[Row]:
        """The rows of a table with what merged ranges cover."""
        texts = np.array(table.texts.to_pylist(), dtype=object)
        there = dict(zip(table.numbers.tolist(), table.cells, strict=True))
        blank = np.full(table.cells.shape[1], len(table.marks) - 1, dtype=np.int32)
        rows = [
            Row(number, texts[codes].tolist(), table.marks[codes].tobytes().decode("ascii"))
            for number in range(first, last + 1)
            for codes in (there.get(number, blank),)
        ]
        above = first - 1
        merges = [
            ((top - above, left), (bottom - above, right))
            for (top, left), (bottom, right) in self.unpacked.facts.merges
            if above <= top < last
        ]
        hidden = frozenset(number - above for number in self.unpacked.facts.hidden)
        return [
            row
            for row in mark_merged(rows, merges, hidden)
            if row.row not in self.unpacked.facts.hidden
            and (not row.blank or ("v" in row.types and row.row <= self.unpacked.facts.last))
        ]


def _cells_of(block: bytes) -> _Cells:
    """Which cell stands where in a block of whole rows.

    Raises:
        Unreadable: a row or a cell is not where it says.
    """
    xml = np.frombuffer(block, dtype=np.uint8)
    tags = tags_of(xml)
    try:
        one_text(block).validate(full=True)
    except pa.ArrowInvalid as error:
        raise damaged() from error
    numbers = np.array(_numbers(block, tags), dtype=np.int32)
    row = np.searchsorted(tags.row_ends, tags.cells)
    after = np.append(tags.cells[1:], tags.row_ends[-1:])
    end = np.minimum(after, tags.row_ends[row])
    column, start = _places(xml, tags.cells, numbers, row)
    if not bool((start < end).all()):
        raise damaged()
    return _Cells(numbers, row, column, *_distinct(block, start, end))


def _numbers(block: bytes, tags: Tags) -> list[int]:
    """The numbers of the rows of a block."""
    ends = tags.row_ends
    starts = np.append(0, ends[:-1] + len(ROW_END))
    firsts = np.append(tags.cells, len(block))[np.searchsorted(tags.cells, starts)]
    stretches = zip(starts.tolist(), np.minimum(firsts, ends).tolist(), strict=False)
    heads = [_HEAD.fullmatch(block, start, end) for start, end in stretches]
    if not all(heads):
        raise damaged()
    return [int(head[1]) for head in heads if head]


def _places(xml: Bytes, cells: Places, numbers: Numbers, row: Places) -> tuple[Places, Places]:
    """The column of each cell, and where its writing begins, behind its reference, which must name its row.

    >>> xml = np.frombuffer(b'<c r="AB7"/>', np.uint8)
    >>> column, start = _places(xml, np.array([0]), np.array([7], np.int32), np.array([0]))
    >>> column.tolist(), start.tolist()
    ([27], [10])
    """
    start = cells + len(CELL)
    letters = [xml.take(start + at, mode="clip").astype(np.int64) - _A for at in range(3)]
    one, two, three = ((letter >= 0) & (letter < _LETTERS) for letter in letters)
    two, three = one & two, one & two & three
    powers = 10 ** np.arange(len(str(int(numbers.max(initial=0)))))
    length = np.maximum(1, (numbers[:, None] >= powers).sum(axis=1))[row]
    quote = start + 1 + two + three + length
    named = one & (xml.take(quote, mode="clip") == _QUOTE)
    for place, power in enumerate(powers):
        digit = (numbers // power % 10 + _ZERO).astype(np.uint8)[row]
        named &= (xml.take(quote - 1 - place, mode="clip") == digit) | (place >= length)
    if not bool(named.all()):
        raise damaged()
    column = letters[0]
    column = np.where(two, (column + 1) * _LETTERS + letters[1], column)
    column = np.where(three, (column + 1) * _LETTERS + letters[2], column)
    return column, quote + 1


def _distinct(block: bytes, start: Places, end: Places) -> tuple[pa.StringArray, npt.NDArray[np.int32]]:
    """What stands at these places of a text, once each, and which of it stands at each place.

    >>> texts, codes = _distinct(b"a-b-a", np.array([0, 2, 4]), np.array([1, 3, 5]))
    >>> texts.to_pylist(), codes.tolist()
    (['a', 'b'], [0, 1, 0])
    """
    if not len(start):
        return pa.array([], pa.string()), np.zeros(0, dtype=np.int32)
    # Nothing is copied: every other text of this array is what stands between two places, and masked.
    cuts = np.stack([start, end], axis=1).ravel().astype(np.int32)
    mask = np.full(len(cuts) // 8 + 1, 0b01010101, dtype=np.uint8)
    buffers = (pa.py_buffer(one) for one in (cuts, block, mask))
    encoded = pa.StringArray.from_buffers(len(cuts) - 1, *buffers).dictionary_encode()
    codes = np.frombuffer(encoded.indices.buffers()[1], dtype=np.int32)[: len(cuts) - 1 : 2]
    return encoded.dictionary, codes
