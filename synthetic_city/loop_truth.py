"""What is written down of a loop under `truth/`, beside what every city leaves there: all that its figures are made of.

    entered    each cell that a clerk keyed: night, platform, record, resident, field, value in normal form, and whether
               it is right or puts a slip right
    settled    each cell that waited for a person: what the approver said, and the night from which it can go out
    imported   each row of ours: taken, refused or lost
    calendar   the nights on which a platform exported and imported
    stores/    what each platform held after each night (`holdings.py`)

Belongs here: these tables. Lives elsewhere: the loop (`pipelines/live.py`), what is made of them (`figures.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import pyarrow as pa

from synthetic_city import truth
from synthetic_city.approver import Settled
from synthetic_city.clerks import Entered
from synthetic_city.events import Event
from synthetic_city.exports import Store
from synthetic_city.holdings import Reader
from synthetic_city.people import Town
from synthetic_city.taking import Taken
from warehouse.ids import record_ids
from warehouse.site import Site

_TEXT, _DAY, _FLAG = pa.string(), pa.date32(), pa.bool_()
ENTERED = pa.schema(
    [
        ("night", _DAY),
        ("platform", _TEXT),
        ("record_id", _TEXT),
        ("resident", _TEXT),
        ("field", _TEXT),
        ("value", _TEXT),
        ("right", _FLAG),
        ("corrects", _FLAG),
    ]
)
SETTLED = pa.schema(
    [
        ("night", _DAY),
        ("platform", _TEXT),
        ("record_id", _TEXT),
        ("field", _TEXT),
        ("value", _TEXT),
        ("why", _TEXT),
        ("word", _TEXT),
        ("goes", _DAY),
    ]
)
IMPORTED = pa.schema(
    [
        ("night", _DAY),
        ("platform", _TEXT),
        ("batch", _TEXT),
        ("source_key", _TEXT),
        ("fate", _TEXT),
        ("words", _TEXT),
        ("newcomer", _TEXT),
    ]
)
CALENDAR = pa.schema([("night", _DAY), ("platform", _TEXT)])


class Lived(Protocol):
    """What a loop has gathered; `pipelines.live.Loop` is one."""

    stores: dict[str, Store]
    readers: dict[str, Reader]
    events: list[Event]
    entered: list[Entered]
    settled: list[tuple[Settled, date]]
    taken: list[Taken]
    open: list[tuple[date, str]]
    records: list[tuple[object, ...]]
    residents: list[tuple[object, ...]]


def write(site: Site, town: Town, lived: Lived) -> None:
    """Write all of it."""
    tables: Mapping[str, tuple[Sequence[tuple[object, ...]], pa.Schema]] = {
        "records": (lived.records, truth.RECORDS),
        "residents": (lived.residents, truth.resident_schema()),
        "events": (truth.event_rows(town, lived.events), truth.EVENTS),
        "entered": (_entered(site, town, lived), ENTERED),
        "settled": ([(*_settled(one), goes) for one, goes in lived.settled], SETTLED),
        "imported": (
            [
                (one.night, one.platform, one.batch, one.key, one.fate, one.words, one.newcomer)
                for one in lived.taken
            ],
            IMPORTED,
        ),
        "calendar": (lived.open, CALENDAR),
    }
    for name, (rows, schema) in tables.items():
        truth.write_table(rows, schema, site.truth / f"{name}.parquet")


def _entered(site: Site, town: Town, lived: Lived) -> list[tuple[object, ...]]:
    return [
        (
            one.night,
            one.platform,
            record_ids(site.key, one.platform, [one.key])[0] if one.key else "",
            town.people[one.person].resident,
            one.field,
            lived.readers[one.platform].key(one.field, one.cell),
            one.right,
            one.corrects,
        )
        for one in lived.entered
    ]


def _settled(one: Settled) -> tuple[object, ...]:
    return one.night, one.platform, one.record_id, one.field, one.value, one.why, one.word
