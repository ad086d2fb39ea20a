"""Rows of an export as columns: numpy arrays of texts and type marks, so that 100,000 rows cost no loop.

Belongs here: the shape, taking rows out of it, putting blocks together.
Lives elsewhere: making one from landed cells (`load.py`), changing its values (`fill.py`, `people.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Texts = npt.NDArray[Any]  # of str; blank is ''
Marks = npt.NDArray[np.uint8]  # one type mark per cell (connectors/read/sheet.py)
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Column:
    """One column: what each row states in it, the type of each cell, and where the text is not this person's alone."""

    texts: Texts
    marks: Marks
    several: Flags

    def take(self, at: Places) -> Column:
        return Column(self.texts[at], self.marks[at], self.several[at])


@dataclass(slots=True)
class Block:
    """Rows with their sheet, number and part (the how-manieth person of the row, from 1), and their columns by name."""

    sheets: Texts
    rows: npt.NDArray[np.int32]
    parts: npt.NDArray[np.int32]
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, at: Places) -> Block:
        """These rows, in this order; a row may be taken more than once."""
        columns = {name: column.take(at) for name, column in self.columns.items()}
        return Block(self.sheets[at], self.rows[at], self.parts[at], columns)

    def keep(self, flags: Flags) -> Block:
        """The rows whose flag is set."""
        return self if bool(flags.all()) else self.take(np.flatnonzero(flags))


def new_column(texts: Texts, marks: Marks) -> Column:
    return Column(texts, marks, np.zeros(len(texts), dtype=np.bool_))


def join(blocks: Sequence[Block]) -> Block:
    """Blocks with the same columns, one below the other."""
    if len(blocks) == 1:
        return blocks[0]
    return Block(
        np.concatenate([block.sheets for block in blocks]),
        np.concatenate([block.rows for block in blocks]),
        np.concatenate([block.parts for block in blocks]),
        {
            name: Column(
                np.concatenate([block.columns[name].texts for block in blocks]),
                np.concatenate([block.columns[name].marks for block in blocks]),
                np.concatenate([block.columns[name].several for block in blocks]),
            )
            for name in blocks[0].columns
        },
    )


def text_array(values: Sequence[str | None]) -> Texts:
    """Texts as an array of objects, one per value even where numpy would make something else of them."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
