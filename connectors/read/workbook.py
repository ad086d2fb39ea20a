"""Excel workbooks, .xlsx and BIFF8 .xls.

Belongs here: visible sheets, merged ranges, hidden rows left out; an .xlsx row by row, or, if it is written in a way that
no known program writes, and an .xls, as a whole.
Lives elsewhere: what is checked before a parser may touch the file (`guard.py`), what calamine does not tell
and must be taken from the file itself (`xlsx_parts.py`, `xls_rows.py`), the rows of an .xlsx (`xlsx_rows.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from connectors.errors import Unreadable
from connectors.read.batch import rows_of_batch
from connectors.read.guard import PASSWORD
from connectors.read.sheet import Reading, Row, Sheet, mark_merged
from connectors.read.typed import cells_of
from connectors.read.xls_rows import hidden_xls_rows
from connectors.read.xlsx_parts import damage, errors_in, opened_zip, sheet_parts, unpack
from connectors.read.xlsx_rows import SheetRows
from connectors.read.xlsx_values import values_of

_DAMAGED = ("工作簿已损坏或不完整，无法打开", "请从平台重新导出，确认能用表格软件打开")
_HEAD_BLOCK = 1 << 17  # bytes: the first rows of a sheet are in its first few of these


@dataclass(slots=True)
class Book:
    """An .xlsx whose visible sheets are read row by row, each once."""

    sheets: Sequence[SheetRows]
    hidden_sheets: Sequence[str]

    @property
    def notes(self) -> str:
        """What was left out of the rows read so far, in words."""
        read = [Sheet(rows.name, [], rows.hidden_rows) for rows in self.sheets]
        return Reading(read, list(self.hidden_sheets)).notes

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, sheet by sheet."""
        return chain.from_iterable(rows.batches() for rows in self.sheets)

    def heads(self, most: int) -> dict[str, list[Row]]:
        """The first rows of each sheet."""
        return {rows.name: _first(replace(rows).batches(_HEAD_BLOCK), most) for rows in self.sheets}


@contextmanager
def open_xlsx(path: Path) -> Iterator[Book | Reading]:
    """An .xlsx that `guard.check_zip` has passed, to be read row by row; all of it, if it cannot be.

    Raises:
        Unreadable: with the sheet and the place.
    """
    # A file without a name: it may hold forbidden columns, and a worker that is killed removes nothing.
    with tempfile.TemporaryFile() as rows, opened_zip(path) as archive:
        with damage():
            sheets = sheet_parts(archive)
            unpacked = [unpack(archive, sheet, rows if sheet.visible else None) for sheet in sheets]
            shown = [one for sheet, one in zip(sheets, unpacked, strict=True) if sheet.visible]
            by_rows = bool(shown) and all(one.facts.by_rows for one in shown)
            values = values_of(archive) if by_rows else None
        if values is None:
            yield read_whole_xlsx(path)
        else:
            yield Book(
                [SheetRows(rows, one, values) for one in shown],
                [sheet.name for sheet in sheets if not sheet.visible],
            )


def read_xlsx(path: Path) -> Reading:
    """The visible sheets of an .xlsx; `guard.check_zip` has passed it."""
    with open_xlsx(path) as book:
        if isinstance(book, Reading):
            return book
        sheets = [
            Sheet(one.name, [row for batch in one.batches() for row in rows_of_batch(batch)], one.hidden_rows)
            for one in book.sheets
        ]
        return Reading(sheets, list(book.hidden_sheets))


def read_whole_xlsx(path: Path) -> Reading:
    """The same as calamine has it, which holds all of it."""
    with opened_zip(path) as archive, damage():
        known = {
            sheet.name: _Known(unpack(archive, sheet, None).facts.hidden, errors_in(archive.read(sheet.part)))
            for sheet in sheet_parts(archive)
        }
    return _read(path, known)


def read_xls(path: Path) -> Reading:
    """The visible sheets of a BIFF8 .xls."""
    return _read(path, {name: _Known(hidden=rows) for name, rows in hidden_xls_rows(path).items()})


class _Known(NamedTuple):
    """What calamine does not tell of a sheet: hidden rows (from 1), error cells by row (from 1) and column (from 0)."""

    hidden: frozenset[int] = frozenset()
    errors: Mapping[tuple[int, int], str] = MappingProxyType({})


def _first(batches: Iterator[pa.RecordBatch], most: int) -> list[Row]:
    rows: list[Row] = []
    while len(rows) < most and (batch := next(batches, None)) is not None:
        rows += rows_of_batch(batch.slice(0, most - len(rows)))
    return rows


def _read(path: Path, known: Mapping[str, _Known]) -> Reading:
    try:
        with CalamineWorkbook.from_path(path) as book:
            visible = {m.name: m.visible == SheetVisibleEnum.Visible for m in book.sheets_metadata}
            sheets = [
                _sheet(book.get_sheet_by_name(name), known.get(name, _Known()))
                for name in book.sheet_names
                if visible[name]
            ]
    except PasswordError as error:
        raise Unreadable(*PASSWORD) from error
    except CalamineError as error:
        raise Unreadable(*_DAMAGED) from error
    return Reading(sheets, [name for name, shown in visible.items() if not shown])


def _sheet(sheet: CalamineSheet, known: _Known) -> Sheet:
    values = sheet.to_python(skip_empty_area=False)
    rows = [Row(number, *cells_of(row)) for number, row in enumerate(values, start=1)]
    for (number, column), text in known.errors.items():
        if number <= len(rows) and column < len(rows[number - 1].cells):
            _place_error(rows, number, column, text)
    hidden = sum(not row.blank for row in rows if row.row in known.hidden)
    # A sheet may be merged below its last value: the covered rows state nothing, so they are not added.
    rows = mark_merged(rows, sheet.merged_cell_ranges or [], known.hidden)
    shown = [row for row in rows if row.row not in known.hidden]
    return Sheet(sheet.name, [row for row in shown if not row.blank or "v" in row.types], hidden)


def _place_error(rows: list[Row], number: int, column: int, text: str) -> None:
    row = rows[number - 1]
    row.cells[column] = text
    rows[number - 1] = Row(row.row, row.cells, row.types[:column] + "e" + row.types[column + 1 :])
