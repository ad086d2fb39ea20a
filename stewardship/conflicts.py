"""What contradicts itself and a person settles: values of one field of one person that two platforms lately entered, books of two
platforms that put somebody into two households, two heads of one household.

Belongs here: finding them in a snapshot, whole, which of them still wait, and settling one: this record is right.
Lives elsewhere: when two values contradict each other (`warehouse/sql/golden/conflict.sql`), when two books or heads do
(`sql/household_conflicts.sql`), the pin that settles it (`pinning.py`) and what that does to households
(`dedup/households.py`, `warehouse/sql/golden/household.sql`), keeping them for the desk (`casebook.py`), putting one off (`queue.py`), masking (whoever shows a value).

The id of a conflict is a keyed digest of its records and their values: it cannot be guessed, and with another value it is
another conflict. So a word never settles what nobody saw.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal, get_args

import duckdb

from stewardship.pinning import Pinned, WrongPin, set_pin
from stewardship.sentences import say
from stewardship.sql import select
from warehouse.approvals import Said
from warehouse.ledger import Ledger
from warehouse.pins import pins
from warehouse.speech import Language
from warehouse.store import scalar

Kind = Literal["value", "two_books", "two_heads"]
OF_HOUSEHOLDS: tuple[Kind, ...] = get_args(Kind)[1:]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the answers, in full: which record says it, from which night on, and as of which day by its own word.

    resident_id, person: whose record it is. home: the registered household that it speaks of; empty where it is about a value.
    golden: whether it holds now.
    """

    record_id: str
    platform: str
    value: str
    entered: str
    dated: str
    resident_id: str
    person: str
    home: str
    golden: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one resident, or of the members of one household; what holds now is the first of its sides. since: the night
    from which all stood. areas: of all whom it is about."""

    id: str
    kind: Kind
    field: str
    since: str
    areas: tuple[str, ...]
    sides: Sequence[Side]

    @property
    def resident_id(self) -> str:
        """Whom it is about; of two heads the one who holds now."""
        return self.sides[0].resident_id

    @property
    def person(self) -> str:
        """Their name."""
        return self.sides[0].person


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Every conflict that a night found, whoever has settled it since. night: the last one of the snapshot."""

    night: date
    every: Sequence[Conflict]


def find_conflicts(con: duckdb.DuckDBPyConnection, key: bytes) -> Conflicts:
    """The conflicts of a snapshot. Books are held against each other by the million: this takes seconds."""
    night: date = scalar(con, "select max(night) from landed.pull")
    queries = [name for name in ("conflicts", "household_conflicts") if _looked_for(con, _NEEDS[name])]
    return Conflicts(night, [one for name in queries for one in _found(con, key, name)])


def open_conflicts(found: Conflicts, ledger: Ledger) -> list[Conflict]:
    """Those that nobody has settled since, the oldest first."""
    settled = {(one.record_id, one.field, one.digest) for one in pins(ledger) if found.night <= one.until}

    def waits(one: Conflict) -> bool:
        digests = ledger.digests([side.value for side in one.sides])
        said = zip(one.sides, digests, strict=True)
        return not any((side.record_id, one.field, digest) in settled for side, digest in said)

    return sorted((one for one in found.every if waits(one)), key=lambda one: (one.since, one.id))


def settle(
    snapshot: Path,
    found: Conflicts,
    ledger: Ledger,
    conflict_id: str,
    record: str,
    said: Said,
    speak: Language,
) -> Pinned:
    """Note which of the records of a conflict is right, for a year; the rules hold again when the pin is taken back.

    Raises:
        WrongPin: it waits no more (settled by somebody, or the values are others by now), the record is none of its
            sides, or no reason was given.
    """
    meant = next((one for one in open_conflicts(found, ledger) if one.id == conflict_id), None)
    if meant is None or record not in {side.record_id for side in meant.sides}:
        raise WrongPin(say("conflict_over", speak))
    return set_pin(snapshot, ledger, record, meant.field, said, speak)


def _found(con: duckdb.DuckDBPyConnection, key: bytes, query: str) -> Iterator[Conflict]:
    rows = con.execute(select(query)).fetchall()
    for (kind, _, field), each in groupby(rows, lambda row: row[:3]):
        theirs = list(each)
        sides = [Side(*row[5:]) for row in theirs]
        since, areas = max(row[3] for row in theirs), sorted({area for row in theirs for area in row[4]})
        yield Conflict(_id(key, field, sides), kind, field, since, tuple(areas), sides)


def _id(key: bytes, field: str, sides: Sequence[Side]) -> str:
    told = "\x1e".join(sorted(f"{one.record_id}\x1f{one.value}" for one in sides))
    return hmac.digest(key, f"conflict\x1f{field}\x1f{told}".encode(), "sha256").hex()[:24]


_NEEDS = {"conflicts": ("golden", "conflict"), "household_conflicts": ("golden", "household")}


def _looked_for(con: duckdb.DuckDBPyConnection, table: tuple[str, str]) -> bool:
    """Whether the night of this snapshot made a table: one of an older release did not."""
    query = "select 1 from duckdb_tables() where schema_name = ? and table_name = ?"
    return bool(con.execute(query, table).fetchall())
