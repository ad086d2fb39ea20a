"""What people said of single rows, applied while an export is staged.

Belongs here: putting a mended value into its cell before anything is made of it, telling rows that are declared
nothing, and noting which line of the ledger was used where.
Lives elsewhere: the lines themselves (`warehouse/overrides.py`), what a row is called (`references.py`).

An override applies to a row that is the same row (by its reference) and states the same bad value in the same column.
As soon as the platform sends another value, it is the platform's word again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from connectors.stage.block import Block
from connectors.stage.references import References
from warehouse.overrides import Override

_TEXT = ord("s")


class Use(NamedTuple):
    """One override as it was used: the line of the ledger, and the cell (or, without a column, the row)."""

    line: int
    sheet: str
    row: int
    column: str


@dataclass(slots=True)
class Overrides:
    """The overrides of one platform that stand tonight, and their uses in one export."""

    standing: Iterable[Override] = ()
    used: list[Use] = field(default_factory=list)

    def mend(self, block: Block, references: References) -> None:
        """Put mended values into a block whose texts are still as the platform sent them."""
        for one in self.standing:
            if one.action != "fix" or one.column not in block.columns or one.bad is None or one.value is None:
                continue
            column, bad = block.columns[one.column], one.bad
            meant = column.each(lambda text, bad=bad: text == bad)  # type: ignore[misc]
            for at in np.flatnonzero(meant):
                sheet, row = str(block.sheets[at]), int(block.rows[at])
                meant[at] = references.of(sheet, row) == one.row
                if meant[at]:
                    self.used.append(Use(one.line, sheet, row, one.column))
            if bool(meant.any()):
                texts = column.one_by_one()
                texts[meant] = one.value
                column.texts = pa.array(texts, pa.string()).dictionary_encode()
                column.marks = np.where(meant, np.uint8(_TEXT), column.marks)

    def is_nothing(self, sheet: str, row: int, column: str, stated: str, references: References) -> bool:
        """Whether a person said that this row, put aside for this value, is nothing."""
        said = [
            one for one in self.standing if one.action == "drop" and (one.column, one.bad) == (column, stated)
        ]
        found = [one for one in said if one.row == references.of(sheet, row)]
        self.used += [Use(one.line, sheet, row, "") for one in found]
        return bool(found)
