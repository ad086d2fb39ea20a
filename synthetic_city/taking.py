"""What a platform does with what we send: it takes the file in, row by row, by its own key and its own rules.

Belongs here: reading our file with the platform's own reader, refusing rows, losing some, a clerk keying a printed sheet.
Lives elsewhere: the file (`connectors/write`), what a cell means to the platform (`connectors/stage`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from connectors.land.cells import keep_cells
from connectors.platform import Column, Platform
from connectors.stage import stage
from connectors.write.render import render
from synthetic_city.clerks import live, slipped
from synthetic_city.exports import Entry, Household, Store
from synthetic_city.people import Town
from warehouse.fields import fields
from warehouse.site import Site

Fate = Literal["taken", "refused", "lost"]


class Row(NamedTuple):
    """One row of what we sent: whose it is by the platform's own key, and its cells by field as they are stated.

    key: empty for somebody whom the platform does not have yet.
    """

    key: str
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one row; `words`: what the platform says of one that it refuses. `newcomer`: the ID number of somebody
    whom the platform was to take in."""

    night: date
    platform: str
    batch: str
    key: str
    fate: Fate
    words: str = ""
    newcomer: str = ""


def take_file(site: Site, store: Store, town: Town, night: date) -> list[Taken]:
    """Import every file that was sent tonight, in the order in which they were sent."""
    done: list[Taken] = []
    held, homes = store.by_key(), store.households()
    for folder in _sent(site, store.platform.slug, night):
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if said["mode"] == "live" and said["file"]:
            rows = read_rows(site, store.platform, folder / said["file"], night)
            done += [
                _take(store, town, night, said["batch"], held.get(row.key), row, homes)
                if row.key
                else _take_in(store, town, night, said["batch"], row)
                for row in rows
            ]
    return done


def key_sheet(
    store: Store, town: Town, night: date, batch: str, cells: Iterable[tuple[str, str, str]]
) -> list[Taken]:
    """Key a printed sheet: platform key, field and value in normal form of each cell; now and then a wrong one."""
    rows: dict[str, dict[str, str]] = {}
    for key, name, value in cells:
        stated = render(store.platform.fields[name], fields()[name], value)
        if stated is not None:
            rows.setdefault(key, {})[name] = stated
    held, homes, rate = store.by_key(), store.households(), live()["faults"]["keyed_wrong"]
    for key, stated_cells in rows.items():
        for name, stated in stated_cells.items():
            if key in held and store.dice.chance(rate):
                stated_cells[name] = str(slipped(store.dice, store, town, held[key], name, stated) or stated)
    return [
        _take(store, town, night, batch, held.get(key), Row(key, stated), homes)
        for key, stated in rows.items()
    ]


def read_rows(site: Site, platform: Platform, file: Path, night: date) -> list[Row]:
    """A file of ours as the platform's own reader understands it."""
    small = replace(platform, export=replace(platform.export, rows=(1, 1_000_000)))
    with tempfile.TemporaryDirectory() as work:
        cells = Path(work) / "cells.parquet"
        keep_cells(file, small, cells)
        staged = stage(small, cells, area=site.area, key=site.key, source=file.name, night=night)
    keys = {record["record_id"]: record["source_key"] for record in staged.records.to_pylist()}
    rows: dict[str, dict[str, str]] = {}
    for claim in staged.claims.to_pylist():
        if claim["stated"]:
            rows.setdefault(claim["record_id"], {})[claim["field"]] = claim["stated"]
    return [
        Row("" if keys[record].startswith("#") else keys[record], stated) for record, stated in rows.items()
    ]


def _sent(site: Site, slug: str, night: date) -> list[Path]:
    """The folders of a platform's batches of a night, the first one first."""
    outbox = site.outbox / night.isoformat()
    found = [folder for folder in (outbox / slug, *outbox.glob(f"{slug}.*")) if folder.is_dir()]
    return sorted(found, key=lambda folder: int(folder.suffix[1:] or 1))


def _take(
    store: Store,
    town: Town,
    night: date,
    batch: str,
    entry: Entry | None,
    row: Row,
    homes: Mapping[Household, Sequence[Entry]],
) -> Taken:
    words = "系统中查无此编号" if entry is None else next(_refusals(store.platform, row), None)
    fate: Fate = "taken"
    if entry is None or words is not None:
        fate = "refused"
    elif store.dice.chance(live()["faults"]["lost"]):
        fate = "lost"
    else:
        _put(store, entry, row, homes[entry.household])
        store.touch(town, entry)
    return Taken(night, store.platform.slug, batch, row.key, fate, words or "")


def _put(store: Store, entry: Entry, row: Row, household: Sequence[Entry]) -> None:
    """Write a row's cells down; what the platform keeps once for a household is thereby said of everybody in it."""
    for name, stated in row.cells.items():
        for one in household if store.platform.fields[name].column in store.shared else (entry,):
            store.put(one, name, stated)


def _take_in(store: Store, town: Town, night: date, batch: str, row: Row) -> Taken:
    """Somebody new, as the platform checks them: by ID number, against its own records and the police's."""
    number = row.cells.get("id_number", "")
    column = store.platform.fields["id_number"].column
    person = next((one for one in town.people if one.id_number == number), None)
    words = next(_refusals(store.platform, row), None)
    if any(entry.cells.get(column) == number for entry in store.entries):
        words = "此人已存在"
    elif person is None or person.name != row.cells.get("name"):
        words = "姓名与证件号码核验不通过"
    if words is not None or person is None:
        return Taken(night, store.platform.slug, batch, "", "refused", words or "", number)
    if store.dice.chance(live()["faults"]["lost"]):
        return Taken(night, store.platform.slug, batch, "", "lost", newcomer=number)
    entry = store.take_in(town, person, row.cells)
    return Taken(night, store.platform.slug, batch, entry.key, "taken", newcomer=number)


def _refusals(platform: Platform, row: Row) -> Iterator[str]:
    """Why the platform does not take this row, by its own rules."""
    for name, column in platform.fields.items():
        stated = row.cells.get(name)
        if stated is None:
            if column.required and platform.receive.returns == "template":
                yield f"「{column.column}」为必填项"
        elif column.max_length is not None and len(stated) > column.max_length:
            yield f"「{column.column}」超过 {column.max_length} 个字"
        elif _unknown_code(column, stated):
            yield f"「{column.column}」不在代码表内"


def _unknown_code(column: Column, stated: str) -> bool:
    """A platform with a list of its own takes nothing else."""
    return bool(column.codes) and column.style == "none" and stated not in column.codes
