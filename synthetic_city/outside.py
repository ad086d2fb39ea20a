"""People from outside: who they are and what each source says comes from a file, only the file formats are ours.

Belongs here: dealing the sources over the platforms, and putting raw values into cells.
Lives elsewhere: rows → files (`files.py`), people of our own (`people.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from connectors.platform import Platform
from connectors.write.cell import Cell
from connectors.write.render import nearest, render
from dedup.normalise.read import read
from synthetic_city.exports import Entry, Store
from warehouse.fields import fields

NEEDED = ("record_id", "source", "person_id", "household_id")
RAW = (
    "name",
    "sex",
    "id_number",
    "birth_date",
    "phone",
    "address",
    "community",
    "relation",
    "household_number",
)


class NotPeople(ValueError):
    """A file of people that cannot be used."""

    def __init__(self, path: Path, problem: str, next_move: str) -> None:
        super().__init__(f"{path.name}：{problem}。{next_move}")


@dataclass(frozen=True, slots=True)
class Outsider:
    """One record from outside: whose it is, and what was said."""

    record_id: str
    person: str
    household: str
    said: dict[str, str]


def read_people(path: Path) -> dict[str, list[Outsider]]:
    """The records of each source.

    Raises:
        NotPeople: a column is missing, or the file is empty.
    """
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    if not rows:
        raise NotPeople(path, "没有任何记录", "请换一个文件")
    missing = [name for name in NEEDED if name not in rows[0]]
    if missing:
        raise NotPeople(path, f"缺少列 {'、'.join(missing)}", f"需要的列：{'、'.join((*NEEDED, *RAW))}")
    sources: dict[str, list[Outsider]] = {}
    for row in rows:
        said = {name: str(row[name]) for name in RAW if row.get(name) not in (None, "")}
        outsider = Outsider(str(row["record_id"]), str(row["person_id"]), str(row["household_id"]), said)
        sources.setdefault(str(row["source"]), []).append(outsider)
    return sources


def deal(sources: dict[str, list[Outsider]], platforms: dict[str, Platform]) -> dict[str, list[Outsider]]:
    """The largest source to the platform that asks for most of what is known, and so on around."""
    asks = sorted(platforms, key=lambda slug: (-len(platforms[slug].fields.keys() & set(RAW)), slug))
    sizes = Counter({source: len(rows) for source, rows in sources.items()})
    dealt: dict[str, list[Outsider]] = {}
    for place, (source, _) in enumerate(sorted(sizes.items(), key=lambda item: (-item[1], item[0]))):
        dealt.setdefault(asks[place % len(asks)], []).extend(sources[source])
    return dealt


def take_in(store: Store, outsiders: list[Outsider], night: date) -> None:
    """Fill a store with records from outside; an entry's `person` is the record's place in the list."""
    households: dict[str, int] = {}
    for place, outsider in enumerate(outsiders):
        count = households.setdefault(outsider.household, len(households) + 1)
        store.given += 1
        entry = Entry(
            place, store.habits.key.format(n=store.given), ("living", count, -1), None, frozenset(), night
        )
        said = {"household_number": str(count), **outsider.said}
        for name, value in said.items():
            if name in store.platform.fields:
                entry.cells[store.platform.fields[name].column] = _cell(store.platform, name, value)
        if store.platform.export.key is not None:
            entry.cells[store.platform.export.key] = entry.key
        store.entries.append(entry)


def _cell(platform: Platform, name: str, value: str) -> Cell:
    """Codes and dates as the platform writes them, where they can be read; everything else as it was said."""
    column, facts = platform.fields[name], fields()[name]
    if facts.kind not in ("code", "date"):
        return value
    key = read(facts.kind, value, table=facts.table).key
    sayable = nearest(column, facts, key) if key is not None else None
    return value if sayable is None else render(column, facts, sayable)
