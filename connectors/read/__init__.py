"""From a platform's file to sheets of rows of cells as text, each with the type it had in the file.

Belongs here: choosing the reader by what the file is. One module per format; `sheet.py` has the shape they share,
`layout.py` finds the header and the rows under it.
Lives elsewhere: keeping the cells (`connectors/land`), what a column means (`connectors/stage`).
"""

from __future__ import annotations

from pathlib import Path

from connectors.errors import Unreadable
from connectors.platform import Export
from connectors.read.dbf import read_dbf
from connectors.read.delimited import read_delimited
from connectors.read.guard import check_size, check_zip
from connectors.read.html import read_html
from connectors.read.layout import parts
from connectors.read.markup import read_xml
from connectors.read.nested import read_json
from connectors.read.packed import unpacked
from connectors.read.recognise import STANDS_FOR, Met, recognise
from connectors.read.sheet import Reading
from connectors.read.spreadsheetml import read_spreadsheetml
from connectors.read.workbook import read_xls, read_xlsx


def read_export(path: Path, export: Export) -> Reading:
    """Read an export of whatever format it turns out to have.

    Raises:
        Unreadable: with the problem, the place and the next move, in words for a clerk.
    """
    if export.packed:
        check_size(path)
        with unpacked(path, export.beside) as data:
            return _read_file(data, export)
    return _read_file(path, export)


def _read_file(path: Path, export: Export) -> Reading:
    check_size(path)
    met = recognise(path, export.format)
    reading = _read(path, met, export)
    if met not in STANDS_FOR[export.format]:
        raise Unreadable(f"应为 {export.format} 格式，收到的却是网页（HTML）", "请按平台原来的格式重新导出")
    if not reading.rows:
        raise Unreadable("文件里没有任何内容", "请从平台重新导出")
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
            return read_delimited(path)
