"""How landed cells are kept: one parquet file, a row per row of the export.

Belongs here: the shape of that file, blanking forbidden columns before it is written.
Lives elsewhere: reading the export (`connectors/read`), reading the cells back (`connectors/stage/load.py`).
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.durable import settle
from connectors.platform import Platform
from connectors.read.layout import DEEPEST, choose_sheets, find_header, parts
from connectors.read.sheet import EMPTY, Reading, Row, Sheet

SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("row", pa.int32()),  # as the clerk sees it, from 1
        ("cells", pa.list_(pa.string())),
        ("types", pa.string()),  # one mark per cell: connectors/read/sheet.py
    ]
)


def write_cells(reading: Reading, path: Path) -> None:
    """Write all cells of a reading, atomically."""
    rows = [row for sheet in reading.sheets for row in sheet.rows]
    names = [pa.repeat(pa.scalar(sheet.name, pa.string()), len(sheet.rows)) for sheet in reading.sheets]
    table = pa.Table.from_arrays(
        [
            pa.concat_arrays([*names, pa.array([], pa.string())]),
            pa.array([row.row for row in rows], pa.int32()),
            pa.array([row.cells for row in rows], pa.list_(pa.string())),
            pa.array([row.types for row in rows], pa.string()),
        ],
        schema=SCHEMA,
    )
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    pq.write_table(table, part, compression="zstd")
    settle(part, path)


def blank_forbidden(reading: Reading, platform: Platform) -> Reading:
    """The reading without what may not be kept: forbidden columns blank, sheets that nobody accounts for gone.

    Raises:
        Unreadable: the header is not the platform's, so that nobody can say where a forbidden column stands.
    """
    if not platform.forbidden:
        return reading
    export = platform.export
    by_name = {sheet.name: sheet for sheet in reading.sheets}
    heads = {name: sheet.rows[: DEEPEST + export.header_rows + 1] for name, sheet in by_name.items()}
    kept: list[Sheet] = []
    for part in parts(export):
        for name in choose_sheets(part, heads, export):
            header = find_header(name, heads[name], part, export)
            bad = frozenset(at for declared, at in header.at.items() if declared in platform.forbidden)
            first, sheet = header.first + export.header_rows, by_name[name]
            blanked = [_blank(row, bad, header.width) for row in sheet.rows[first:]]
            kept.append(Sheet(name, [*sheet.rows[:first], *blanked], sheet.hidden_rows))
    return Reading(kept, reading.hidden_sheets)


def _blank(row: Row, bad: frozenset[int], width: int) -> Row:
    """A row without its forbidden cells. One whose cells may be displaced keeps nothing but its number."""
    if len(row.cells) < width or row.types[width:].strip(".vhm"):
        return Row(row.row, [""], "u")
    cells = ["" if at in bad else cell for at, cell in enumerate(row.cells)]
    return Row(row.row, cells, "".join(EMPTY if at in bad else mark for at, mark in enumerate(row.types)))
