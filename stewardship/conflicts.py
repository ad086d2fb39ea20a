"""Values that contradict each other: what two platforms lately entered of one field of one person, for a person to settle.

Belongs here: reading them whole, which of them still wait, and settling one: this record is right.
Lives elsewhere: when two values contradict each other (`warehouse/sql/golden/conflict.sql`), the pin that settles it
(`pinning.py`), putting one off (`queue.py`), masking (whoever shows a value).

The id of a conflict is a keyed digest of its records and their values: it cannot be guessed, and with another value it is
another conflict. So a word never settles what nobody saw.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb

from stewardship.pinning import Pinned, WrongPin, set_pin
from stewardship.sentences import say
from stewardship.sql import select
from warehouse.approvals import Said
from warehouse.ledger import Ledger
from warehouse.pins import pins
from warehouse.site import Site
from warehouse.speech import Language
from warehouse.store import read_store, scalar


@dataclass(frozen=True, slots=True)
class Side:
    """One of the values, in full: which record says it, from which night on, and as of which day by its own word."""

    record_id: str
    platform: str
    value: str
    entered: str
    dated: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one resident; the golden value is the first of its sides. since: the night from which all stood."""

    id: str
    resident_id: str
    field: str
    since: str
    person: str
    areas: tuple[str, ...]
    sides: Sequence[Side]


def open_conflicts(site: Site, snapshot: Path, ledger: Ledger) -> list[Conflict]:
    """The conflicts of the last published night that nobody has settled since, the oldest first."""
    night, every = _read(snapshot, site.key)
    settled = {(one.record_id, one.field, one.digest) for one in pins(ledger) if night <= one.until}

    def waits(one: Conflict) -> bool:
        digests = ledger.digests([side.value for side in one.sides])
        said = zip(one.sides, digests, strict=True)
        return not any((side.record_id, one.field, digest) in settled for side, digest in said)

    return sorted((one for one in every if waits(one)), key=lambda one: (one.since, one.id))


def settle(
    site: Site, snapshot: Path, ledger: Ledger, conflict_id: str, record: str, said: Said, speak: Language
) -> Pinned:
    """Note which of the records of a conflict is right, for a year; the rules hold again when the pin is taken back.

    Raises:
        WrongPin: it waits no more (settled by somebody, or the values are others by now), the record is none of its
            sides, or no reason was given.
    """
    found = next((one for one in open_conflicts(site, snapshot, ledger) if one.id == conflict_id), None)
    if found is None or record not in {side.record_id for side in found.sides}:
        raise WrongPin(say("conflict_over", speak))
    return set_pin(snapshot, ledger, record, found.field, said, speak)


def _read(snapshot: Path, key: bytes) -> tuple[date, list[Conflict]]:
    """The last published night, and the conflicts that it found."""
    with read_store(snapshot) as con:
        night: date = scalar(con, "select max(night) from landed.pull")
        rows = con.execute(select("conflicts")).fetchall() if _looked_for(con) else []
    found = []
    for (resident, field), each in groupby(rows, lambda row: row[:2]):
        theirs = list(each)
        sides = [Side(*row[5:]) for row in theirs]
        since, person, areas = max(row[2] for row in theirs), theirs[0][3], tuple(theirs[0][4])
        found.append(Conflict(_id(key, field, sides), resident, field, since, person, areas, sides))
    return night, found


def _id(key: bytes, field: str, sides: Sequence[Side]) -> str:
    told = "\x1e".join(sorted(f"{one.record_id}\x1f{one.value}" for one in sides))
    return hmac.digest(key, f"conflict\x1f{field}\x1f{told}".encode(), "sha256").hex()[:24]


def _looked_for(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the night of this snapshot looked for conflicts: one of an older release did not."""
    query = "select 1 from duckdb_tables() where schema_name = 'golden' and table_name = 'conflict'"
    return bool(con.execute(query).fetchall())
