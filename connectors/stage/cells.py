"""Landed cells as flat arrays: one long column of texts, and for each row where it begins in it.

Belongs here: the shape, taking rows and columns out of it, loading it batch by batch.
Lives elsewhere: how cells are stored (`connectors/land/cells.py`), which rows are data (`load.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.read.batch import BATCH_ROWS, rows_of_batch
from connectors.read.sheet import Row
from connectors.stage.block import Flags, Marks, Places

BLANK = np.frombuffer(b".vhm", dtype=np.uint8)
_BLANK_MARK = ord(".")
_BATCH_BYTES = 16 << 20


@dataclass(slots=True)
class Cells:
    """The cells of some rows of one sheet, flat: `start` and `length` say which belong to a row."""

    rows: npt.NDArray[np.int32]
    start: Places
    length: Places
    texts: pa.StringArray
    marks: Marks

    def below(self, first: int) -> Cells:
        return Cells(self.rows[first:], self.start[first:], self.length[first:], self.texts, self.marks)

    def keep(self, flags: Flags) -> Cells:
        if bool(flags.all()):
            return self
        return Cells(self.rows[flags], self.start[flags], self.length[flags], self.texts, self.marks)

    def column(self, index: int) -> tuple[pa.StringArray, Marks]:
        """One column of all rows; a row too short for it is blank there."""
        there = self.length > index
        at = self.start + index
        if bool(there.all()):
            return self.texts.take(pa.array(at)), self.marks[at]
        texts = self.texts.take(pa.array(at, mask=~there)).fill_null("")
        marks = np.full(len(at), _BLANK_MARK, dtype=np.uint8)
        marks[there] = self.marks[at[there]]
        return texts, marks

    def texts_of(self, row: int) -> list[str]:
        """The cells of the row with this number; none if there is no such row."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or int(self.rows[at]) != row:
            return []
        return self.texts_at(at)

    def texts_at(self, at: int) -> list[str]:
        """The cells of the row at a place."""
        texts: list[str] = self.texts.slice(int(self.start[at]), int(self.length[at])).to_pylist()
        return texts

    def stated(self, row: int, at: Mapping[str, int]) -> dict[str, str]:
        """What the row with this number states in the columns whose places are given."""
        texts = self.texts_of(row)
        return {name: texts[place] for name, place in at.items() if place < len(texts)}

    def any_in(self, index: int) -> Flags:
        """Rows that state something in a column."""
        there = self.length > index
        there[there] = ~np.isin(self.marks[self.start[there] + index], BLANK)
        return there


def heads_in(path: Path, most: int) -> dict[str, list[Row]]:
    """The first rows of each sheet of a landed export, as readers return them, in the order of the file."""
    heads: dict[str, list[Row]] = {}
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            met = file.metadata.row_group(group).column(0).statistics
            if met is not None and met.min == met.max and len(heads.get(met.min, ())) >= most:
                continue
            for name, batch in _by_sheet(file.iter_batches(BATCH_ROWS, row_groups=[group])):
                head = heads.setdefault(name, [])
                head += rows_of_batch(batch.slice(0, most - len(head)))
    return heads


def batches_in(path: Path) -> Iterator[tuple[str, Cells]]:
    """The cells of a landed export in the order of the file, at most `BATCH_ROWS` rows of one sheet at a time; fewer,
    where rows are long."""
    with pq.ParquetFile(path) as file:
        for name, batch in _by_sheet(file.iter_batches(_rows_at_a_time(file.metadata))):
            yield name, _cells(batch)


def _rows_at_a_time(facts: pq.FileMetaData) -> int:
    """How many rows hold some `_BATCH_BYTES` of cells."""
    size = sum(int(facts.row_group(group).total_byte_size) for group in range(facts.num_row_groups))
    return min(BATCH_ROWS, max(1, _BATCH_BYTES * int(facts.num_rows) // max(1, size)))


def whole_sheet(path: Path, name: str) -> Cells:
    """The cells of one sheet of a landed export: for what cannot be told without all of them."""
    table = pq.read_table(path, filters=pc.field("sheet") == name)
    return _cells(table.combine_chunks().to_batches()[0])


def _by_sheet(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
    for batch in batches:
        names = batch.column("sheet").dictionary_encode()
        changes = np.flatnonzero(np.diff(names.indices.to_numpy())) + 1
        for first, end in zip([0, *changes], [*changes, len(batch)], strict=True):
            if end > first:
                yield names[int(first)].as_py(), batch.slice(first, end - first)


def _cells(batch: pa.RecordBatch) -> Cells:
    lists, types = batch.column("cells"), batch.column("types")
    offsets = lists.offsets.to_numpy().astype(np.int64)
    texts = lists.values.slice(offsets[0], offsets[-1] - offsets[0])
    ends = np.frombuffer(types.buffers()[1], np.int32)[types.offset : types.offset + len(types) + 1]
    marks = np.frombuffer(types.buffers()[2], np.uint8)[ends[0] : ends[-1]]
    return Cells(batch.column("row").to_numpy(), offsets[:-1] - offsets[0], np.diff(offsets), texts, marks)
