"""From a platform's file to sheets of rows of cells as text, each with the type it had in the file.

Belongs here: choosing the reader by what the file is. One module per format; `sheet.py` has the shape they share,
`layout.py` finds the header and the rows under it.
Lives elsewhere: keeping the cells (`connectors/land`), what a column means (`connectors/stage`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa

from connectors.errors import Unreadable
from connectors.platform import Export
from connectors.read.batch import batches_of, rows_of_batch
from connectors.read.dbf import dbf_rows, read_dbf
from connectors.read.delimited import read_batches
from connectors.read.guard import check_size, check_zip
from connectors.read.html import read_html
from connectors.read.layout import DEEPEST, parts
from connectors.read.markup import read_xml
from connectors.read.nested import read_json
from connectors.read.packed import unpacked
from connectors.read.recognise import STANDS_FOR, Met, recognise
from connectors.read.sheet import Reading, Row, Sheet
from connectors.read.spreadsheetml import read_spreadsheetml
from connectors.read.workbook import open_xlsx, read_xls, read_xlsx

_HEAD = DEEPEST + 1  # rows above the data, and those of the header itself


@dataclass(frozen=True, slots=True)
class Stream:
    """An export that is open: its rows in batches, and the first rows of each sheet."""

    batches: Iterator[pa.RecordBatch]
    heads: Mapping[str, Sequence[Row]]
    left_out: Callable[[], str]

    @property
    def notes(self) -> str:
        """What was left out, in words; known when all batches were taken."""
        return self.left_out()


def read_export(path: Path, export: Export) -> Reading:
    """Read all of an export of whatever format it turns out to have.

    Raises:
        Unreadable: with the problem, the place and the next move, in words for a clerk.
    """
    with _unpacked(path, export) as data:
        reading = _reading(data, recognise(data, export.format), export)
    if not reading.rows:
        raise nothing_in_it()
    return reading


@contextmanager
def open_export(path: Path, export: Export) -> Iterator[Stream]:
    """Read an export batch by batch. Delimited text, workbooks and dBase files are never held as a whole; what
    its parser holds anyway, is.

    Raises:
        Unreadable: as `read_export`, also while batches are taken.
    """
    with _unpacked(path, export) as data:
        met, most = recognise(data, export.format), _HEAD + export.header_rows
        if met == "text":
            batches = read_batches(data)
            first = list(islice(batches, 1))
            head = [row for batch in first for row in rows_of_batch(batch.slice(0, most))]
            yield Stream(chain(first, batches), {"": head}, str)
        elif met == "dbf":
            yield Stream(batches_of("", dbf_rows(data)), {"": list(islice(dbf_rows(data), most))}, str)
        elif met == "xlsx":
            check_zip(data)
            with open_xlsx(data) as book:
                if isinstance(book, Reading):
                    yield _in_memory(book, most)
                else:
                    yield Stream(book.batches(), book.heads(most), lambda: book.notes)
        else:
            yield _in_memory(_reading(data, met, export), most)


def _in_memory(reading: Reading, most: int) -> Stream:
    heads = {sheet.name: sheet.rows[:most] for sheet in reading.sheets}
    batches = chain.from_iterable(batches_of(sheet.name, sheet.rows) for sheet in reading.sheets)
    return Stream(batches, heads, lambda: reading.notes)


def nothing_in_it() -> Unreadable:
    """What is said of a file without a single row."""
    return Unreadable("文件里没有任何内容", "请从平台重新导出")


@contextmanager
def _unpacked(path: Path, export: Export) -> Iterator[Path]:
    check_size(path)
    if not export.packed:
        yield path
        return
    with unpacked(path, export.beside) as data:
        check_size(data)
        yield data


def _reading(path: Path, met: Met, export: Export) -> Reading:
    reading = _read(path, met, export)
    if met not in STANDS_FOR[export.format]:
        raise Unreadable(f"应为 {export.format} 格式，收到的却是网页（HTML）", "请按平台原来的格式重新导出")
    return reading


def _read(path: Path, met: Met, export: Export) -> Reading:
    match met:
        case "xlsx":
            check_zip(path)
            return read_xlsx(path)
        case "xls":
            return read_xls(path)
        case "html":
            return read_html(
                path,
                frozenset(
                    name.rpartition("/")[2]
                    for part in parts(export)
                    for name in (*part.columns, *part.aliases)
                ),
            )
        case "spreadsheetml":
            return read_spreadsheetml(path)
        case "xml":
            return read_xml(path, export.records)
        case "json":
            return read_json(path, export.records)
        case "dbf":
            return read_dbf(path)
        case "text":
            batches = read_batches(path)
            return Reading([Sheet("", [row for batch in batches for row in rows_of_batch(batch)])])
