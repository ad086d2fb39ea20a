"""How landed cells are kept: one parquet file, a row per row of the export, a row group per batch of them.

Belongs here: writing that file batch by batch, blanking forbidden columns before it is written.
Lives elsewhere: reading the export and the shape of a batch (`connectors/read`), reading the cells back
(`connectors/stage/cells.py`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.durable import settle
from connectors.platform import Platform
from connectors.read import Stream, nothing_in_it, open_export
from connectors.read.batch import SCHEMA, batch_of, batches_of, rows_of_batch
from connectors.read.guard import check_rows
from connectors.read.layout import Header, choose_sheets, find_header, parts
from connectors.read.sheet import EMPTY, Reading, Row


def keep_cells(path: Path, platform: Platform, cells: Path) -> tuple[int, str]:
    """Write the cells of an export, without what may not be kept; its rows that state anything, and notes.

    Raises:
        Unreadable: with the problem, the place and the next move, in words for a clerk.
    """
    with open_export(path, platform.export) as stream:
        rows = write_batches(without_forbidden(stream, platform), cells)
        if not rows:
            cells.unlink()
            raise nothing_in_it()
        return rows, stream.notes


def write_batches(batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write cells batch by batch, atomically, a row group each; the number of rows that state anything.

    Raises:
        Unreadable: more rows than an export may have.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    rows = stated = 0
    try:
        with pq.ParquetWriter(part, SCHEMA, compression="zstd", use_dictionary=["sheet", "types"]) as file:
            for batch in batches:
                rows += len(batch)
                check_rows(rows)
                stated += _stating(batch)
                file.write_batch(batch)
        settle(part, path)
    finally:
        part.unlink(missing_ok=True)
    return stated


def write_cells(reading: Reading, path: Path) -> None:
    """Write all cells of a reading, atomically."""
    write_batches(chain.from_iterable(batches_of(sheet.name, sheet.rows) for sheet in reading.sheets), path)


def _stating(batch: pa.RecordBatch) -> int:
    """How many rows of a batch state anything."""
    distinct = batch.column("types").dictionary_encode()
    states = np.array(
        [bool(types.strip(".vhm")) for types in distinct.dictionary.to_pylist()], dtype=np.bool_
    )
    return int(states[distinct.indices.to_numpy()].sum())


def without_forbidden(stream: Stream, platform: Platform) -> Iterator[pa.RecordBatch]:
    """The batches of an export without what may not be kept: forbidden columns blank, sheets that nobody accounts
    for gone.

    Raises:
        Unreadable: the header is not the platform's, so that nobody can say where a forbidden column stands.
    """
    if not platform.forbidden:
        yield from stream.batches
        return
    export, headers = platform.export, dict[str, Header]()
    for part in parts(export):
        for name in choose_sheets(part, stream.heads, export):
            headers[name] = find_header(name, stream.heads[name], part, export)
    seen: Counter[str] = Counter()
    for batch in stream.batches:
        name = batch.column("sheet")[0].as_py() if len(batch) else ""
        if name in headers:
            rows, header = rows_of_batch(batch), headers[name]
            first = max(0, header.first + export.header_rows - seen[name])
            bad = frozenset(at for declared, at in header.at.items() if declared in platform.forbidden)
            blanked = [_blank(row, bad, header.width) for row in rows[first:]]
            yield batch_of(name, [*rows[:first], *blanked])
        seen[name] += len(batch)


def _blank(row: Row, bad: frozenset[int], width: int) -> Row:
    """A row without its forbidden cells. One whose cells may be displaced keeps nothing but its number."""
    if len(row.cells) < width or row.types[width:].strip(".vhm"):
        return Row(row.row, [""], "u")
    cells = ["" if at in bad else cell for at, cell in enumerate(row.cells)]
    return Row(row.row, cells, "".join(EMPTY if at in bad else mark for at, mark in enumerate(row.types)))
