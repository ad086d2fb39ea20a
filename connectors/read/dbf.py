"""dBase files, as old family-planning and health clients export them.

Belongs here: field names as the header row, values as exact text, records that are cut off or cannot be decoded.
Lives elsewhere: encodings of text files (`decode.py`).
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbfread import DBF, FieldParser

from connectors.errors import Unreadable
from connectors.read.sheet import EMPTY, Reading, Row, Sheet, broken_row, date_text, text_row

_ENCODING = "gb18030"
_LOST = "\ufffd"
_CUT = ("DBF 文件已损坏或不完整", "请从平台重新导出")


class _Exact(FieldParser):  # type: ignore[misc]
    """Numbers with the digits they have in the file, instead of floats."""

    # The library finds a parser by the name of the field's type.
    def parseN(self, _field: Any, data: bytes) -> str:
        return data.strip(b" \0*").decode("ascii", "replace")

    parseF = parseN


def read_dbf(path: Path) -> Reading:
    """The one sheet of a DBF.

    Raises:
        Unreadable: as `dbf_rows`.
    """
    return Reading([Sheet("", list(dbf_rows(path)))])


def dbf_rows(path: Path) -> Iterator[Row]:
    """The rows of a DBF one by one: field names in row 1, records from row 2 as a spreadsheet would show them.

    Raises:
        Unreadable: not a DBF, or shorter than its own header says.
    """
    try:
        table = DBF(
            str(path),
            encoding=_ENCODING,
            char_decode_errors="replace",
            parserclass=_Exact,
            ignore_missing_memofile=True,
        )
        _check_length(path, table)
        marks = ["n" if field.type in "NFIBY" else "s" for field in table.fields]
        yield text_row(1, table.field_names)
        yield from _records(table, marks)
    except (struct.error, ValueError, OSError, EOFError, KeyError, IndexError) as error:
        raise Unreadable(*_CUT) from error


def _records(table: Any, marks: list[str]) -> Iterator[Row]:
    for number, record in enumerate(table, start=2):
        values = [_value(value, mark) for value, mark in zip(record.values(), marks, strict=True)]
        cells = [text for text, _ in values]
        # A field cut inside its last character keeps the rest; damage anywhere else costs the record.
        if any(_LOST in text[:-1] for text in cells):
            yield broken_row(number, " ".join(cells))
        else:
            yield Row(number, cells, "".join(mark for _, mark in values))


def _value(value: Any, mark: str) -> tuple[str, str]:
    if value is None or value == "":
        return "", EMPTY
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "b"
    if isinstance(value, dt.date):
        return date_text(value), "d"
    return str(value), mark


def _check_length(path: Path, table: Any) -> None:
    header = table.header
    expected = header.headerlen + header.numrecords * header.recordlen
    if path.stat().st_size < expected:
        raise Unreadable(
            f"DBF 文件不完整：文件头写明 {header.numrecords} 条记录，实际不足", "请从平台重新导出"
        )
