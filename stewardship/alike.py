"""Who may be meant by what somebody types: residents who already are what is about to be entered.

Belongs here: comparing typed values with golden ones, before anything is saved.
Lives elsewhere: matching (`dedup`), which decides on the next night; this only spares typing somebody twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dedup.normalise.area import Area
from dedup.normalise.read import read
from stewardship.sql import select
from warehouse.fields import fields
from warehouse.store import read_store

COMPARED = ("name", "id_number", "birth_date", "phone", "address")
MOST = 8

Because = Literal["id_number", "name_birth", "name_phone", "name_address", "phone_birth", "name"]


@dataclass(frozen=True, slots=True)
class Alike:
    """A resident who may be meant, and by what; values in full: who shows them masks them."""

    resident_id: str
    name: str | None
    id_number: str | None
    birth_date: str | None
    phone: str | None
    address: str | None
    because: Because


def alike(snapshot: Path, area: Area, typed: Mapping[str, str], areas: Collection[str] = ()) -> list[Alike]:
    """Who may be meant, the likeliest first, at most eight; of those who live in these areas, if any are named. A name alone
    finds namesakes, too."""
    keys = {name: _key(name, typed.get(name, ""), area) for name in COMPARED}
    if not (keys["name"] or keys["id_number"] or (keys["phone"] and keys["birth_date"])):
        return []
    asked = {**keys, "areas": sorted(areas), "most": MOST}
    with read_store(snapshot) as con:
        return [Alike(*row) for row in con.execute(select("alike"), asked).fetchall()]


def _key(field: str, typed: str, area: Area) -> str | None:
    return read(fields()[field].kind, typed, area=area).key if typed.strip() else None
