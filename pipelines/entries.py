"""What was typed at the desk, left in the inbox of a night as the export of the office's own platform.

Belongs here: the form's fields, whether what was typed can be read and written, the workbook.
Lives elsewhere: the rows (`warehouse/entries.py`), the form (`stewardship/desk/enter.py`), the platform
(`connectors/platforms/desk.toml`).

The workbook holds every row that stands, each night: what was typed stays stated. An office that leaves a workbook of its
own in that folder decides against ours for that night. A row that was taken back after a night had read it is left out from
then on; as a workbook says nothing of who is not in it, its record is marked as gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.platform import PLATFORMS, Column, Platform, read_platform
from connectors.write import CannotWrite, write_export
from connectors.write.blank import choices
from connectors.write.cell import unwritable
from connectors.write.plan import plan
from dedup.normalise.area import Area
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.read import read
from pipelines.night import Night, Remark
from stewardship.intake import FormField
from warehouse.entries import PLATFORM, Entry, entries, note_left, places_taken_back
from warehouse.facts import golden_qualities
from warehouse.fields import fields
from warehouse.ledger import open_ledger
from warehouse.store import given

SLUG = PLATFORM
FILE = "裁定台录入.xlsx"
_DATED, _BY = "updated_on", "填表人"
_HERE = ZoneInfo("Asia/Shanghai")


def form() -> list[FormField]:
    """What can be typed: every field of the platform but the date, which is that of the day."""
    platform = read_platform(PLATFORMS / f"{SLUG}.toml")
    offered = choices(platform)
    return [
        FormField(
            name,
            column.column,
            column.required,
            column.max_length or 50,
            tuple(offered.get(column.column, ())),
            platform.export.instructions.get(column.column, ""),
        )
        for name, column in platform.fields.items()
        if name != _DATED
    ]


def unreadable(row: Mapping[str, str], area: Area) -> list[str]:
    """The fields of a row that nobody could read, or so badly that nobody would stand for them (a number whose check
    character is wrong, a value with its middle hidden, a control character that came along with what was pasted), and those
    that contradict the ID number beside them."""
    platform = read_platform(PLATFORMS / f"{SLUG}.toml")
    keys = {name: _key(platform.fields[name], stated, area) for name, stated in row.items()}
    number = keys.get("id_number") or ""
    says = {"birth_date": birth_date_of(number), "sex": sex_of(number)}
    return [
        name
        for name, key in keys.items()
        if key is None or unwritable(row[name]) or (says.get(name) or key) != key
    ]


def _key(column: Column, stated: str, area: Area) -> str | None:
    kind = fields()[column.field]
    found = read(kind.kind, stated, area=area, table=kind.table, codes=column.codes)
    return found.key if found.quality in golden_qualities() else None


def leave_entries(night: Night) -> None:
    """Leave the rows that stand in the inbox of a night. A workbook that somebody put there stays, and ours waits.

    What an earlier run of the night left there is written anew, or taken away where nothing stands any more: it must not
    bring back what was taken back or erased since. A row that no workbook can hold is told, and costs nobody else anything.
    """
    if SLUG not in night.platforms:
        return
    with open_ledger(night.site) as ledger:
        standing = entries(ledger)
    folder = night.site.inbox / night.date.isoformat() / SLUG
    (folder / FILE).unlink(missing_ok=True)
    if not standing:
        return
    if any(folder.glob("[!.~]*")):
        night.remarks.append(Remark(SLUG, "entries_wait", {"rows": len(standing), "folder": folder}))
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    left, told = _write(night.platforms[SLUG], standing, folder / FILE)
    night.remarks += told
    if left:
        sha256 = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
        with open_ledger(night.site) as ledger:
            note_left(ledger, night.date, sha256, [one.line for one in left])


def _write(platform: Platform, standing: Sequence[Entry], path: Path) -> tuple[list[Entry], list[Remark]]:
    """Write the workbook, for its owner only, without the rows that it cannot hold: those that stand in it, and what is to be
    said of the others."""
    left = list(standing)
    told: list[Remark] = []
    while left:
        path.touch(mode=0o600)
        try:
            write_export(platform, [_row(platform, one) for one in left], path)
            return left, told
        except CannotWrite as fault:
            path.unlink()
            line = left.pop(fault.row - 1).line
            words = {"line": line, "column": fault.column, "problem": fault.problem}
            told.append(Remark(platform.slug, "entry_unwritable", words))
    return left, told


def withdraw_entries(night: Night) -> int:
    """Mark the records as gone whose rows were taken back and stand in no later workbook; how many."""
    with open_ledger(night.site) as ledger:
        places = places_taken_back(ledger)
    if not places:
        return 0
    (sheet,) = plan(read_platform(PLATFORMS / f"{SLUG}.toml"), [])
    first = sheet.body_at + 1  # of the sheet's rows, which are counted from 1
    rows = pa.table(
        {
            "sha256": pa.array([sha256 for sha256, _ in places], pa.string()),
            "row": pa.array([first + at for _, at in places], pa.int32()),
        }
    )
    with given(night.con, "withdrawn", rows):
        gone = night.con.execute(
            "update staged.record set present = false where platform = $platform and present"
            ' and (sha256, "row") in (select (sha256, "row") from withdrawn) returning record_id',
            {"platform": SLUG},
        ).fetchall()
    return len(gone)


def _row(platform: Platform, entry: Entry) -> dict[str, str]:
    """A row of the workbook."""
    on = datetime.fromisoformat(entry.at).astimezone(_HERE).date().isoformat()
    typed = {
        platform.fields[name].column: text for name, text in entry.row.items() if name in platform.fields
    }
    return typed | {platform.fields[_DATED].column: on, _BY: entry.by}
