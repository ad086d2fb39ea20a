"""What each platform holds on one night, value by value, in normal form: `truth/stores/<night>/<platform>.parquet`.

Belongs here: reading a store's cells as its own export would be read, and writing them down.
Lives elsewhere: what stands in a cell (`exports.py`), what a value means (`dedup/normalise`).
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from connectors.write.cell import Cell, text_of
from dedup.normalise.area import Area
from dedup.normalise.read import read
from synthetic_city.exports import Store
from synthetic_city.files import fitting
from synthetic_city.people import Town
from synthetic_city.truth import write_table
from warehouse.fields import fields
from warehouse.ids import record_ids


class Reader:
    """Reads one platform's cells; each distinct one once."""

    def __init__(self, store: Store, area: Area) -> None:
        self._store = store
        self._area = area
        self._read: dict[tuple[str, Cell], str | None] = {}

    @cached_property
    def schema(self) -> pa.Schema:
        """The platform's own key, the record, the person, and a column for each field."""
        names = ("source_key", "record_id", "person", *self._store.platform.fields)
        return pa.schema([(name, pa.string()) for name in names])

    def key(self, name: str, cell: Cell) -> str | None:
        """The normal form of a cell of a field; None: it says nothing that can be used."""
        at = (name, cell)
        if at not in self._read:
            self._read[at] = self._key(name, cell)
        return self._read[at]

    def _key(self, name: str, cell: Cell) -> str | None:
        column, facts = self._store.platform.fields[name], fields()[name]
        text = text_of(fitting(self._store.platform, column.column, cell)).strip()
        if not text:
            return None
        return read(
            facts.kind,
            text,
            numeric_cell=not isinstance(cell, str),
            area=self._area,
            table=facts.table,
            codes=column.codes,
        ).key


def write_holdings(
    folder: Path, night: date, store: Store, reader: Reader, town: Town, site_key: bytes
) -> None:
    """Write down what a platform holds now."""
    platform = store.platform
    columns = [(name, column.column) for name, column in platform.fields.items()]
    keys = [entry.key for entry in store.entries]
    ids = record_ids(site_key, platform.slug, keys) if platform.export.key is not None else [""] * len(keys)
    rows = [
        (
            entry.key,
            record,
            town.people[entry.person].resident,
            *(reader.key(name, entry.cells.get(header)) for name, header in columns),
        )
        for entry, record in zip(store.entries, ids, strict=True)
    ]
    write_table(rows, reader.schema, folder / night.isoformat() / f"{platform.slug}.parquet")
