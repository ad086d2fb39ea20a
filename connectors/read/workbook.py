"""Excel workbooks, .xlsx and BIFF8 .xls.

Belongs here: visible sheets, cell values with their types, merged ranges, hidden rows left out.
Lives elsewhere: what is checked before a parser may touch the file (`guard.py`), what calamine does not tell
and must be taken from the file itself (`xlsx_parts.py`, `xls_rows.py`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from connectors.errors import Unreadable
from connectors.read.guard import PASSWORD
from connectors.read.sheet import EMPTY, Reading, Row, Sheet, date_text, mark_merged, number_text, text_marks
from connectors.read.xls_rows import hidden_xls_rows
from connectors.read.xlsx_parts import SheetFacts, read_parts

Value = int | float | str | bool | dt.date | dt.time | dt.datetime | dt.timedelta


def read_xlsx(path: Path) -> Reading:
    """The visible sheets of an .xlsx; `guard.check_zip` has passed it."""
    return _read(path, read_parts(path))


def read_xls(path: Path) -> Reading:
    """The visible sheets of a BIFF8 .xls."""
    return _read(path, {name: SheetFacts(hidden=rows) for name, rows in hidden_xls_rows(path).items()})


def _read(path: Path, facts: dict[str, SheetFacts]) -> Reading:
    try:
        with CalamineWorkbook.from_path(path) as book:
            visible = {m.name: m.visible == SheetVisibleEnum.Visible for m in book.sheets_metadata}
            sheets = [
                _sheet(book.get_sheet_by_name(name), facts.get(name, SheetFacts()))
                for name in book.sheet_names
                if visible[name]
            ]
    except PasswordError as error:
        raise Unreadable(*PASSWORD) from error
    except CalamineError as error:
        raise Unreadable(
            "工作簿已损坏或不完整，无法打开", "请从平台重新导出，确认能用表格软件打开"
        ) from error
    return Reading(sheets, [name for name, shown in visible.items() if not shown])


def _sheet(sheet: CalamineSheet, facts: SheetFacts) -> Sheet:
    values = sheet.to_python(skip_empty_area=False)
    rows = [Row(number, *_cells(row)) for number, row in enumerate(values, start=1)]
    for (number, column), text in facts.errors.items():
        if number <= len(rows) and column < len(rows[number - 1].cells):
            _place_error(rows, number, column, text)
    hidden = sum(not row.blank for row in rows if row.row in facts.hidden)
    # A sheet may be merged below its last value: the covered rows state nothing, so they are not added.
    rows = mark_merged(rows, sheet.merged_cell_ranges or [], facts.hidden)
    shown = [row for row in rows if row.row not in facts.hidden]
    return Sheet(sheet.name, [row for row in shown if not row.blank or "v" in row.types], hidden)


def _cells(values: list[Any]) -> tuple[list[str], str]:
    if set(map(type, values)) == {str}:  # nearly all rows of an export
        return values, text_marks(values)
    return _mixed(values)


def _mixed(values: list[Value]) -> tuple[list[str], str]:
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


def _place_error(rows: list[Row], number: int, column: int, text: str) -> None:
    row = rows[number - 1]
    row.cells[column] = text
    rows[number - 1] = Row(row.row, row.cells, row.types[:column] + "e" + row.types[column + 1 :])
