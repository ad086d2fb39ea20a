"""For which purposes a form may be filled, with what and by whom; and what the ledger remembers of each filling.

Belongs here: reading `forms.toml`, the line `filled`.
Lives elsewhere: which golden values a purpose gets (`sql/form/value.sql`), whose they are (`named.py`), the form itself
(`connectors/write/form.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from importlib import resources
from typing import Any

from warehouse.fields import fields as known_fields
from warehouse.ledger import Cell, Ledger
from warehouse.site import Site

_KIND = "filled"


class WrongPurpose(ValueError):
    """A form that may not be filled so: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What forms of one kind are for."""

    name: str
    title: str
    department: str
    fields: tuple[str, ...]
    roles: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Filled:
    """One filling: what it was called and for what, and its cells by record and field."""

    line: int
    on: date
    form: str  # what the file is called; empty once it was erased
    purpose: str
    basis: str
    cells: Mapping[tuple[str, str], Cell]


def purposes(site: Site) -> dict[str, Purpose]:
    """Every purpose by name: ours, and the site's own.

    Raises:
        WrongPurpose: the site's page has a key that we do not know, or says what cannot be.
    """
    ours = _read(
        "warehouse/forms.toml", resources.files("warehouse").joinpath("forms.toml").read_text("utf-8")
    )
    own = site.root / "forms.toml"
    return ours | (_read(str(own), own.read_text("utf-8")) if own.exists() else {})


def purpose_for(site: Site, stated: str, role: str) -> Purpose:
    """The purpose of this name or title, or the only one in whose title these words stand, if this role may fill forms for it.

    Raises:
        WrongPurpose: there is none, or more than one, or the role may not.
    """
    known = purposes(site)
    titled = [one for one in known.values() if one.title == stated]
    alike = titled or [one for one in known.values() if stated.strip() and stated.strip() in one.title]
    found = known.get(stated) or (alike[0] if len(alike) == 1 else None)
    if found is None:
        listed = "、".join(f"{one.name}（{one.title}）" for one in known.values())
        raise WrongPurpose(
            f"没有「{stated}」这个用途{'，或不止一个' if alike else ''}。可用的用途：{listed}；本地另有用途的，请写进 {site.root / 'forms.toml'}"
        )
    if role not in found.roles:
        raise WrongPurpose(
            f"角色 {role} 不能填「{found.title}」的表，可以填的角色：{'、'.join(found.roles)}。请由有权的人来填"
        )
    return found


def note_filled(
    ledger: Ledger, purpose: Purpose, *, form: str, sha256: str, role: str, by: str, cells: Iterable[Cell]
) -> int:
    """Note with which values a form was filled; the number of the line. What the file is called is kept beside the chain."""
    body = {
        "form": ledger.remember(form),
        "sha256": sha256,
        "purpose": purpose.title,
        "basis": purpose.basis,
        "role": role,
        "by": by,
    }
    return ledger.append(_KIND, body, list(cells))


def fillings(ledger: Ledger) -> list[Filled]:
    """Every filling, oldest first."""
    cells: dict[int, dict[tuple[str, str], Cell]] = {}
    for seq, cell in ledger.cells_of(_KIND):
        cells.setdefault(seq, {})[cell.record_id, cell.field] = cell
    return [
        Filled(
            line.seq,
            datetime.fromisoformat(line.at).date(),
            ledger.recall(line.body["form"]) or "",
            line.body["purpose"],
            line.body["basis"],
            cells.get(line.seq, {}),
        )
        for line in ledger.lines(_KIND)
    ]


def _read(file: str, text: str) -> dict[str, Purpose]:
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongPurpose(f"{file} 不是有效的 TOML（{error}）。请改正后再运行") from error
    return {name: _purpose(f"{file} [{name}]", name, facts) for name, facts in stated.items()}


def _purpose(place: str, name: str, stated: Any) -> Purpose:
    wanted = {item.name: str for item in dataclass_fields(Purpose)} | {"fields": list, "roles": list}
    wanted.pop("name")
    if not isinstance(stated, dict) or stated.keys() != wanted.keys():
        raise WrongPurpose(f"{place} 应有 {'、'.join(wanted)} 各一项，不多不少。请改正后再运行")
    if wrong := [key for key, kind in wanted.items() if not isinstance(stated[key], kind) or not stated[key]]:
        raise WrongPurpose(f"{place} 的 {'、'.join(wrong)} 类型不对或是空的。请改正后再运行")
    known = known_fields()
    if unfit := [
        one
        for one in stated["fields"]
        if one not in known or not known[one].publish or known[one].golden == "none"
    ]:
        raise WrongPurpose(
            f"{place} 的 fields 中 {'、'.join(map(str, unfit))} 不是可以外填的字段。请改正后再运行"
        )
    lists = {key: tuple(stated[key]) for key in ("fields", "roles")}
    return Purpose(name=name, **{**stated, **lists})
