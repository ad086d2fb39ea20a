"""Values as calamine gives them, as cells of text with their marks.

Belongs here: what kind of value has which mark. Lives elsewhere: asking calamine (`workbook.py`, `xlsx_values.py`), exact
texts of numbers and dates (`sheet.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from connectors.read.sheet import EMPTY, date_text, number_text, text_marks

Value = int | float | str | bool | dt.date | dt.time | dt.datetime | dt.timedelta


def cells_of(values: list[Any]) -> tuple[list[str], str]:
    """Cells and marks of a row, or of a column, of values.

    >>> cells_of(["王伟", 29221.0, True, dt.date(1980, 1, 2)])
    (['王伟', '29221', 'TRUE', '1980-01-02'], 'snbd')
    """
    if set(map(type, values)) == {str}:  # nearly all rows of an export
        return values, text_marks(values)
    return _mixed(values)


def _mixed(values: Sequence[Value]) -> tuple[list[str], str]:
    cells: list[str] = []
    types: list[str] = []
    for value in values:
        if isinstance(value, str):
            cells.append(value)
            types.append("s" if value.strip() else EMPTY)
        elif isinstance(value, bool):
            cells.append("TRUE" if value else "FALSE")
            types.append("b")
        elif isinstance(value, int | float):
            cells.append(number_text(value))
            types.append("n")
        else:
            cells.append(date_text(value) if isinstance(value, dt.date) else str(value))
            types.append("d")
    return cells, "".join(types)
