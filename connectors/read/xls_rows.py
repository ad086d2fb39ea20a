"""Hidden rows of a BIFF8 .xls, which calamine does not tell.

Belongs here: finding the ROW records of each sheet in the workbook stream.
Lives elsewhere: the values and the merged ranges (`workbook.py`).
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import xlrd
from xlrd.compdoc import CompDoc, CompDocError

from connectors.errors import Unreadable

_ROW_HEAD = struct.pack("<HH", 0x0208, 16)  # every ROW record is 16 bytes long
_HIDDEN = 0x20
_BROKEN = ("xls 文件已损坏或不完整", "请从平台重新导出，确认能用表格软件打开")


def hidden_xls_rows(path: Path) -> dict[str, frozenset[int]]:
    """Numbers of the hidden rows (from 1) by sheet; sheets without any are left out."""
    stream = _workbook_stream(path)
    if not _may_hide(stream):
        return {}
    try:
        with xlrd.open_workbook(
            str(path), logfile=io.StringIO(), on_demand=True, formatting_info=True
        ) as book:
            sheets = {name: book.sheet_by_name(name) for name in book.sheet_names()}
    except Exception as error:
        # On broken records xlrd raises whatever its arithmetic happens to run into.
        raise Unreadable(*_BROKEN) from error
    return {
        name: frozenset(row + 1 for row, facts in sheet.rowinfo_map.items() if facts.hidden)
        for name, sheet in sheets.items()
        if any(facts.hidden for facts in sheet.rowinfo_map.values())
    }


def _workbook_stream(path: Path) -> bytes:
    try:
        container: Any = CompDoc(path.read_bytes(), logfile=io.StringIO())
        for name in ("Workbook", "Book"):
            memory, base, length = container.locate_named_stream(name)
            if memory:
                return bytes(memory[base : base + length])
    except (CompDocError, struct.error, IndexError, AssertionError, OverflowError, ValueError) as error:
        raise Unreadable(*_BROKEN) from error
    raise Unreadable("这个 OLE 文件里没有工作簿", "请从平台重新导出 xls 文件")


def _may_hide(stream: bytes) -> bool:
    """Whether any bytes look like a hidden ROW record: xlrd is slow, and nearly no export hides rows."""
    at = stream.find(_ROW_HEAD)
    while at >= 0:
        if at + 17 <= len(stream) and stream[at + 16] & _HIDDEN:
            return True
        at = stream.find(_ROW_HEAD, at + 1)
    return False
