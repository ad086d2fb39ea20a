"""Values that stand elsewhere: above in a merged block, or above by 同上.

Belongs here: filling them down, never into who somebody is.
Lives elsewhere: the marks that say what a merged range covers (`connectors/read/sheet.py`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from connectors.platform import Platform
from connectors.stage.block import Block, Column, Flags
from connectors.stage.words import words

_ABOVE = ord("v")
_WHO = ("name", "id_number")  # fields that say who somebody is


def fill_down(block: Block, platform: Platform) -> None:
    """Give each row what stands above for it; `block` is one sheet in its own order."""
    never = {platform.fields[field].column for field in _WHO if field in platform.fields}
    never |= {platform.export.key} if platform.export.key else set()
    for name, column in block.columns.items():
        if name in never:
            continue
        _take_from_above(column, column.marks == _ABOVE)
        if platform.export.ditto:
            _fill_ditto(column, block.rows)


def _fill_ditto(column: Column, rows: npt.NDArray[np.int32]) -> None:
    """Replace 同上 and 〃 by the value above; with nothing above it stays, and says nothing."""
    # Almost every column has none: the distinct values are looked at, not the rows.
    found = {text for text in set(column.texts) if text.strip() in words().ditto}
    if found:
        ditto = np.array([text in found for text in column.texts], dtype=np.bool_)
        # Behind a gap (a hidden row, a row of sums) the row above is not the one that was meant.
        ditto[1:] &= np.diff(rows) == 1
        _take_from_above(column, ditto)


def _take_from_above(column: Column, covered: Flags) -> None:
    if bool(covered.any()):
        above = np.maximum.accumulate(np.where(covered, 0, np.arange(len(covered))))
        column.texts, column.marks = column.texts[above], column.marks[above]
