"""What a blank import template says: which columns go back, which are required, how long, from which list.

Belongs here: reading a blank .xlsx, its stars and red headers, data validations and instruction row; which of its
columns is which of the sample's.
Lives elsewhere: where the header stands (`shape.py`), which field a column is (`guess.py`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from connectors.draft.aliases import Knowledge, bare
from connectors.draft.guess import Choice, columns_of, guess
from connectors.draft.shape import Table, find_tables
from connectors.draft.sheets import about_people
from connectors.errors import Unreadable
from connectors.platform import Export
from connectors.read import read_export

_STAR = re.compile(r"^[*＊]|[*＊]$|[（(]必填[)）]|★")
_REQUIRED = re.compile(r"必填|必录|不能为空|不可为空")
_NOT_REQUIRED = re.compile(r"非必填|选填")
_LENGTH = re.compile(r"(?:不超过|最多|最长|至多|限|≤)\s*(\d{1,4})\s*(?:个)?(?:字|位|字符|汉字)")
_LONGEST_LIST = 400  # entries of a drop-down that are read


@dataclass(frozen=True, slots=True)
class Slot:
    """One column of the template."""

    header: str
    required: bool
    max_length: int | None
    choices: tuple[str, ...]  # of its drop-down


@dataclass(frozen=True, slots=True)
class Template:
    """A blank template beside the sample: the slot of each of the sample's columns, and what has no partner."""

    slots: Mapping[str, Slot]  # column of the sample -> slot
    gone: tuple[str, ...]  # headers of the template that the sample lacks
    gone_required: tuple[str, ...]


def read_template(
    path: Path, choices: Sequence[Choice], shown: Mapping[str, str], known: Knowledge
) -> Template:
    """Read a blank template. `choices`: what the sample's columns are; `shown`: their headers on the sheet.

    Raises:
        Unreadable: no workbook, or no header in it.
    """
    reading = read_export(path, Export("xlsx", "*", ()))
    table = form_in(find_tables(reading, known))
    slots = list(slots_of(path, table))
    partners = _partners(table, choices, shown, known)
    left = [slot for slot in slots if slot.header not in partners]
    return Template(
        {partners[slot.header]: slot for slot in slots if slot.header in partners},
        tuple(slot.header for slot in left),
        tuple(slot.header for slot in left if slot.required),
    )


def form_in(tables: Sequence[Table]) -> Table:
    """The table of a form that is to be filled in: the one with people in it, else the one with most columns."""
    return next((one for one in tables if about_people(one)), max(tables, key=lambda one: len(one.headers)))


def _partners(
    table: Table, choices: Sequence[Choice], shown: Mapping[str, str], known: Knowledge
) -> dict[str, str]:
    """Header of the template -> column of the sample: by the same name, else by being the same field."""
    by_name = {bare(shown.get(choice.header, choice.header)): choice.header for choice in choices}
    partners = {header: by_name[bare(header)] for header in table.headers if bare(header) in by_name}
    by_field = {choice.field: choice.header for choice in choices if choice.field}
    for choice in guess(columns_of(table.columns, known, {})):
        column = by_field.get(choice.field) if choice.field else None
        if choice.header not in partners and column and column not in partners.values():
            partners[choice.header] = column
    return partners


def slots_of(path: Path, table: Table) -> Iterator[Slot]:
    """What a workbook says of each column of its table.

    Raises:
        Unreadable: no workbook.
    """
    try:
        book = load_workbook(path, read_only=False, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise Unreadable("空白模板打不开", "请用表格软件另存为 xlsx 再试", sheet=table.sheet) from error
    sheet = book[table.sheet]
    last = table.first + table.header_rows - 1
    lists = _lists(book, sheet)
    lengths = _lengths(sheet)
    for header, column in table.places.items():
        cells = [sheet.cell(row, column + 1) for row in range(table.first, last + 1)]
        told = table.instructions.get(header, "")
        yield Slot(
            header,
            required=bool(_STAR.search(header)) or _is_told(told) or any(map(_is_red, cells)),
            max_length=lengths.get(column + 1) or _length_told(told) or _length_told(header),
            choices=lists.get(column + 1, ()),
        )


def _is_red(cell: Any) -> bool:
    color = cell.font.color if cell.font else None
    return (
        bool(cell.value)
        and color is not None
        and isinstance(color.rgb, str)
        and color.rgb[-6:].upper()
        in (
            "FF0000",
            "C00000",
            "E60000",
        )
    )


def _is_told(text: str) -> bool:
    return bool(_REQUIRED.search(text)) and not _NOT_REQUIRED.search(text)


def _length_told(text: str) -> int | None:
    found = _LENGTH.search(text)
    return int(found[1]) if found else None


def _validations(sheet: Any) -> Iterator[tuple[Any, set[int]]]:
    for rule in sheet.data_validations.dataValidation:
        columns: set[int] = set()
        for span in str(rule.sqref).split():
            left, _, right, _ = range_boundaries(span)
            columns.update(range(left, min(right, left + 200) + 1))
        yield rule, columns


def _lengths(sheet: Any) -> dict[int, int]:
    """The longest text of a column, by its data validation."""
    found: dict[int, int] = {}
    for rule, columns in _validations(sheet):
        limit = rule.formula2 if rule.operator in ("between", None) else rule.formula1
        if rule.type == "textLength" and str(limit or "").isdigit() and rule.operator in _UPPER:
            least = int(str(limit)) - (rule.operator == "lessThan")
            found.update(dict.fromkeys(columns, least))
    return found


_UPPER = ("between", None, "lessThanOrEqual", "lessThan", "equal")


def _lists(book: Any, sheet: Any) -> dict[int, tuple[str, ...]]:
    """The drop-down list of a column, written out or standing in other cells."""
    found: dict[int, tuple[str, ...]] = {}
    for rule, columns in _validations(sheet):
        if rule.type == "list" and rule.formula1:
            found.update(dict.fromkeys(columns, tuple(_entries(book, sheet, str(rule.formula1)))))
    return found


def _entries(book: Any, sheet: Any, formula: str) -> list[str]:
    if formula.startswith('"'):
        return [entry.strip() for entry in formula.strip('"').split(",") if entry.strip()]
    named = book.defined_names.get(formula)
    place = named.attr_text if named is not None else formula
    name, _, span = place.rpartition("!")
    source = book[name.strip("'")] if name.strip("'") in book.sheetnames else sheet
    try:
        left, top, right, bottom = range_boundaries(span.replace("$", ""))
    except ValueError:
        return []
    rows = source.iter_rows(top, min(bottom, top + _LONGEST_LIST), left, right, values_only=True)
    return [str(value).strip() for row in rows for value in row if value is not None and str(value).strip()]
