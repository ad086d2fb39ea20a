"""Rows that cannot be used: kept with the reason, the place, and words for the clerk who can repair them.

Belongs here: collecting them, and the table they become.
Lives elsewhere: finding them (`load.py`, `sheets.py`, `people.py`, `claims.py`), the words (`words.toml`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from connectors.stage.block import Block, Flags
from connectors.stage.overrides import Overrides
from connectors.stage.references import References
from connectors.stage.words import words

_LONGEST = 400  # characters of a row that are kept to find it again

SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("row", pa.int32()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("stated", pa.string()),
        ("reference", pa.string()),
        ("source_key", pa.string()),
    ]
)


@dataclass(slots=True)
class Quarantine:
    """The rows of one export, or of a batch of it, that cannot be used, each once, for the first reason found."""

    source: str
    references: References
    found: dict[tuple[str, int], tuple[str, str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.found)

    def add(self, sheet: str, row: int, column: str, reason: str, stated: str) -> None:
        """Put one row aside."""
        self.found.setdefault((sheet, row), (column, reason, stated[:_LONGEST]))

    def take_out(self, block: Block, bad: Flags, reason: str, column: str = "") -> Block:
        """The block without its bad rows, which are put aside; every part of a bad row goes with it."""
        if not bool(bad.any()):
            return block
        for at in np.flatnonzero(bad):
            self.add(
                str(block.sheets[at]), int(block.rows[at]), column, reason, _stated(block, int(at), column)
            )
        return block.keep(self.stays(block))

    def stays(self, block: Block) -> Flags:
        """The rows of a block that are not put aside."""
        stays: Flags = np.ones(len(block), dtype=np.bool_)
        for sheet in {sheet for sheet, _ in self.found}:
            gone = [row for other, row in self.found if other == sheet]
            stays &= ~(np.asarray(block.sheets == sheet) & np.isin(block.rows, gone))
        return stays

    def leave_out_nothing(self, overrides: Overrides) -> int:
        """Take out the rows of which a person said that they are nothing; how many there were."""
        nothing = [
            (sheet, row)
            for (sheet, row), (column, _, stated) in self.found.items()
            if overrides.is_nothing(sheet, row, column, stated, self.references)
        ]
        for place in nothing:
            del self.found[place]
        return len(nothing)

    def hand_over(self) -> pa.RecordBatch:
        """All of them in the order of sheet and row; nothing is kept."""
        rows = [
            {
                "sheet": sheet,
                "row": row,
                "column": column,
                "reason": reason,
                "message": self._message(sheet, row, column, reason),
                "stated": stated,
                "reference": self.references.of(sheet, row),
                "source_key": self.references.own_key(sheet, row),
            }
            for (sheet, row), (column, reason, stated) in sorted(self.found.items())
        ]
        self.found.clear()
        return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)

    def _message(self, sheet: str, row: int, column: str, reason: str) -> str:
        said = words().reasons[reason]
        where = [f"文件 {self.source}", f"工作表「{sheet}」" if sheet else "", f"第 {row} 行"]
        where.append(f"「{column}」列" if column else "")
        return f"{'，'.join(filter(None, where))}：{said['problem']}。{said['next_move']}"


def _stated(block: Block, at: int, column: str) -> str:
    if column:
        return str(block.columns[column].texts[at].as_py())
    texts = (str(column.texts[at].as_py()) for column in block.columns.values())
    return " | ".join(text for text in texts if text)
