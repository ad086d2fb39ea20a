"""What each record states, field by field, beside what it means.

Belongs here: reading the distinct values of a column once, rows that cannot be used for what they state,
the table of claims.
Lives elsewhere: what a value means (`dedup/normalise`), naming the records (`keys.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from typing import Any

import numpy as np
import pyarrow as pa

from connectors.platform import Column as PlatformColumn
from connectors.platform import Platform
from connectors.stage.block import Block, Column, Flags, Texts, text_array
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words
from dedup.normalise.area import Area
from dedup.normalise.read import read
from warehouse.fields import fields

_NUMBER = ord("n")
_SAYS_NOTHING = ("empty", "none")

SCHEMA = pa.schema(
    [
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("stated", pa.string()),
        ("key", pa.string()),
        ("quality", pa.string()),
        ("column", pa.string()),
        ("as_of", pa.date32()),
    ]
)


@dataclass(slots=True)
class Values:
    """One field of all rows: what is stated, its key (None: it says nothing) and its quality."""

    stated: Texts
    keys: Texts
    qualities: Texts
    garbled: Flags

    def keep(self, flags: Flags) -> Values:
        return Values(self.stated[flags], self.keys[flags], self.qualities[flags], self.garbled[flags])


def read_fields(block: Block, platform: Platform, area: Area, night: Day) -> dict[str, Values]:
    """All mapped fields of all rows, read."""
    return {
        name: _read(block.columns[column.column], column, area, night)
        for name, column in platform.fields.items()
    }


def _read(column: Column, facts: PlatformColumn, area: Area, night: Day) -> Values:
    """Each distinct value is read once, apart for text and number cells: a number cell damages what it holds."""
    field = fields()[facts.field]
    numeric = column.marks == _NUMBER
    distinct: Any = pa.array(column.texts, pa.string()).dictionary_encode()
    pairs = distinct.indices.to_numpy().astype(np.int64) * 2 + numeric
    met, back = np.unique(pairs, return_inverse=True)
    texts = distinct.dictionary.to_pylist()
    found = [
        read(
            field.kind,
            texts[pair // 2],
            numeric_cell=bool(pair % 2),
            area=area,
            table=field.table,
            codes=facts.codes,
            night=night,
        )
        for pair in met.tolist()
    ]
    garbled = np.array([bool(words().mojibake.search(texts[pair // 2])) for pair in met], dtype=np.bool_)
    qualities = text_array([value.quality for value in found])[back]
    # Whose of several people it is, nobody knows: it must never count as a good value of the first.
    unsure = column.several & ~np.isin(qualities, _SAYS_NOTHING)
    qualities[unsure] = "several"
    return Values(column.texts, text_array([value.key for value in found])[back], qualities, garbled[back])


def unusable(values: Mapping[str, Values], block: Block, platform: Platform, quarantine: Quarantine) -> Flags:
    """Put aside rows with garbled values and rows that name nobody; the flags of the rows that stay."""
    for name, value in values.items():
        quarantine.take_out(block, value.garbled, "mojibake", platform.fields[name].column)
    nobody: Flags = np.ones(len(block), dtype=np.bool_)
    for name in ("name", "id_number"):
        if name in values:
            nobody &= np.array([key is None for key in values[name].keys], dtype=np.bool_)
    quarantine.take_out(block, nobody, "no_identity")
    gone = quarantine.found
    stays = [(sheet, int(row)) not in gone for sheet, row in zip(block.sheets, block.rows, strict=True)]
    return np.array(stays, dtype=np.bool_)


def claims_table(values: Mapping[str, Values], record_ids: list[str], platform: Platform) -> pa.Table:
    """One row per record and field that states anything, an explicit "has none" included."""
    as_of = _as_of(values.get("updated_on"), len(record_ids))
    records = pa.array(record_ids, pa.string())
    tables = [
        _claims(name, value, platform.fields[name].column, records, as_of) for name, value in values.items()
    ]
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()


def _claims(name: str, value: Values, column: str, records: Any, as_of: Any) -> pa.Table:
    there = pa.array(np.flatnonzero(value.qualities != "empty"))
    size = len(there)
    arrays = [
        records.take(there),
        pa.repeat(pa.scalar(name, pa.string()), size),
        pa.array(value.stated, pa.string()).take(there),
        pa.array(value.keys, pa.string()).take(there),
        pa.array(value.qualities, pa.string()).take(there),
        pa.repeat(pa.scalar(column, pa.string()), size),
        as_of.take(there),
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _as_of(updated: Values | None, rows: int) -> Any:
    """The date each row says it was last changed, where that is a whole date."""
    if updated is None:
        return pa.nulls(rows, pa.date32())
    days = {
        key: Day.fromisoformat(key) if key is not None and len(key) == 10 else None
        for key in set(updated.keys)
    }
    good = updated.qualities == "ok"
    return pa.array(
        [days[key] if ok else None for key, ok in zip(updated.keys, good, strict=True)], pa.date32()
    )
