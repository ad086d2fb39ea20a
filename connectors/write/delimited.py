"""Comma separated values in the platform's own encoding, and lines with tabs saved as .xls.

Belongs here: quoting, so that the platform reads back exactly what was meant; the encoding.
Lives elsewhere: text that a spreadsheet would run as a formula (`preflight.py` keeps it out of what we publish: CSV has
no way to say "text", and an apostrophe before it would be part of the value).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, text_of, unwritable


def write_csv(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write header and rows; lines end as spreadsheets end them."""
    _write(platform, rows, path, ",")


def write_text(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write header and rows with tabs between the cells."""
    _write(platform, rows, path, "\t")


def _write(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path, delimiter: str) -> None:
    export = platform.export
    lines = [[text_of(cell) for cell in row] for row in rows]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(export.columns)
    writer.writerows(lines)
    text = buffer.getvalue()
    if unwritable(text):
        raise _refusal(platform, lines)
    try:
        data = text.encode(export.encoding)
    except UnicodeEncodeError as error:
        raise _refusal(platform, lines) from error
    path.write_bytes(data)


def _refusal(platform: Platform, lines: Sequence[Sequence[str]]) -> CannotWrite:
    """Which cell it was; looked for only when something went wrong."""
    for number, line in enumerate(lines, start=1):
        for column, text in zip(platform.export.columns, line, strict=True):
            if unwritable(text):
                return CannotWrite(platform.slug, column, number, "含有控制字符")
            if not encodable(text, platform.export.encoding):
                return CannotWrite(
                    platform.slug, column, number, f"有字符无法用 {platform.export.encoding} 编码"
                )
    return CannotWrite(platform.slug, "、".join(platform.export.columns), 0, "表头无法编码")


def encodable(text: str, encoding: str) -> bool:
    """Whether the text can be written in this encoding.

    >>> encodable("𬱖", "gb18030"), encodable("𬱖", "gbk")
    (True, False)
    """
    if text.isascii():  # every encoding of a platform's has these
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
