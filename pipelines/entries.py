"""What was typed at the desk, left in the inbox of a night as the export of the office's own platform.

Belongs here: the form's fields, whether what was typed can be read, the workbook.
Lives elsewhere: the rows (`warehouse/entries.py`), the form (`stewardship/desk/enter.py`), the platform
(`connectors/platforms/desk.toml`).

The workbook holds every row that stands, each night: what was typed stays stated. An office that leaves a workbook of its
own in that folder decides against ours for that night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.platform import PLATFORMS, Column, Platform, read_platform
from connectors.write import write_export
from connectors.write.blank import choices
from dedup.normalise.area import Area
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.read import read
from pipelines.night import Night, Remark
from stewardship.intake import FormField
from warehouse.entries import Entry, entries
from warehouse.facts import golden_qualities
from warehouse.fields import fields
from warehouse.ledger import open_ledger

SLUG = "desk"
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
    character is wrong, a value with its middle hidden), and those that contradict the ID number beside them."""
    platform = read_platform(PLATFORMS / f"{SLUG}.toml")
    keys = {name: _key(platform.fields[name], stated, area) for name, stated in row.items()}
    number = keys.get("id_number") or ""
    says = {"birth_date": birth_date_of(number), "sex": sex_of(number)}
    return [name for name, key in keys.items() if key is None or (says.get(name) or key) != key]


def _key(column: Column, stated: str, area: Area) -> str | None:
    kind = fields()[column.field]
    found = read(kind.kind, stated, area=area, table=kind.table, codes=column.codes)
    return found.key if found.quality in golden_qualities() else None


def leave_entries(night: Night) -> None:
    """Leave the rows that stand in the inbox of a night. A workbook that somebody put there stays, and ours waits."""
    with open_ledger(night.site) as ledger:
        standing = entries(ledger)
    folder = night.site.inbox / night.date.isoformat() / SLUG
    if not standing or SLUG not in night.platforms:
        return
    if any(file.name != FILE for file in folder.glob("[!.~]*")):
        night.remarks.append(Remark(SLUG, "entries_wait", {"rows": len(standing), "folder": folder}))
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    platform = night.platforms[SLUG]
    write_export(platform, [_row(platform, one) for one in standing], folder / FILE)


def _row(platform: Platform, entry: Entry) -> dict[str, str]:
    """A row of the workbook."""
    on = datetime.fromisoformat(entry.at).astimezone(_HERE).date().isoformat()
    typed = {
        platform.fields[name].column: text for name, text in entry.row.items() if name in platform.fields
    }
    return typed | {platform.fields[_DATED].column: on, _BY: entry.by}
