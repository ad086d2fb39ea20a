"""What every reader returns: sheets of rows of cells as text, each cell with the type it had in the file.

Belongs here: the shape, the marks, and turning a value from a file into exact text.
Lives elsewhere: the readers, one module per format; how the cells are stored (`connectors/land/cells.py`).

The marks, one character per cell:
    s text · n number · d date · b boolean · e error · . empty
    v h m  covered by a merged range whose anchor stands above / to the left / both
    u      the line cannot be decoded or split; its one cell holds what could be made of it
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

EMPTY = "."
BROKEN = "u"

Merge = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column), from 0, both included


class Row(NamedTuple):
    """One row: its number as the clerk sees it (from 1), its cells as text, one type mark per cell."""

    row: int
    cells: list[str]
    types: str

    @property
    def blank(self) -> bool:
        """Nothing stated in this row itself."""
        return not self.types.strip(".vhm")


@dataclass(slots=True)
class Sheet:
    """One visible sheet without its hidden rows; a format that knows no sheets has one without a name."""

    name: str
    rows: list[Row]
    hidden_rows: int = 0


@dataclass(slots=True)
class Reading:
    """All visible sheets of a file, and the names of those that were left out because they are hidden."""

    sheets: list[Sheet]
    hidden_sheets: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows that state anything."""
        return sum(not row.blank for sheet in self.sheets for row in sheet.rows)

    @property
    def notes(self) -> str:
        """What was left out, in one sentence; empty if nothing was."""
        notes = [f"工作表「{name}」已隐藏，未读取" for name in self.hidden_sheets]
        notes += [
            f"工作表「{sheet.name}」有 {sheet.hidden_rows} 个隐藏行，未读取"
            for sheet in self.sheets
            if sheet.hidden_rows
        ]
        return "；".join(notes)


def number_text(value: float) -> str:
    """A number as a spreadsheet shows it: all digits, no exponent, fifteen of them significant.

    What a spreadsheet keeps of an ID number typed into a number cell is its first fifteen digits; other programs
    write all eighteen and the format then bends the last ones. Both come out the same: cut off, never rounded up.

    >>> number_text(3.30106198001011e17), number_text(float(330106198001011899))
    ('330106198001011000', '330106198001011000')
    >>> number_text(29221.0), number_text(1.5), number_text(-0.25), number_text(0.0)
    ('29221', '1.5', '-0.25', '0')
    """
    # Small whole numbers, nearly all there are, need no care.
    if -1e15 < value < 1e15 and value == int(value):
        return str(int(value))
    if not isfinite(value):
        return str(value)
    if abs(value) >= 1e15:
        digits = format(Decimal(repr(value)), "f").partition(".")[0].lstrip("-")
        return "-" * (value < 0) + digits[:15].ljust(len(digits), "0")
    return format(Decimal(f"{value:.15g}"), "f")


def date_text(value: dt.date) -> str:
    """A date as ISO text; the time only where one is stated.

    >>> date_text(dt.datetime(1980, 1, 2)), date_text(dt.datetime(1980, 1, 2, 3, 4, 5))
    ('1980-01-02', '1980-01-02 03:04:05')
    """
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat()


def text_row(row: int, cells: Sequence[str]) -> Row:
    """A row of a format in which every cell is text."""
    return Row(row, list(cells), text_marks(cells))


def text_marks(cells: Iterable[str]) -> str:
    """The marks of text cells: one that holds nothing but white space is empty.

    >>> text_marks(["王伟", " ", ""])
    's..'
    """
    return "".join([EMPTY if not cell or cell.isspace() else "s" for cell in cells])


def broken_row(row: int, line: str) -> Row:
    """A line that cannot be decoded or split: kept whole, for the quarantine."""
    return Row(row, [line], BROKEN)


def mark_merged(rows: list[Row], merges: Iterable[Merge], hidden: frozenset[int] = frozenset()) -> list[Row]:
    """Mark the cells that a merged range covers; `rows` start at row 1 and leave none out.

    Where the anchor stands in a hidden row, the first visible row of the range takes its value: the rows below
    would otherwise seem to continue another range. A range without a value covers nothing.

    >>> mark_merged([Row(1, ["户", "甲"], "ss"), Row(2, ["", "乙"], ".s")], [((0, 0), (1, 0))])[1].types
    'vs'
    """
    marks: dict[int, list[str]] = {}
    cells: dict[int, list[str]] = {}
    for (top, left), (bottom, right) in merges:
        if top >= len(rows) or left >= len(rows[top].cells) or rows[top].types[left] == EMPTY:
            continue
        visible = (at for at in range(top, min(bottom + 1, len(rows))) if at + 1 not in hidden)
        anchor = next(visible, top)
        for at in range(top, min(bottom + 1, len(rows))):
            types = marks.setdefault(at, list(rows[at].types))
            texts = cells.setdefault(at, list(rows[at].cells))
            for column in range(left, min(right + 1, len(types))):
                above, beside = at != anchor, column != left
                if above or beside:
                    texts[column], types[column] = "", "m" if above and beside else "v" if above else "h"
                else:
                    texts[column], types[column] = rows[top].cells[left], rows[top].types[left]
    for at, types in marks.items():
        rows[at] = Row(rows[at].row, cells[at], "".join(types))
    return rows
