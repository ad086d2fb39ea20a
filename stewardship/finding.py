"""Finding a resident: by name, by sound, by the end of an ID number or a phone, by id.

Belongs here: what an input may mean, and who answers to it. Lives elsewhere: one resident whole (`residents.py`).

Only golden values are looked at: what a resident is known by. An input is taken for what it looks like: letters are pinyin
with or without spaces, digits the end of a number, `R` and hexadecimals an id, anything else a part of a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from dedup.normalise.pinyin import pinyins
from warehouse.residents import UnknownResident, resident_today
from warehouse.store import read_store

MOST = 50
LEAST_DIGITS = 4
_ID = re.compile(r"[Rr][0-9a-fA-F]{16}")
_NUMBER = re.compile(r"[0-9]+[xX]?")
_LETTERS = re.compile(r"[A-Za-zü' ]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A resident, as far as a list shows one."""

    resident_id: str
    name: str | None
    id_number: str | None
    phone: str | None
    address: str | None
    records: int


def find(snapshot: Path, key: bytes, asked: str, areas: Collection[str] = ()) -> list[Found]:
    """Who answers to an input, at most fifty, by name; of those who live in these areas, if any are named.

    An id that somebody once bore finds who holds it today.
    """
    asked = asked.strip()
    if _ID.fullmatch(asked):
        return _by_id(snapshot, key, asked[0].upper() + asked[1:].lower(), areas)
    if _NUMBER.fullmatch(asked):
        number = asked.upper()
        ends = "(id_number like '%' || $asked or list_contains(list_transform(string_split(phone, ';'), lambda one: one like '%' || $asked), true))"
        return _select(snapshot, ends, number, areas) if len(asked) >= LEAST_DIGITS else []
    if _LETTERS.fullmatch(asked):
        return _select(snapshot, "list_contains($asked, name)", sounding(snapshot, asked), areas)
    return _select(snapshot, "contains(name, $asked)", asked, areas) if asked else []


def sounding(snapshot: Path, asked: str) -> list[str]:
    """The names of a snapshot that begin to sound like this."""
    wanted = asked.lower().replace(" ", "").replace("ü", "v")
    return [name for name, sound in _sounds(snapshot) if sound.startswith(wanted)]


@lru_cache(maxsize=2)
def _sounds(snapshot: Path) -> list[tuple[str, str]]:
    """Every name of a snapshot, and how it sounds in one word."""
    with read_store(snapshot) as con:
        rows = con.execute(
            "select distinct name from golden.resident where name is not null order by 1"
        ).fetchall()
    names = pa.array([name for (name,) in rows], pa.string())
    return [
        (name, (sound or "").replace(" ", ""))
        for name, sound in zip(names.to_pylist(), pinyins(names).to_pylist(), strict=True)
    ]


def _by_id(snapshot: Path, key: bytes, asked: str, areas: Collection[str]) -> list[Found]:
    try:
        with read_store(snapshot) as con:
            today = resident_today(con, key, asked)
    except UnknownResident:
        return []
    return _select(snapshot, "resident_id = $asked", today, areas)


def _select(snapshot: Path, condition: str, asked: str | list[str], areas: Collection[str]) -> list[Found]:
    with read_store(snapshot) as con:
        rows = con.execute(
            "select resident_id, name, id_number, phone, address, records from golden.resident"
            f" where {condition} and (len($areas) = 0 or list_has_any($areas, [community, grid]))"
            f" order by name, resident_id limit {MOST}",
            {"asked": asked, "areas": sorted(areas)},
        ).fetchall()
    return [Found(*row) for row in rows]
