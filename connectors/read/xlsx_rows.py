"""The rows of a sheet of an .xlsx, block by block, whatever its size.

Belongs here: which cell stands where, told by where tags stand in the bytes, and rows as they are stored.
Lives elsewhere: whether a sheet is written so that this can be told (`xlsx_parts.py`), what a cell says
(`xlsx_values.py`).
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
import pyarrow.compute as pc

from connectors.read.batch import BATCH_ROWS, Marks, batch_of, batch_of_table, one_text
from connectors.read.guard import far_cell
from connectors.read.sheet import EMPTY, Row, mark_merged
from connectors.read.xlsx_parts import (
    BLOCK,
    ROW_END,
    SHEET_DATA,
    Unpacked,
    blocks_of,
    chunks_of,
    damaged,
)
from connectors.read.xlsx_values import Values

_CELLS = 2_000_000  # of one batch, blank ones included: all rows are as long as the longest
_WIDEST = 27 * 26  # columns: those of one and two letters
_HEAD = re.compile(r'(?:\s*<row\s[^<>]*/>)*\s*<row\s(?:[^<>]*?\s)?r="([0-9]+)"[^<>]*>\s*')
_NUMBER = re.compile(rb'<row\s(?:[^<>]*?\s)?r="([0-9]+)"')
_A, _QUOTE, _LETTERS = ord("A"), ord('"'), 26
_NOTHING = ord(EMPTY)

Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]


class _Cells(NamedTuple):
    """The cells of a block: the numbers of its rows; of each cell its row among them, its column, how it is written."""

    numbers: Numbers
    row: Places
    column: Places
    written: pa.DictionaryArray


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
        texts, marks = self.values.read(cells.written.dictionary)
        texts = pa.concat_arrays([texts, pa.array([""])])
        marks = np.append(marks, np.uint8(_NOTHING))
        codes = cells.written.indices.to_numpy()
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
    rows = pc.split_pattern(one_text(block), ROW_END.decode("ascii")).values[:-1]
    pieces = pc.split_pattern(rows, '<c r="')
    firsts = pieces.offsets.to_numpy()[:-1]
    try:
        pieces.values.validate(full=True)
        heads = [_HEAD.fullmatch(head) for head in pieces.values.take(pa.array(firsts)).to_pylist()]
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise damaged() from error
    if not all(heads):
        raise damaged()
    numbers = [head[1] for head in heads if head]
    row = np.repeat(np.arange(len(numbers)), pc.list_value_length(pieces).to_numpy() - 1)
    is_cell = np.ones(len(pieces.values), dtype=np.bool_)
    is_cell[firsts] = False
    column, written = _split_off(pieces.values, is_cell, pa.array(numbers, pa.string()).take(pa.array(row)))
    return _Cells(np.array(numbers, dtype=np.int32), row, column, written)


def _split_off(
    pieces: pa.StringArray, is_cell: npt.NDArray[np.bool_], row: pa.StringArray
) -> tuple[Places, pa.DictionaryArray]:
    """Column and writing of each cell; its reference, which begins it, must name its row.

    >>> column, written = _split_off(pa.array(["", 'AB7"/>']), np.array([False, True]), pa.array(["7"]))
    >>> column.tolist(), written.to_pylist()
    ([27], ['/>'])
    """
    if not len(row):
        return np.zeros(0, dtype=np.int64), pa.array([], pa.string()).dictionary_encode()
    ends = np.frombuffer(pieces.buffers()[1], np.int32)[: len(pieces) + 1]
    data = np.frombuffer(pieces.buffers()[2], np.uint8)
    start, end = ends[:-1][is_cell], ends[1:][is_cell]
    letters = [data.take(start + at, mode="clip").astype(np.int64) - _A for at in range(3)]
    one, two, three = ((letter >= 0) & (letter < _LETTERS) for letter in letters)
    two, three = one & two, one & two & three
    digits = start + 1 + two + three
    quote = digits + pc.binary_length(row).to_numpy()
    if not bool((one & (quote < end)).all()) or not bool((data[quote] == _QUOTE).all()):
        raise damaged()
    # Texts may lie anywhere in an array's bytes, so that cells are cut in place: row, quote, writing, what is between.
    cuts = np.stack([digits, quote, quote + 1, end], axis=1).ravel()
    bounds = pa.py_buffer(np.append(cuts, end[-1]).astype(np.int32))
    parts = pa.StringArray.from_buffers(len(cuts), bounds, pieces.buffers()[2])
    first = np.arange(0, len(cuts), 4)
    if not pc.all(pc.equal(parts.take(pa.array(first)), row)).as_py():
        raise damaged()
    column = letters[0]
    column = np.where(two, (column + 1) * _LETTERS + letters[1], column)
    column = np.where(three, (column + 1) * _LETTERS + letters[2], column)
    return column, parts.take(pa.array(first + 2)).dictionary_encode()
