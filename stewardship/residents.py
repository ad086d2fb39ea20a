"""A resident whole: what we stand for, everything that is stated, with where it stands, and whom they live with.

Belongs here: reading both off a snapshot, and in which areas the residents of some records live. Lives elsewhere: finding a resident (`finding.py`), how a golden value is chosen
(`warehouse/sql/golden/value.sql`).

Fields of the strictest tier that is kept (T3) are left out: they are not needed to know who somebody is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from stewardship.homes import Home, homes_of
from stewardship.sql import select
from warehouse.fields import fields
from warehouse.residents import resident_today
from warehouse.store import read_store


@dataclass(frozen=True, slots=True)
class Golden:
    """A value we stand for: the rule that chose it, how many platforms state it, and whose word it is."""

    field: str
    value: str
    rule: str
    sources: int
    on: str
    platform: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one record states of one field, and where."""

    field: str
    stated: str | None
    key: str | None
    quality: str
    on: str
    platform: str
    record_id: str
    source: str
    sheet: str
    row: int
    column: str
    present: bool


@dataclass(frozen=True, slots=True)
class Resident:
    """A resident of today, by the id that they bear today."""

    resident_id: str
    records: Sequence[str]
    areas: Sequence[str]
    golden: Sequence[Golden]
    claims: Sequence[Claim]
    homes: Sequence[Home]


def read_resident(snapshot: Path, key: bytes, resident_id: str) -> Resident:
    """The resident who is, or once was, called so.

    Raises:
        UnknownResident: nobody is or ever was.
    """
    with read_store(snapshot) as con:
        today = {"resident": resident_today(con, key, resident_id)}
        golden = [Golden(*row) for row in con.execute(select("golden_of"), today).fetchall()]
        claims = [Claim(*row) for row in con.execute(select("claims_of"), today).fetchall()]
        records = con.execute(
            "select record_id from resolved.record where resident_id = $resident order by 1", today
        ).fetchall()
        homes = homes_of(con, today["resident"])
    order = {name: place for place, (name, facts) in enumerate(fields().items()) if facts.tier != "T3"}
    return Resident(
        today["resident"],
        [record for (record,) in records],
        [one.value for one in golden if one.field in ("community", "grid")],
        sorted((one for one in golden if one.field in order), key=lambda one: order[one.field]),
        sorted((one for one in claims if one.field in order), key=lambda one: order[one.field]),
        homes,
    )


def areas_of_resident(snapshot: Path, resident_id: str) -> list[str] | None:
    """The community and grid of a resident, as far as they are known; None when nobody bears that id today."""
    query = "select community, grid from golden.resident where resident_id = ?"
    with read_store(snapshot) as con:
        rows = con.execute(query, [resident_id]).fetchall()
    return [area for area in rows[0] if area is not None] if rows else None


def areas_of(snapshot: Path, records: Collection[str]) -> set[str]:
    """The communities and grids in which the residents of some records live, as far as they are known."""
    query = """
        select distinct unnest([g.community, g.grid])
        from resolved.record as r
        join golden.resident as g on g.resident_id = r.resident_id
        where list_contains($records, r.record_id)
    """
    with read_store(snapshot) as con:
        found = con.execute(query, {"records": sorted(records)}).fetchall()
    return {area for (area,) in found if area is not None}
