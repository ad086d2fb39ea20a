"""Who lives together, who stands in one book, who lives behind one door.

Belongs here: reading households and dwellings off a snapshot with their members, and which of these somebody may see.
Lives elsewhere: who belongs to which (`dedup`, `warehouse/sql/golden/household_member.sql`), one resident (`residents.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import duckdb

from stewardship.accounts import Account
from stewardship.sql import select


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household or dwelling; values are keys. relation: to the head, where a platform said so."""

    resident_id: str
    name: str | None
    birth_date: str | None
    relation: str | None
    areas: Sequence[str]


@dataclass(frozen=True, slots=True)
class Home:
    """A household that lives together, one that stands in a book, or a dwelling. address: empty of a registered one."""

    kind: Literal["living", "registered", "dwelling"]
    id: str
    address: str
    members: Sequence[Member]


def read_homes(con: duckdb.DuckDBPyConnection, homes: Collection[str]) -> list[Home]:
    """Those of these ids that anybody belongs to."""
    rows = con.execute(select("homes"), {"homes": sorted(homes)}).fetchall()
    return [
        Home(kind, home, address, [_member(*row[3:]) for row in each])
        for (kind, home, address), each in groupby(rows, lambda row: row[:3])
    ]


def _member(
    resident_id: str, name: str | None, birth_date: str | None, relation: str | None, *areas: str | None
) -> Member:
    return Member(resident_id, name, birth_date, relation, [one for one in areas if one])


def homes_of(con: duckdb.DuckDBPyConnection, resident_id: str) -> list[Home]:
    """The households and the dwelling of a resident."""
    query = """
        select household_id from golden.household_member where resident_id = $resident
        union
        select dwelling_id from golden.resident where resident_id = $resident and dwelling_id is not null
    """
    return read_homes(con, [home for (home,) in con.execute(query, {"resident": resident_id}).fetchall()])


def seen_by(account: Account, home: Home) -> Home:
    """A home without those who live in the areas of others."""
    return replace(home, members=[one for one in home.members if account.works_on(one.areas)])
