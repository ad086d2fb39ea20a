"""Text with delimiters: CSV, and tab text saved as .xls.

Belongs here: finding the delimiter, putting quoted lines together, keeping a broken line to itself.
Lives elsewhere: encodings (`decode.py`), too few or too many cells for the header (`connectors/stage`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.errors import Unreadable
from connectors.read.decode import Line, decode_lines
from connectors.read.sheet import BROKEN, Reading, Row, Sheet, broken_row, text_row

_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_CELL = 40  # physical lines one quoted cell may span; a quote left open swallows the rest of the file
csv.field_size_limit(1 << 20)


def read_delimited(path: Path) -> Reading:
    """The one sheet of a delimited file; row numbers are those of the physical lines.

    Raises:
        Unreadable: an unknown encoding, or a file that ends in the middle of a row.
    """
    data = path.read_bytes()
    rows = rows_of(decode_lines(data))
    if _breaks_off(rows) and not data.rstrip(b"\0").endswith((b"\n", b"\r")):
        raise Unreadable(
            "文件不完整：最后一行没有写完",
            "请从平台重新导出，等下载完成后再放入收件箱",
            place=f"第 {rows[-1].row} 行",
        )
    return Reading([Sheet("", rows)])


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Rows from lines; a line that cannot be decoded, or leaves a quote open, costs only itself.

    >>> [row.cells for row in rows_of([Line("a,b", True), Line('1,"x,', True), Line('y"', True)])]
    [['a', 'b'], ['1', 'x,\\ny']]
    >>> [row.types for row in rows_of([Line("a,b,c", True), Line('1,"x,2', True), Line("3,y,4", True)])]
    ['sss', 'u', 'sss']
    """
    delimiter = _delimiter([line.text for line in lines[:20]])
    width = max((line.text.count(delimiter) + 1 for line in lines[:20]), default=1)
    return [row for row in _rows(lines, delimiter, width) if not row.blank]


def _breaks_off(rows: Sequence[Row]) -> bool:
    """Whether the last row begins as the one before it and then stops. A closing remark is a single cell."""
    if len(rows) < 3:
        return False
    before, last = rows[-2:]
    return BROKEN in last.types or 1 < len(last.cells) < len(before.cells)


def _rows(lines: Sequence[Line], delimiter: str, width: int) -> Iterator[Row]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.whole:
            yield broken_row(at + 1, line.text)
        elif '"' not in line.text:
            yield text_row(at + 1, line.text.split(delimiter))
        else:
            taken, cells = _quoted(lines, at, delimiter, width)
            yield broken_row(at + 1, line.text) if cells is None else text_row(at + 1, cells)
            at += taken - 1
        at += 1


def _quoted(lines: Sequence[Line], at: int, delimiter: str, width: int) -> tuple[int, list[str] | None]:
    """How many lines the row that begins here takes, and its cells; None if a quote is never closed."""
    text = lines[at].text
    for taken in range(1, _LONGEST_CELL + 1):
        if not _open(text, delimiter):
            return taken, next(csv.reader([text], delimiter=delimiter), [])
        if at + taken >= len(lines) or _stands_alone(lines[at + taken], delimiter, width):
            break
        text += "\n" + lines[at + taken].text
    return 1, None


def _open(text: str, delimiter: str) -> bool:
    """Whether the text ends inside a quoted cell."""
    try:
        next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _stands_alone(line: Line, delimiter: str, width: int) -> bool:
    """Whether a line is a row of its own, so that it cannot be the rest of the cell before it."""
    return not line.whole or (
        width >= 3 and line.text.count(delimiter) >= width - 1 and not _open(line.text, delimiter)
    )


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that occurs most; a comma when none does.

    >>> _delimiter(["姓名\\t地址", "张三\\t近江路1,2号"])
    '\\t'
    """
    counts = {mark: sum(min(line.count(mark), 200) for line in lines) for mark in _DELIMITERS}
    on_most_lines = {mark: sum(mark in line for line in lines) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: (on_most_lines[mark], counts[mark]))
