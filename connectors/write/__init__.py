"""From rows of cells to a file as the platform itself would write it, in any of the formats.

Belongs here: `write_export`. One module per format; `plan.py` lays out what a spreadsheet of the platform looks like.
Lives elsewhere: how a value is written in one cell (`render.py`), the files of one night (`outbox.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from connectors.platform import Format, Platform
from connectors.write.cell import CannotWrite, Cell
from connectors.write.dbf import write_dbf
from connectors.write.delimited import write_csv, write_text
from connectors.write.html import write_html
from connectors.write.markup import write_xml
from connectors.write.nested import write_json
from connectors.write.packed import pack
from connectors.write.xls import write_xls
from connectors.write.xlsx import write_xlsx

__all__ = ["CannotWrite", "Cell", "write_export", "written"]

Write = Callable[[Platform, Sequence[Sequence[Cell]], Path], None]

_WRITERS: dict[Format, Write] = {
    "xlsx": write_xlsx,
    "xls": write_xls,
    "html": write_html,
    "csv": write_csv,
    "text": write_text,
    "dbf": write_dbf,
    "json": write_json,
    "xml": write_xml,
}

# What the data file in an archive is called; without one, the platform's own pattern says so.
_ENDINGS: dict[Format, str] = {
    "xlsx": ".xlsx",
    "xls": ".xls",
    "html": ".xls",
    "csv": ".csv",
    "text": ".xls",
    "dbf": ".dbf",
    "json": ".json",
    "xml": ".xml",
}


def write_export(platform: Platform, rows: Sequence[Mapping[str, Cell]], path: Path) -> None:
    """Write rows (header → cell, headers as in `export.columns`) as the platform's own file; same rows, same bytes.

    A header that a row lacks is a blank cell. Text stays text, also where it looks like a number or a formula.

    Raises:
        CannotWrite: a header the platform does not have, or a cell its format cannot hold.
    """
    written(platform, rows, path, _WRITERS[platform.export.format])


def written(platform: Platform, rows: Sequence[Mapping[str, Cell]], path: Path, write: Write) -> None:
    """Write rows of cells by header with the writer of a format, in an archive where the platform takes one.

    Raises:
        CannotWrite: a header the platform does not have, or a cell its format cannot hold.
    """
    columns = platform.export.columns
    known = frozenset(columns)
    for number, row in enumerate(rows, start=1):
        if not row.keys() <= known:
            stray = "、".join(sorted(row.keys() - known))
            raise CannotWrite(platform.slug, stray, number, "平台没有这一列")
    grid = [list(map(row.get, columns)) for row in rows]
    if platform.export.packed:
        pack(path, f"{platform.slug}{_ENDINGS[platform.export.format]}", partial(write, platform, grid))
    else:
        write(platform, grid, path)
