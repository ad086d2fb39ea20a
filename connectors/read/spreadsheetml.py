"""SpreadsheetML, the XML that Excel 2003 saved and that some platforms still name .xls.

Belongs here: its sheets, cells, indexes, merged and hidden rows; no entities, no document type.
Lives elsewhere: the zipped .xlsx (`workbook.py`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from lxml import etree

from connectors.errors import Unreadable
from connectors.read.guard import refuse_document_type
from connectors.read.sheet import EMPTY, Merge, Reading, Row, Sheet, date_text, mark_merged, number_text

_NS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MARK = {"Number": "n", "DateTime": "d", "Boolean": "b", "Error": "e"}
_MOST_COLUMNS = 1_000
_MOST_ROWS = 1_048_576


def read_spreadsheetml(path: Path) -> Reading:
    """All sheets of a SpreadsheetML workbook.

    Raises:
        Unreadable: no such workbook, cut off, or with entities.
    """
    data = path.read_bytes()
    refuse_document_type(data[:65536])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable("XML 表格不完整或有语法错误", "请从平台重新导出") from error
    sheets = list(root.iter(f"{_NS}Worksheet"))
    if not sheets:
        raise Unreadable("XML 文件里没有工作表", "请确认平台导出的是 Excel 表格，再重新导出")
    shown = [sheet for sheet in sheets if sheet.findtext(".//{*}Visible", "SheetVisible") == "SheetVisible"]
    hidden = [sheet.get(f"{_NS}Name", "") for sheet in sheets if sheet not in shown]
    return Reading([_sheet(sheet) for sheet in shown], hidden)


def _sheet(sheet: etree._Element) -> Sheet:
    grid: dict[int, tuple[dict[int, tuple[str, str]], bool]] = {}
    merges: list[Merge] = []
    at = 0
    for line in sheet.iter(f"{_NS}Row"):
        at = _index(line, at, _MOST_ROWS)
        grid[at] = (_cells(line, at, merges), line.get(f"{_NS}Hidden") == "1")
        at += 1
    width = max([0, *(max(cells, default=-1) + 1 for cells, _ in grid.values())])
    rows = [_row(number + 1, grid.get(number, ({}, False))[0], width) for number in range(at)]
    invisible = frozenset(number + 1 for number, (_, hidden) in grid.items() if hidden)
    hidden_rows = sum(not row.blank for row in rows if row.row in invisible)
    rows = [row for row in mark_merged(rows, merges, invisible) if row.row not in invisible]
    shown = [row for row in rows if not row.blank or "v" in row.types]
    return Sheet(sheet.get(f"{_NS}Name", ""), shown, hidden_rows)


def _cells(line: etree._Element, at: int, merges: list[Merge]) -> dict[int, tuple[str, str]]:
    cells: dict[int, tuple[str, str]] = {}
    column = 0
    for cell in line.iter(f"{_NS}Cell"):
        column = _index(cell, column, _MOST_COLUMNS)
        across, down = _count(cell, "MergeAcross"), _count(cell, "MergeDown")
        if across or down:
            merges.append(((at, column), (at + down, column + across)))
        cells[column] = _value(cell.find(f"{_NS}Data"))
        column += 1 + across
    return cells


def _value(data: etree._Element | None) -> tuple[str, str]:
    text = "" if data is None else "".join(data.itertext())
    if data is None or not text.strip():
        return "", EMPTY
    mark = _MARK.get(data.get(f"{_NS}Type", ""), "s")
    if mark == "n":
        return _number(text)
    if mark == "d":
        return _date(text), mark
    if mark == "b":
        return "TRUE" if text == "1" else "FALSE", mark
    return text, mark


def _number(text: str) -> tuple[str, str]:
    try:
        return number_text(float(text)), "n"
    except ValueError:
        return text, "s"


def _date(text: str) -> str:
    try:
        return date_text(dt.datetime.fromisoformat(text))
    except ValueError:
        return text


def _row(number: int, cells: dict[int, tuple[str, str]], width: int) -> Row:
    values = [cells.get(column, ("", EMPTY)) for column in range(width)]
    return Row(number, [text for text, _ in values], "".join(mark for _, mark in values))


def _index(element: etree._Element, default: int, most: int) -> int:
    """The place an element states for itself (from 0), else the next one."""
    at = _count(element, "Index", default + 1) - 1
    if not 0 <= at < most:
        raise Unreadable("有单元格远在数据区之外", "请从平台重新导出", place=f"第 {at + 1} 行或列")
    return at


def _count(element: etree._Element, name: str, default: int = 0) -> int:
    stated = element.get(f"{_NS}{name}", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else default
