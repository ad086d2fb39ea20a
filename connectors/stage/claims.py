"""What each record states, field by field, beside what it means.

Belongs here: reading the distinct values of a column once, rows that cannot be used for what they state,
the tables of claims.
Lives elsewhere: what a value means (`dedup/normalise`), naming the records (`keys.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
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
_SAYS_NOTHING = ("empty", "none")

_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("record_id", _WORD),
        ("field", _WORD),
        ("stated", _WORD),
        ("key", _WORD),
        ("quality", _WORD),
        ("column", _WORD),
        ("as_of", pa.date32()),
        ("at", pa.int32()),  # the record's place among all of the export
    ]
)


@dataclass(slots=True)
class Values:
    """One field of some rows: what is stated, its key (null: it says nothing) and its quality."""

    stated: pa.DictionaryArray
    keys: pa.DictionaryArray
    qualities: pa.DictionaryArray
    garbled: Flags

    def keep(self, flags: Flags) -> Values:
        if bool(flags.all()):
            return self
        stays = pa.array(flags)
        stated, keys, qualities = (one.filter(stays) for one in (self.stated, self.keys, self.qualities))
        return Values(stated, keys, qualities, self.garbled[flags])

    def reads(self, *qualities: str) -> Flags:
        """Rows whose value is of one of these qualities."""
        return rows_among(self.qualities, qualities)


def rows_among(column: pa.DictionaryArray, texts: Collection[str]) -> Flags:
    """Rows of an encoded column without gaps whose text is one of these."""
    met = np.array([text in texts for text in column.dictionary.to_pylist()], dtype=np.bool_)
    flags: Flags = met[column.indices.to_numpy()] if len(met) else np.zeros(len(column), dtype=np.bool_)
    return flags


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
    keys, qualities = _read_apart(column.texts, column.marks == _NUMBER, reader)
    values = Values(column.texts, keys, qualities, _garbled(column.texts))
    if bool(column.several.any()):
        # Whose of several people it is, nobody knows: it must never count as a good value of the first.
        unsure = column.several & ~values.reads(*_SAYS_NOTHING)
        told = pc.if_else(pa.array(unsure), "several", qualities.dictionary_decode())
        values.qualities = told.dictionary_encode()
    return values


def _garbled(texts: pa.DictionaryArray) -> Flags:
    garbled = pc.match_substring_regex(texts.dictionary, words().mojibake).to_numpy(zero_copy_only=False)
    if not bool(garbled.any()):
        return np.zeros(len(texts), dtype=np.bool_)
    flags: Flags = garbled[texts.indices.to_numpy()]
    return flags


def _read_apart(
    stated: pa.DictionaryArray,
    numeric: Flags,
    reader: Callable[..., tuple[pa.DictionaryArray, pa.DictionaryArray]],
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Keys and qualities of one column, the number cells read as such."""
    if not bool(numeric.any()):
        return reader(stated)
    places = [np.flatnonzero(numeric == flag) for flag in (False, True)]
    read = [
        reader(stated.take(pa.array(at)).dictionary_decode(), numeric_cell=bool(flag))
        for flag, at in enumerate(places)
    ]
    back = pa.array(np.argsort(np.concatenate(places)))
    keys, qualities = (pa.concat_arrays(column).take(back) for column in zip(*read, strict=True))
    return keys, qualities


def unusable(values: Mapping[str, Values], block: Block, platform: Platform, quarantine: Quarantine) -> Flags:
    """Put aside rows with garbled values and rows that name nobody, or no place; the flags of the rows that stay."""
    for name, value in values.items():
        quarantine.take_out(block, value.garbled, "mojibake", platform.fields[name].column)
    nameless: Flags = np.ones(len(block), dtype=np.bool_)
    for name in platform.named_by:
        if name in values:
            nameless &= values[name].keys.indices.is_null().to_numpy(zero_copy_only=False)
    quarantine.take_out(block, nameless, "no_identity" if platform.about == "person" else "no_place")
    return quarantine.stays(block)


def claims_of(
    values: Mapping[str, Values], records: pa.StringArray, first: int, platform: Platform
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """One row per record and field that states anything, an explicit "has none" included; field by field.

    `records`: their ids; `first`: the place of the first of them among all of the export.
    """
    as_of = _as_of(values.get("updated_on"), len(records))
    for name, value in values.items():
        at = np.flatnonzero(~value.reads("empty")).astype(np.int32)
        places = pa.array(at)
        arrays = [
            pa.DictionaryArray.from_arrays(places, records),
            _always(name, len(at)),
            value.stated.take(places),
            value.keys.take(places),
            value.qualities.take(places),
            _always(platform.fields[name].column, len(at)),
            as_of.take(places),
            pa.array(at + np.int32(first)),
        ]
        yield name, pa.record_batch(arrays, schema=SCHEMA)


def _always(text: str, times: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(times, dtype=np.int32), pa.array([text]))


def _as_of(updated: Values | None, rows: int) -> Any:
    """The date each row says it was last changed, where that is a whole date."""
    if updated is None:
        return pa.nulls(rows, pa.date32())
    days = updated.keys.dictionary
    whole = pc.equal(pc.utf8_length(days), len("YYYY-MM-DD"))
    dates = pc.if_else(whole, days, None).cast(pa.date32()).take(updated.keys.indices)
    return pc.if_else(pa.array(updated.reads("ok")), dates, None)
