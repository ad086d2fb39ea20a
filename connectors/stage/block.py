"""Rows of an export as columns: each distinct text once with its places, and type marks; 50,000 rows cost no loop.

Belongs here: the shape, taking rows out of it, putting blocks together.
Lives elsewhere: making one from landed cells (`load.py`), changing its values (`fill.py`, `people.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Texts = npt.NDArray[Any]  # of str; blank is ''
Marks = npt.NDArray[np.uint8]  # one type mark per cell (connectors/read/sheet.py)
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Column:
    """One column: what each row states in it, the type of each cell, and where the text is not this person's alone."""

    texts: pa.DictionaryArray  # of strings, none missing; blank is ''
    marks: Marks
    several: Flags

    def take(self, at: Places) -> Column:
        return Column(self.texts.take(pa.array(at)), self.marks[at], self.several[at])

    def distinct(self) -> list[str]:
        """Every text that stands in it, and perhaps some that did."""
        texts: list[str] = self.texts.dictionary.to_pylist()
        return texts

    def each(self, judge: Callable[[str], bool]) -> Flags:
        """What `judge` says of the text of each row, asked once per distinct text."""
        judged = np.array([judge(text) for text in self.distinct()], dtype=np.bool_)
        flags: Flags = judged[self.texts.indices.to_numpy()]
        return flags

    def stating(self) -> Flags:
        """Rows whose text is not blank."""
        texts = pc.utf8_trim_whitespace(self.texts.dictionary)
        states = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
        flags: Flags = states[self.texts.indices.to_numpy()]
        return flags

    def one_by_one(self) -> Texts:
        """The texts, each for itself."""
        texts: Texts = self.texts.to_numpy(zero_copy_only=False)
        return texts


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


def new_column(texts: Sequence[str] | Texts | pa.Array, marks: Marks) -> Column:
    """A column of these texts."""
    encoded = (texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())).dictionary_encode()
    return Column(encoded, marks, np.zeros(len(marks), dtype=np.bool_))


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
                pa.concat_arrays([block.columns[name].texts for block in blocks]),
                np.concatenate([block.columns[name].marks for block in blocks]),
                np.concatenate([block.columns[name].several for block in blocks]),
            )
            for name in blocks[0].columns
        },
    )
