"""Values that stand elsewhere: above in a merged block, or above by 同上.

Belongs here: filling them down, never into who somebody is.
Lives elsewhere: the marks that say what a merged range covers (`connectors/read/sheet.py`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.platform import Platform
from connectors.stage.block import Block, Column, Flags
from connectors.stage.words import words

_ABOVE = ord("v")
_WHO = ("name", "id_number")  # fields that say who somebody is


def fill_down(block: Block, platform: Platform, above: Block | None) -> None:
    """Give each row what stands above for it. `block` is a part of one sheet in its own order; `above` the filled row
    over it, if there is one."""
    never = {platform.fields[field].column for field in _WHO if field in platform.fields}
    never |= {platform.export.key} if platform.export.key else set()
    for name, column in block.columns.items():
        if name not in never:
            over = None if above is None else above.columns[name]
            _take_from_above(column, column.marks == _ABOVE, over)
            if platform.export.ditto:
                _fill_ditto(column, block.rows, over, None if above is None else int(above.rows[0]))


def _fill_ditto(
    column: Column, rows: npt.NDArray[np.int32], over: Column | None, row_over: int | None
) -> None:
    """Replace 同上 and 〃 by the value above; with nothing above it stays, and says nothing."""
    # Almost every column has none: the distinct values are looked at, not the rows.
    ditto = column.each(lambda text: text.strip() in words().ditto)
    if bool(ditto.any()):
        # Behind a gap (a hidden row, a row of sums) the row above is not the one that was meant.
        ditto[1:] &= np.diff(rows) == 1
        ditto[0] &= row_over is None or int(rows[0]) - row_over == 1
        _take_from_above(column, ditto, over)


def _take_from_above(column: Column, covered: Flags, over: Column | None) -> None:
    if not bool(covered.any()):
        return
    places = np.maximum.accumulate(np.where(covered, 0, np.arange(1, len(covered) + 1)))
    texts, marks = column.texts, column.marks
    first = Column(texts.slice(0, 1), marks[:1], column.several[:1]) if over is None else over
    column.texts = pa.concat_arrays([first.texts, texts]).take(pa.array(places))
    column.marks = np.concatenate([first.marks, marks])[places]
