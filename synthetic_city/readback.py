"""Which key a record without a platform key gets: known only to the platform's own reader, so we ask it.

Belongs here: reading a written export back. Lives elsewhere: reading and staging themselves (`connectors`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from connectors.land.cells import write_cells
from connectors.platform import Platform
from connectors.read import read_export
from connectors.stage import stage
from warehouse.site import Site


def keys_by_place(
    site: Site, platform: Platform, path: Path, night: date, rows: Sequence[Sequence[int]]
) -> list[tuple[str, str, int]]:
    """(source key, record id, person) of every record the reader makes of a file; `rows`: the people of each row."""
    with tempfile.TemporaryDirectory() as folder:
        cells = Path(folder) / "cells.parquet"
        write_cells(read_export(path, platform.export), cells)
        staged = stage(platform, cells, area=site.area, key=site.key, source=path.name, night=night)
    first = _rows_above(platform) + 1
    return [
        (record["source_key"], record["record_id"], rows[record["row"] - first][record["part"] - 1])
        for record in staged.records.to_pylist()
    ]


def _rows_above(platform: Platform) -> int:
    """How many rows of the sheet stand above the first person."""
    export = platform.export
    return (export.title is not None) + export.header_rows + bool(export.instructions)
