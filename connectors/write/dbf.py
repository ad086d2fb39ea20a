"""dBase III, as old family-planning clients import it: character fields of fixed width in bytes.

Belongs here: header, records, and refusing what does not fit: a value is never cut.
Lives elsewhere: reading it back (`connectors/read/dbf.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, text_of, unwritable

_VERSION = 0x03
_DATE = (80, 1, 1)  # of the last change; the real one would change the bytes
_CODE_PAGE = 0x4D  # 936, the nearest the header can say to GB18030
_WIDEST = 254
_DEFAULT = 60


def write_dbf(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write header and records.

    Raises:
        CannotWrite: a value longer than its field, or one the encoding does not hold.
    """
    export = platform.export
    widths = [export.widths.get(column, _DEFAULT) for column in export.columns]
    pieces = [_header(platform, widths, len(rows))]
    for number, row in enumerate(rows, start=1):
        pieces.append(b" ")  # not deleted
        for column, width, cell in zip(export.columns, widths, row, strict=True):
            if cell is None or cell == "":
                pieces.append(b" " * width)
            else:
                pieces.append(_field(platform, column, number, text_of(cell), width))
    pieces.append(b"\x1a")
    path.write_bytes(b"".join(pieces))


def _field(platform: Platform, column: str, number: int, text: str, width: int) -> bytes:
    try:
        data = text.encode(platform.export.encoding)
    except UnicodeEncodeError as error:
        raise CannotWrite(
            platform.slug, column, number, f"有字符无法用 {platform.export.encoding} 编码"
        ) from error
    if len(data) > width:
        raise CannotWrite(platform.slug, column, number, f"需要 {len(data)} 字节，该列只有 {width} 字节")
    if unwritable(text):
        raise CannotWrite(platform.slug, column, number, "含有控制字符")
    return data.ljust(width)


def _header(platform: Platform, widths: Sequence[int], count: int) -> bytes:
    fields = b"".join(
        _descriptor(platform, column, width)
        for column, width in zip(platform.export.columns, widths, strict=True)
    )
    length, record = 32 + len(fields) + 1, 1 + sum(widths)
    first = struct.pack("<BBBBIHH17xB2x", _VERSION, *_DATE, count, length, record, _CODE_PAGE)
    return first + fields + b"\r"


def _descriptor(platform: Platform, column: str, width: int) -> bytes:
    name = column.encode("ascii", "replace")
    if len(name) > 10 or b"?" in name:
        raise CannotWrite(platform.slug, column, 0, "DBF 字段名最多 10 个英文字母或数字")
    if not 1 <= width <= _WIDEST:
        raise CannotWrite(platform.slug, column, 0, f"DBF 字段宽度应为 1 至 {_WIDEST} 字节")
    return struct.pack("<11sc4xBB14x", name, b"C", width, 0)
