"""Filling a form from golden: of the people of a list, of those a condition holds for, or of those who stand in it already.

Belongs here: bringing form, people and values together; the line in the ledger before the file is in its place.
Lives elsewhere: reading and writing forms (`connectors/write/form.py`), what a purpose may have and whom a row means
(`warehouse/forms.py`, `warehouse/named.py`), reading the log (`telling.py`).
"""

from __future__ import annotations

import getpass
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb

from connectors.read.layout import column_name
from connectors.write.cell import Cell as Put
from connectors.write.form import Form, Slot, read_form, read_people, said_in, write_form
from dedup.normalise.read import read
from pipelines.messages import Language
from pipelines.published import published
from stewardship.accounts import ROLES
from warehouse.fields import fields as known_fields
from warehouse.forms import Purpose, note_filled, purpose_for
from warehouse.ledger import Cell, open_ledger
from warehouse.named import Met, Reason, Stated, Values, admitted, chosen, found, values_for
from warehouse.residents import UnknownResident, resident_today
from warehouse.site import Site, read_site
from warehouse.store import scalar

KIND = "form"  # of a cell in the ledger: no platform was told
State = Literal["filled", "not_for_purpose", "forbidden", "row_number", "unknown"]


class WrongFilling(ValueError):
    """A form that cannot be filled as asked: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose values are wanted: a list, a condition, or neither: whoever stands in the form."""

    people: Path | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnDone:
    """What became of one column of the form; `cells`: how many of it were filled in."""

    column: str
    header: str
    field: str | None
    state: State
    cells: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the list, or of the form, whose person was not filled in, and why."""

    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Done:
    """A filled form: what was filled in, and what a person has to look at. No personal value is in it."""

    out: str
    purpose: str
    people: int
    cells: int
    columns: list[ColumnDone]
    left_out: list[LeftOut]
    differences: list[str]  # cells that state something else than golden: they were not touched
    unsayable: list[str]  # cells whose column has no word for the value
    line: int  # of the ledger


@dataclass(slots=True)
class _Sheet:
    """The form while it is filled: cells by row and column, what of it is a golden value, what was left as it is."""

    rows: list[tuple[int, dict[int, Put]]] = field(default_factory=list)
    told: dict[tuple[str, str], str] = field(default_factory=dict)  # record and field -> value
    filled: Counter[int] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    unsayable: list[str] = field(default_factory=list)


def fill(
    root: Path, file: Path, out: Path, *, purpose: str, role: str, whom: Whom, by: str | None, speak: Language
) -> Done:
    """Fill a form and note it in the ledger. The form itself is not touched, and no file is written over.

    Raises:
        WrongFilling, WrongPurpose, WrongCondition: it may not be filled so, or was asked for in a way that has no answer.
        CannotFill: the form or the list cannot be read.
        NoWarehouse: no night has run.
    """
    site = read_site(root)
    _refuse_wrong_use(out, role)
    wanted = purpose_for(site, purpose, role)
    with published(root, speak) as con:
        night = scalar(con, "select coalesce(max(night), current_date) from landed.pull")
        residents = _chosen(con, wanted, whom.where, night) if whom.where else []
        form = read_form(file)
        _refuse_wrong_people(form, whom)
        met = found(con, residents or _stated(con, site, form, whom))
        values = values_for(con, wanted, {one.resident_id for one in met if one.resident_id})
    met = admitted(met, values)
    people = [one for one in met if not one.reason]
    if not people:
        raise WrongFilling(_nobody(met))
    sheet = _filled(form, people, values, wanted, site)
    line = _write(site, form, sheet, out, wanted, role, by or getpass.getuser())
    return Done(
        str(out),
        wanted.title,
        people=len(people),
        cells=sum(sheet.filled.values()),
        columns=[_column(slot, wanted, sheet) for slot in form.slots],
        left_out=[LeftOut(one.stated.row, one.reason) for one in met if one.reason],
        differences=sheet.differences,
        unsayable=sheet.unsayable,
        line=line,
    )


def _refuse_wrong_use(out: Path, role: str) -> None:
    if role not in ROLES:
        raise WrongFilling(f"没有 {role} 这种角色。请用其中之一：{'、'.join(ROLES)}")
    if out.exists():
        raise WrongFilling(f"{out} 已经存在，不会覆盖。请换一个文件名")
    if out.suffix.lower() != ".xlsx" or not out.absolute().parent.is_dir():
        raise WrongFilling(f"{out} 应是已有文件夹里的一个 .xlsx 文件。请改正后再运行")


def _refuse_wrong_people(form: Form, whom: Whom) -> None:
    asked = whom.people or whom.where
    if form.standing and asked:
        raise WrongFilling(
            f"表里已有 {len(form.standing)} 行名单（第 {form.standing[0].row} 行起），会在原行填写。请去掉 --list 和 --where，"
            "或改用空白表"
        )
    if not form.standing and not asked:
        raise WrongFilling("这是空白表，还没有说填哪些人。请加上 --list 名单文件，或 --where 条件")


def _chosen(con: duckdb.DuckDBPyConnection, wanted: Purpose, where: str, night: date) -> list[Stated]:
    residents = chosen(con, wanted, where, night)
    if not residents:
        raise WrongFilling("没有一个居民符合 --where 的条件，没有写出文件。请放宽条件")
    return [Stated(0, {}, resident) for resident in residents]


def _stated(con: duckdb.DuckDBPyConnection, site: Site, form: Form, whom: Whom) -> list[Stated]:
    """What the list, or the form itself, states of each person, in the order of its rows."""
    if whom.people is None:
        return [Stated(one.row, form.told(one)) for one in form.standing]
    return [
        Stated(row, told, _today(con, site, told.get("resident", "")))
        for row, told in read_people(whom.people)
    ]


def _today(con: duckdb.DuckDBPyConnection, site: Site, resident_id: str) -> str:
    """The id that a resident of a list bears today; one that nobody ever bore stays what it is, and is not found."""
    try:
        return resident_today(con, site.key, resident_id) if resident_id else ""
    except UnknownResident:
        return resident_id


def _nobody(met: Sequence[Met]) -> str:
    counts = Counter(REASONS[one.reason] for one in met if one.reason)
    told = "；".join(f"{times} 人{reason}" for reason, times in counts.most_common())
    return f"名单里没有一个人可以填写：{told}。没有写出文件，请核对名单"


REASONS: dict[Reason, str] = {
    "nobody": "在库中没有找到",
    "unknown_id": "的居民编号没有人用过",
    "another_name": "证件号码相符而姓名不同",
    "several": "与不止一名居民相符",
    "too_little": "只有姓名或信息太少，不足以认定是谁",
    "not_admitted": "已去世、已迁出，或其信息不得用于这个用途",
}


def _filled(form: Form, people: Sequence[Met], values: Values, wanted: Purpose, site: Site) -> _Sheet:
    """What is put into each row: into the row where a person stands, else into the next one."""
    sheet = _Sheet()
    standing = {one.row: one for one in form.standing}
    for at, one in enumerate(people):
        there = standing.get(one.stated.row) if standing else None
        number = there.row if there else form.place.body + at
        put: dict[int, Put] = {}
        for slot in form.slots:
            stated = there.cells.get(slot.at, "").strip() if there else ""
            if slot.kind == "row_number" and not there:
                put[slot.at] = at + 1
            elif slot.field in wanted.fields and slot.field in values[one.resident_id]:
                _put(sheet, put, slot, number, stated, *values[one.resident_id][slot.field], site)
        sheet.rows.append((number, put))
    return sheet


def _put(
    sheet: _Sheet,
    put: dict[int, Put],
    slot: Slot,
    number: int,
    stated: str,
    value: str,
    taken_from: str,
    site: Site,
) -> None:
    """One cell: filled in where it is blank, compared where it is not."""
    facts = known_fields()[slot.field or ""]
    place = f"{column_name(slot.at)}{number}"
    if stated:
        if not _says(slot, stated, value, site):
            sheet.differences.append(place)
        return
    said = said_in(slot, facts, value)
    if said is None:
        sheet.unsayable.append(place)
        return
    put[slot.at] = said
    sheet.filled[slot.at] += 1
    sheet.told[taken_from, facts.name] = value


def _says(slot: Slot, stated: str, value: str, site: Site) -> bool:
    """Whether what stands in a cell is the golden value, however it is written."""
    facts = known_fields()[slot.field or ""]
    if stated == said_in(slot, facts, value):
        return True
    return read(facts.kind, stated, area=site.area, table=facts.table).key == value


def _column(slot: Slot, wanted: Purpose, sheet: _Sheet) -> ColumnDone:
    state: State
    if slot.field is not None:
        state = "filled" if slot.field in wanted.fields else "not_for_purpose"
    elif slot.kind in ("forbidden", "row_number"):
        state = "forbidden" if slot.kind == "forbidden" else "row_number"
    else:
        state = "unknown"
    return ColumnDone(column_name(slot.at), slot.header, slot.field, state, sheet.filled[slot.at])


def _write(site: Site, form: Form, sheet: _Sheet, out: Path, wanted: Purpose, role: str, by: str) -> int:
    """Write the file aside, note it, then put it in its place: no filled form is there that the ledger does not know of."""
    draft = out.with_name(f".{out.name}.part")
    draft.touch(mode=0o600)
    try:
        write_form(form, draft, sheet.rows)
        with open_ledger(site) as ledger:
            digests = ledger.remember_all(list(sheet.told.values()))
            cells = [
                Cell(record, name, digest, KIND, record)
                for (record, name), digest in zip(sheet.told, digests, strict=True)
            ]
            sha256 = hashlib.sha256(form.file.read_bytes()).hexdigest()
            line = note_filled(
                ledger, wanted, form=form.file.name, sha256=sha256, role=role, by=by, cells=cells
            )
        draft.rename(out)
    finally:
        draft.unlink(missing_ok=True)
    return line
