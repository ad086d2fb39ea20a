"""What staging makes of an export, on disk: records, claims and quarantine, batch after batch.

Belongs here: writing them, reading a few columns of a few records back, giving records their final names.
Lives elsewhere: what stands in them (`claims.py`, `keys.py`, `quarantine.py`), merging them (`warehouse/staged.py`).

A piece of claims holds one field of one batch, and every text in it once. The files are streams of Arrow, which cost
next to nothing to write, and are mapped to be read: they take up no memory that the system could not take back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from connectors.stage.block import Places, Texts
from connectors.stage.claims import SCHEMA as CLAIMS
from connectors.stage.quarantine import SCHEMA as QUARANTINE

RECORDS = pa.schema(
    [
        ("record_id", pa.string()),
        ("source_key", pa.string()),
        ("sheet", pa.string()),
        ("row", pa.int32()),
        ("part", pa.int32()),
    ]
)


class Tables:
    """The three tables of one export in a folder; to be closed before they are looked at."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: folder / f"{name}.arrows" for name in ("records", "claims", "quarantine")}
        schemas = (RECORDS, CLAIMS, QUARANTINE)
        self._writers = {
            name: pa.ipc.new_stream(file, schema)
            for (name, file), schema in zip(self._files.items(), schemas, strict=True)
        }
        self._ends: list[int] = [0]  # where each batch of records begins, and the last one ends
        self._fields: list[tuple[int, str]] = []  # batch and field of each piece of claims

    @property
    def size(self) -> int:
        """How many records there are so far."""
        return self._ends[-1]

    def add(self, records: pa.RecordBatch, claims: Iterable[tuple[str, pa.RecordBatch]]) -> None:
        """Add what was made of a batch; claims field by field."""
        self._writers["records"].write_batch(records)
        for name, piece in claims:
            self._writers["claims"].write_batch(piece)
            self._fields.append((len(self._ends) - 1, name))
        self._ends.append(self.size + len(records))

    def put_aside(self, rows: pa.RecordBatch) -> None:
        """Add rows that cannot be used."""
        self._writers["quarantine"].write_batch(rows)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()

    def mapped(self, name: str) -> pa.Table:
        """A table, on disk: it is there as long as somebody holds it, also when its file is taken away."""
        return pa.ipc.open_stream(pa.memory_map(str(self._files[name]))).read_all()

    def columns(
        self, column: str, fields: Sequence[str], places: Places
    ) -> Iterator[Mapping[str, Sequence[str | None]]]:
        """What the records at these places, in order, say of some fields, in one column of claims: batch by batch."""
        pieces = _pieces(self._files["claims"])
        said: dict[str, Texts] = {}
        for (batch, name), piece, last in zip(self._fields, pieces, self._last_of_batch(), strict=True):
            first, end = self._ends[batch : batch + 2]
            if name in fields:
                said[name] = np.full(end - first, None, dtype=object)
                said[name][piece["at"].to_numpy() - first] = piece[column].to_numpy(zero_copy_only=False)
            if last:
                here = places[(places >= first) & (places < end)] - first
                nothing = [None] * len(here)
                yield {name: said[name][here].tolist() if name in said else nothing for name in fields}
                said.clear()

    def rename(self, places: Places, keys: Sequence[str], ids: Sequence[str]) -> None:
        """Give the records at these places, in order, their final keys and ids."""
        new = {"source_key": np.array(keys, dtype=object), "record_id": np.array(ids, dtype=object)}
        names: list[pa.Array] = []
        with self._again("records") as (pieces, writer):
            for piece, first, end in zip(pieces, self._ends, self._ends[1:], strict=False):
                here = np.flatnonzero((places >= first) & (places < end))
                changed = {
                    column: _with(piece[column], places[here] - first, texts[here])
                    for column, texts in new.items()
                }
                arrays = [changed.get(column, piece[column]) for column in RECORDS.names]
                writer.write_batch(pa.record_batch(arrays, schema=RECORDS))
                names.append(changed["record_id"])
        with self._again("claims") as (pieces, writer):
            for piece, (batch, _) in zip(pieces, self._fields, strict=True):
                at = pa.array(piece["at"].to_numpy() - np.int32(self._ends[batch]))
                named = pa.DictionaryArray.from_arrays(at, names[batch])
                writer.write_batch(pa.record_batch([named, *piece.columns[1:]], schema=CLAIMS))

    def _last_of_batch(self) -> list[bool]:
        after = [batch for batch, _ in self._fields[1:]] + [-1]
        return [batch != following for (batch, _), following in zip(self._fields, after, strict=True)]

    @contextmanager
    def _again(self, name: str) -> Iterator[tuple[Iterator[pa.RecordBatch], pa.ipc.RecordBatchStreamWriter]]:
        """A table to be written anew from what it holds."""
        part = self._files[name].with_suffix(".part")
        pieces = pa.ipc.open_stream(pa.memory_map(str(self._files[name])))
        with pa.ipc.new_stream(part, pieces.schema) as writer:
            yield iter(pieces), writer
        part.replace(self._files[name])


def _pieces(file: Path) -> Iterator[pa.RecordBatch]:
    yield from pa.ipc.open_stream(pa.memory_map(str(file)))


def _with(texts: pa.Array, at: Places, new: Texts) -> pa.Array:
    changed = texts.to_numpy(zero_copy_only=False).copy()
    changed[at] = new
    return pa.array(changed, pa.string())
