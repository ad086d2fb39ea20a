"""Landed cells as flat arrays: one long column of texts, and for each row where it begins in it.

Belongs here: the shape, taking rows and columns out of it, loading it.
Lives elsewhere: how cells are stored (`connectors/land/cells.py`), which rows are data (`load.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.read.sheet import Row
from connectors.stage.block import Flags, Marks, Places, Texts

BLANK = np.frombuffer(b".vhm", dtype=np.uint8)


@dataclass(slots=True)
class Cells:
    """The cells of one sheet, flat: `start` and `length` say which belong to a row."""

    rows: npt.NDArray[np.int32]
    start: Places
    length: Places
    texts: Texts
    marks: Marks

    def head(self, most: int) -> list[Row]:
        """The first rows, as readers return them."""
        spans = zip(self.rows[:most], self.start, self.start + self.length, strict=False)
        return [
            Row(int(row), list(self.texts[a:b]), self.marks[a:b].tobytes().decode("ascii"))
            for row, a, b in spans
        ]

    def below(self, first: int) -> Cells:
        return Cells(self.rows[first:], self.start[first:], self.length[first:], self.texts, self.marks)

    def keep(self, flags: Flags) -> Cells:
        return Cells(self.rows[flags], self.start[flags], self.length[flags], self.texts, self.marks)

    def column(self, index: int) -> tuple[Texts, Marks]:
        """One column of all rows; a row too short for it is blank there."""
        there = self.length > index
        at = np.where(there, self.start + index, 0)
        if not len(self.texts):
            return np.full(len(self.rows), "", dtype=object), np.full(
                len(self.rows), ord("."), dtype=np.uint8
            )
        texts, marks = self.texts[at], self.marks[at]
        texts[~there], marks[~there] = "", ord(".")
        return texts, marks

    def texts_of(self, row: int) -> list[str]:
        """The cells of the row with this number; none if there is no such row."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or int(self.rows[at]) != row:
            return []
        return [str(text) for text in self.texts[self.start[at] : self.start[at] + self.length[at]]]

    def stated(self, row: int, at: Mapping[str, int]) -> dict[str, str]:
        """What the row with this number states in the columns whose places are given."""
        texts = self.texts_of(row)
        return {name: texts[place] for name, place in at.items() if place < len(texts)}

    def any_in(self, index: int) -> Flags:
        """Rows that state something in a column."""
        return ~np.isin(self.column(index)[1], BLANK)


def load_cells(path: Path) -> dict[str, Cells]:
    """The cells of each sheet of a landed export, in the order of the file."""
    table: Any = pq.read_table(path)
    names = table["sheet"].combine_chunks()
    if not len(names):
        return {}
    ordered = names.unique().to_pylist()
    return {name: _cells(table.filter(pa.compute.equal(table["sheet"], name))) for name in ordered}


def _cells(table: Any) -> Cells:
    lists = table["cells"].combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    offsets -= offsets[0]
    cells = lists.flatten().dictionary_encode()  # what is stated a thousand times is one text in memory
    texts = cells.dictionary.to_numpy(zero_copy_only=False)[cells.indices.to_numpy()]
    marks = np.frombuffer("".join(table["types"].to_pylist()).encode("ascii"), dtype=np.uint8)
    return Cells(table["row"].to_numpy().astype(np.int32), offsets[:-1], np.diff(offsets), texts, marks)
