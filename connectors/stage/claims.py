"""What each record states, field by field, beside what it means.

Belongs here: reading the distinct values of a column once, rows that cannot be used for what they state,
the table of claims.
Lives elsewhere: what a value means (`dedup/normalise`), naming the records (`keys.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as Day
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.platform import Column as PlatformColumn
from connectors.platform import Platform
from connectors.stage.block import Block, Column, Flags
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words
from dedup.normalise.area import Area
from dedup.normalise.bulk import read_many
from warehouse.fields import fields

_NUMBER = ord("n")
_SAYS_NOTHING = pa.array(["empty", "none"])

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
    """One field of all rows: what is stated, its key (null: it says nothing) and its quality."""

    stated: pa.StringArray
    keys: pa.StringArray
    qualities: pa.StringArray
    garbled: Flags

    def keep(self, flags: Flags) -> Values:
        if bool(flags.all()):
            return self
        stays = pa.array(flags)
        stated, keys, qualities = (
            column.filter(stays) for column in (self.stated, self.keys, self.qualities)
        )
        return Values(stated, keys, qualities, self.garbled[flags])


def read_fields(block: Block, platform: Platform, area: Area, night: Day) -> dict[str, Values]:
    """All mapped fields of all rows, read."""
    return {
        name: _read(block.columns[column.column], column, area, night)
        for name, column in platform.fields.items()
    }


def _read(column: Column, facts: PlatformColumn, area: Area, night: Day) -> Values:
    """Text and number cells are read apart: a number cell damages what it holds."""
    field = fields()[facts.field]
    reader = partial(read_many, field.kind, area=area, table=field.table, codes=facts.codes, night=night)
    stated = pa.array(column.texts, pa.string())
    keys, qualities = _read_apart(stated, column.marks == _NUMBER, reader)
    if bool(column.several.any()):
        # Whose of several people it is, nobody knows: it must never count as a good value of the first.
        says_nothing = pc.is_in(qualities, _SAYS_NOTHING)
        qualities = pc.if_else(pc.and_not(pa.array(column.several), says_nothing), "several", qualities)
    distinct = stated.dictionary_encode()
    garbled = pc.match_substring_regex(distinct.dictionary, words().mojibake).take(distinct.indices)
    return Values(stated, keys, qualities, garbled.to_numpy(zero_copy_only=False))


def _read_apart(
    stated: pa.StringArray,
    numeric: Flags,
    reader: Callable[..., tuple[pa.DictionaryArray, pa.DictionaryArray]],
) -> tuple[pa.StringArray, pa.StringArray]:
    """Keys and qualities of one column, the number cells read as such."""
    if not bool(numeric.any()):
        keys, qualities = reader(stated)
        return keys.dictionary_decode(), qualities.dictionary_decode()
    places = [np.flatnonzero(numeric == flag) for flag in (False, True)]
    read = [reader(stated.take(pa.array(at)), numeric_cell=flag) for flag, at in enumerate(places)]
    back = pa.array(np.argsort(np.concatenate(places)))
    keys, qualities = (
        pa.concat_arrays([one.dictionary_decode() for one in column]) for column in zip(*read, strict=True)
    )
    return keys.take(back), qualities.take(back)


def unusable(values: Mapping[str, Values], block: Block, platform: Platform, quarantine: Quarantine) -> Flags:
    """Put aside rows with garbled values and rows that name nobody; the flags of the rows that stay."""
    for name, value in values.items():
        quarantine.take_out(block, value.garbled, "mojibake", platform.fields[name].column)
    nobody: Flags = np.ones(len(block), dtype=np.bool_)
    for name in ("name", "id_number"):
        if name in values:
            nobody &= values[name].keys.is_null().to_numpy(zero_copy_only=False)
    quarantine.take_out(block, nobody, "no_identity")
    return quarantine.stays(block)


def claims_table(values: Mapping[str, Values], record_ids: list[str], platform: Platform) -> pa.Table:
    """One row per record and field that states anything, an explicit "has none" included."""
    as_of = _as_of(values.get("updated_on"), len(record_ids))
    records = pa.array(record_ids, pa.string())
    tables = [
        _claims(name, value, platform.fields[name].column, records, as_of) for name, value in values.items()
    ]
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()


def _claims(name: str, value: Values, column: str, records: Any, as_of: Any) -> pa.Table:
    there = pc.not_equal(value.qualities, "empty")
    stated = value.stated.filter(there)
    arrays = [
        records.filter(there),
        pa.repeat(pa.scalar(name, pa.string()), len(stated)),
        stated,
        value.keys.filter(there),
        value.qualities.filter(there),
        pa.repeat(pa.scalar(column, pa.string()), len(stated)),
        as_of.filter(there),
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _as_of(updated: Values | None, rows: int) -> Any:
    """The date each row says it was last changed, where that is a whole date."""
    if updated is None:
        return pa.nulls(rows, pa.date32())
    whole = pc.and_(
        pc.equal(updated.qualities, "ok"), pc.equal(pc.utf8_length(updated.keys), len("YYYY-MM-DD"))
    )
    return pc.if_else(whole, updated.keys, None).cast(pa.date32())
