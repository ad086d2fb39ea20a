"""Writes the hand-shaped samples of cases.toml as real files.

Belongs here: one small writer per format, by the library an office program would stand for; nothing of our own writers.
"""

from __future__ import annotations

import json
import struct
import tomllib
from html import escape
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

CASES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "cases.toml").read_text(encoding="utf-8")
)
LEFT, ABOVE = "<", "^"
Grid = list[list[str]]


def build(name: str, folder: Path) -> Path:
    """Write one case into a folder."""
    case = CASES[name]
    path = folder / case["file"]
    _WRITERS[case["write"]](_grid(case["rows"]), path, case)
    return path


def _grid(text: str) -> Grid:
    return [line.replace("\\n", "\n").split("|") for line in text.strip("\n").split("\n")]


def _value(cell: str) -> Any:
    """A number cell holds what a spreadsheet keeps of it."""
    return float(cell[1:]) if cell.startswith("=") else cell or None


def _merges(grid: Grid) -> list[tuple[int, int, int, int]]:
    """First row, first column, last row and last column of each merged range, from 0."""
    found = []
    for top, row in enumerate(grid):
        for left, cell in enumerate(row):
            if cell in (LEFT, ABOVE):
                continue
            right, bottom = left, top
            while right + 1 < len(row) and row[right + 1] == LEFT:
                right += 1
            while bottom + 1 < len(grid) and grid[bottom + 1][left : left + 1] == [ABOVE]:
                bottom += 1
            if (right, bottom) != (left, top):
                found.append((top, left, bottom, right))
    return found


def _fill(sheet: Any, grid: Grid) -> None:
    for at, row in enumerate(grid, start=1):
        for column, cell in enumerate(row, start=1):
            if cell not in (LEFT, ABOVE):
                sheet.cell(at, column).value = _value(cell)
    for top, left, bottom, right in _merges(grid):
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)


def _xlsx(grid: Grid, path: Path, _case: dict[str, Any]) -> None:
    book = openpyxl.Workbook()
    _fill(book.active, grid)
    book.save(path)


def _two_sheets(grid: Grid, path: Path, case: dict[str, Any]) -> None:
    at = grid.index(["---"])
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, part in zip(case["sheets"], (grid[:at], grid[at + 1 :]), strict=True):
        _fill(book.create_sheet(name), part)
    book.save(path)


def _xls(grid: Grid, path: Path, _case: dict[str, Any]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    for at, row in enumerate(grid):
        for column, cell in enumerate(row):
            if cell:
                sheet.write(at, column, _value(cell))
    book.save(str(path))


def _csv(grid: Grid, path: Path, case: dict[str, Any]) -> None:
    path.write_bytes("".join(",".join(row) + "\r\n" for row in grid).encode(case["encoding"]))


def _tabs(grid: Grid, path: Path, case: dict[str, Any]) -> None:
    path.write_bytes("".join("\t".join(row) + "\r\n" for row in grid).encode(case["encoding"]))


def _html(grid: Grid, path: Path, case: dict[str, Any]) -> None:
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in grid)
    page = f'<html><head><meta charset="{case["encoding"]}"></head><body><table>{rows}</table></body></html>'
    path.write_bytes(page.encode(case["encoding"]))


def _json(grid: Grid, path: Path, _case: dict[str, Any]) -> None:
    records = [dict(zip(grid[0], (cell or None for cell in row), strict=True)) for row in grid[1:]]
    body = {"code": 0, "msg": "ok", "result": {"total": len(records), "rows": records}}
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


def _dbf(grid: Grid, path: Path, _case: dict[str, Any]) -> None:
    """dBase III: a header, a descriptor of 32 bytes per field, then records of fixed width."""
    width = 80
    fields = b"".join(
        name.encode("ascii").ljust(11, b"\0") + b"C" + bytes(4) + bytes([width]) + bytes(15)
        for name in grid[0]
    )
    size = 1 + width * len(grid[0])
    head = struct.pack("<BBBBIHH", 3, 126, 10, 1, len(grid) - 1, 33 + len(fields), size) + bytes(20)
    rows = b"".join(b" " + b"".join(cell.encode("gb18030").ljust(width) for cell in row) for row in grid[1:])
    path.write_bytes(head + fields + b"\r" + rows + b"\x1a")


_WRITERS = {
    "xlsx": _xlsx,
    "two_sheets": _two_sheets,
    "xls": _xls,
    "csv": _csv,
    "tabs": _tabs,
    "html": _html,
    "json": _json,
    "dbf": _dbf,
}
