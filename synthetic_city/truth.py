"""The truth files: who stands behind each record, what is true of each person, what happened.

Belongs here: rows of truth in normal form, writing them as parquet, and who a record is about.
Lives elsewhere: the town (`people.py`), the files the records stand in (`files.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.normalise.area import Area
from dedup.normalise.read import read
from synthetic_city.addresses import full_address
from synthetic_city.beliefs import BELIEFS, View, address, registered_address
from synthetic_city.cases import Case
from synthetic_city.dice import Dice
from synthetic_city.events import Event
from synthetic_city.people import Person, Town
from synthetic_city.settling import residents
from warehouse.fields import fields
from warehouse.site import Site
from warehouse.store import read_store

RECORDS = pa.schema(
    [
        ("night", pa.date32()),
        ("platform", pa.string()),
        ("source_key", pa.string()),
        ("record_id", pa.string()),
        ("resident", pa.string()),
        ("household_living", pa.string()),
        ("household_registered", pa.string()),
        ("dwelling", pa.string()),
    ]
)
# The records of platforms that list nobody; dwelling: null of a named place.
PLACES = pa.schema(
    [
        (name, pa.date32() if name == "night" else pa.string())
        for name in ("night", "platform", "source_key", "record_id", "dwelling")
    ]
)
EVENTS = pa.schema(
    [
        ("night", pa.date32()),
        ("resident", pa.string()),
        ("event", pa.string()),
        ("field", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("platform", pa.string()),
    ]
)
# Each platform has its own: these have no one true value.
OF_A_PLATFORM = ("household_number", "head_name", "head_id_number", "updated_on")


def dwelling_name(home: int) -> str:
    """What a dwelling is called in the truth; `home` as in `Town.homes_at`."""
    return f"D{home:06d}"


def whereabouts(person: Person) -> tuple[str, str, str | None]:
    """Living household, registered household and dwelling of a person, by name."""
    dwelling = dwelling_name(person.home) if person.home is not None else None
    living = f"L{person.home:06d}" if person.home is not None else f"F{person.family:06d}"
    return living, f"B{person.book:06d}", dwelling


def record_rows(
    night: date, platform: str, keys: Sequence[str], ids: Sequence[str], people: Sequence[Person]
) -> list[tuple[object, ...]]:
    """One row of truth for each record of an export."""
    return [
        (night, platform, key, record, person.resident, *whereabouts(person))
        for key, record, person in zip(keys, ids, people, strict=True)
    ]


def resident_rows(night: date, town: Town) -> list[tuple[object, ...]]:
    """What is true of each person tonight, in normal form."""
    normal = Normal(town.city.area)
    return [
        (night, person.resident, *normal.values(town, person), *whereabouts(person))
        for person in residents(town)
    ]


def event_rows(town: Town, events: Iterable[Event]) -> list[tuple[object, ...]]:
    """What happened, by resident."""
    return [
        (
            one.night,
            town.people[one.person].resident,
            one.event,
            one.field,
            one.before,
            one.after,
            one.platform,
        )
        for one in events
    ]


@cache
def resident_schema() -> pa.Schema:
    """Columns of the residents' truth: one for each field that has a true value."""
    wheres = ("household_living", "household_registered", "dwelling")
    return pa.schema(
        [
            ("night", pa.date32()),
            ("resident", pa.string()),
            *((name, pa.string()) for name in (*_true(), *wheres)),
        ]
    )


def write_table(rows: Sequence[tuple[object, ...]], schema: pa.Schema, path: Path) -> None:
    """Write rows as parquet; the same rows give the same bytes."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, item.type) for column, item in zip(columns, schema, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def people(site: Site, snapshot: Path) -> dict[str, str]:
    """Who each record of a snapshot is really about, as its platform's last export has it."""
    with read_store(snapshot) as con:
        rows = con.execute(
            "select r.record_id, t.resident from resolved.record as r"
            " join read_parquet(?) as t on t.platform = r.platform and t.source_key = r.source_key"
            " qualify row_number() over (partition by r.record_id order by t.night desc) = 1",
            [str(site.truth / "records.parquet")],
        ).fetchall()
    return dict(rows)


def _true() -> list[str]:
    return [name for name, facts in fields().items() if facts.of == "person" and name not in OF_A_PLATFORM]


# What a platform has to know of somebody who died or moved out.
CLOSING = ("death_flag", "death_date", "moved_out_flag", "moved_out_date")


class Normal:
    """True values in normal form; each distinct one is read once."""

    def __init__(self, area: Area) -> None:
        self._area = area
        self._read: dict[tuple[str, str], str | None] = {}
        self._dice = Dice(0, "truth")

    def named(self, town: Town, person: Person) -> dict[str, str | None]:
        """What is true of a person, by field."""
        return dict(zip(_true(), self.values(town, person), strict=True))

    def values(self, town: Town, person: Person) -> list[str | None]:
        """What is true of a person, in the order of the fields."""
        book = town.books[person.book]
        head = town.people[book.head] if book.head >= 0 else None
        case = Case(self._dice, town, person, person.age(town.today))
        view = View(case, person, town, head, "", person.home, frozenset(), town.today)
        return [self._value(name, view) for name in _true()]

    def _value(self, name: str, view: View) -> str | None:
        if name in ("address", "registered_address"):
            place = address(view) if name == "address" else registered_address(view)
            stated = place if isinstance(place, str | None) else full_address(place)
        else:
            stated = BELIEFS[name](view)
        kind = fields()[name].kind
        if not stated or kind not in ("name", "phone", "address"):
            return stated or None
        if (kind, stated) not in self._read:
            self._read[kind, stated] = read(kind, stated, area=self._area).key
        return self._read[kind, stated]
