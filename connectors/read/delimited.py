"""Text with delimiters: CSV, and tab text saved as .xls.

Belongs here: finding the delimiter, putting quoted lines together, keeping a broken line to itself.
Lives elsewhere: encodings (`decode.py`), too few or too many cells for the header (`connectors/stage`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from connectors.errors import Unreadable
from connectors.read.batch import BATCH_ROWS, batches_of, rows_of_batch, split_batch, split_text
from connectors.read.decode import Line, encoding_of, lines_of, texts_of
from connectors.read.sheet import BROKEN, Row, broken_row, text_row

_DELIMITERS = (",", "\t", ";", "|")
_FIRST = 20  # lines that tell the delimiter
_LOOKED_BACK = 3  # rows, to tell whether a file breaks off
_TAIL = 1 << 16  # bytes
_LONGEST_CELL = 40  # physical lines one quoted cell may span; a quote left open swallows the rest of the file
csv.field_size_limit(1 << 20)


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The one sheet of a delimited file, block after block; row numbers are those of the physical lines.

    Raises:
        Unreadable: an unknown encoding, or a file that ends in the middle of a row.
    """
    tail: list[Row] = []
    for batch in _batches(path):
        yield batch
        tail = [*tail, *rows_of_batch(batch.slice(max(0, len(batch) - _LOOKED_BACK)))][-_LOOKED_BACK:]
    if _breaks_off(tail) and not _ends_a_line(path):
        raise Unreadable(
            "文件不完整：最后一行没有写完",
            "请从平台重新导出，等下载完成后再放入收件箱",
            place=f"第 {tail[-1].row} 行",
        )


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Rows from lines; a line that cannot be decoded, or leaves a quote open, costs only itself.

    >>> [row.cells for row in rows_of([Line("a,b", True), Line('1,"x,', True), Line('y"', True)])]
    [['a', 'b'], ['1', 'x,\\ny']]
    >>> [row.types for row in rows_of([Line("a,b,c", True), Line('1,"x,2', True), Line("3,y,4", True)])]
    ['sss', 'u', 'sss']
    """
    return _rows(lines, 1, _shape(lines), last=True)[0]


class _Shape(NamedTuple):
    delimiter: str
    width: int


def _shape(lines: Sequence[Line]) -> _Shape:
    """The delimiter, and the most cells of a row, by the first lines."""
    first = [line.text for line in lines[:_FIRST]]
    delimiter = _delimiter(first)
    return _Shape(delimiter, max((line.count(delimiter) + 1 for line in first), default=1))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Blocks in which no quote stands are split at once; where one does, row by row, as a cell may go on in the next."""
    encoding = encoding_of(path)
    shape: _Shape | None = None
    first, left = 1, list[Line]()
    for block in texts_of(path, encoding) if encoding.whole else lines_of(path, encoding):
        shape = shape or _shape(_lines(block, _FIRST))
        if isinstance(block, bytes) and not left and b'"' not in block:
            lines = split_text(block, "\n")
            yield from (
                split_batch(first + at, lines.slice(at, BATCH_ROWS), shape.delimiter)
                for at in range(0, len(lines), BATCH_ROWS)
            )
            first += len(lines)
        else:
            left += _lines(block)
            rows, taken = _rows(left, first, shape, last=False)
            yield from batches_of("", rows)
            first, left = first + taken, left[taken:]
    if shape and left:
        yield from batches_of("", _rows(left, first, shape, last=True)[0])


def _lines(block: bytes | list[Line], most: int = -1) -> list[Line]:
    """The lines of a block; of one that is read as text, at most so many and one with the rest."""
    if isinstance(block, list):
        return block
    return [Line(line, True) for line in block.decode("utf-8").split("\n", most)]


def _breaks_off(rows: Sequence[Row]) -> bool:
    """Whether the last row begins as the one before it and then stops. A closing remark is a single cell."""
    if len(rows) < _LOOKED_BACK:
        return False
    before, last = rows[-2:]
    return BROKEN in last.types or 1 < len(last.cells) < len(before.cells)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def _rows(lines: Sequence[Line], first: int, shape: _Shape, *, last: bool) -> tuple[list[Row], int]:
    """The rows of these lines, the first of which has this number, and how many lines they take.

    Unless they are the last of the file, a cell with a quote near their end is left for when more are known.
    """
    rows: list[Row] = []
    at = 0
    while at < len(lines):
        text, whole = lines[at]
        if not whole:
            rows.append(broken_row(first + at, text))
        elif '"' not in text:
            rows.append(text_row(first + at, text.split(shape.delimiter)))
        elif not last and at + _LONGEST_CELL >= len(lines):
            break
        else:
            taken, cells = _quoted(lines, at, shape)
            rows.append(broken_row(first + at, text) if cells is None else text_row(first + at, cells))
            at += taken - 1
        at += 1
    return [row for row in rows if not row.blank], at


def _quoted(lines: Sequence[Line], at: int, shape: _Shape) -> tuple[int, list[str] | None]:
    """How many lines the row that begins here takes, and its cells; None if a quote is never closed."""
    text = lines[at].text
    for taken in range(1, _LONGEST_CELL + 1):
        cells = _closed(text, shape.delimiter)
        if cells is not None:
            return taken, cells
        if at + taken >= len(lines) or _stands_alone(lines[at + taken], shape):
            break
        text += "\n" + lines[at + taken].text
    return 1, None


def _closed(text: str, delimiter: str) -> list[str] | None:
    """The cells of a text; None if it ends inside a quoted cell."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
    return next(csv.reader([text], delimiter=delimiter), [])


def _stands_alone(line: Line, shape: _Shape) -> bool:
    """Whether a line is a row of its own, so that it cannot be the rest of the cell before it."""
    return not line.whole or (
        shape.width >= 3
        and line.text.count(shape.delimiter) >= shape.width - 1
        and _closed(line.text, shape.delimiter) is not None
    )


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that occurs most; a comma when none does.

    >>> _delimiter(["姓名\\t地址", "张三\\t近江路1,2号"])
    '\\t'
    """
    counts = {mark: sum(min(line.count(mark), 200) for line in lines) for mark in _DELIMITERS}
    on_most_lines = {mark: sum(mark in line for line in lines) for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: (on_most_lines[mark], counts[mark]))
