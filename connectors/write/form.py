"""A form that nobody prepared for: what its columns ask, who stands in it already, and filling it in.

Belongs here: reading a form, and a list of people, in a worker process as any hostile file; a golden value in the words that
a column of the form takes.
Lives elsewhere: which column is which field (`connectors/draft`), putting rows into the workbook (`splice.py`), whom its rows
mean and what may be filled in (`warehouse/named.py`, `warehouse/forms.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connectors.draft.aliases import knowledge
from connectors.draft.guess import Choice, columns_of, guess
from connectors.draft.shape import Table, find_tables
from connectors.draft.source import open_source
from connectors.draft.template import form_in, slots_of
from connectors.errors import Unreadable
from connectors.platform import Column, Export
from connectors.read import read_export
from connectors.read.layout import column_name, is_instruction
from connectors.read.sheet import Row, Sheet
from connectors.sandbox import Limits, run_all
from connectors.write.cell import CannotWrite, Cell, unwritable
from connectors.write.render import render
from connectors.write.splice import Filling, Place, splice
from connectors.write.template import closes, first_shown, stored_as
from dedup.normalise.read import read
from warehouse.fields import FieldFacts

_SURE = 0.8  # a column of which the draft is less sure stays blank: a wrong column is worse than none
_IDENTITY = ("name", "id_number", "birth_date", "phone")
_RESIDENT = re.compile(r"R[0-9A-Za-z]{16}")
_YES_NO = {"是": "1", "否": "0"}
_TAKEN = (
    "表里没有一行写明姓名或证件号码，而表头下面已有内容，填进去会混在一起",
    "已有名单的，请补上姓名、证件号码；空白表请清空表头下面的内容再填",
)
_DATES = (
    (re.compile(r"YYYYMMDD", re.I), "%Y%m%d"),
    (re.compile(r"YYYY/M{1,2}/D{1,2}", re.I), "%Y/%m/%d"),
    (re.compile(r"YYYY\.M{1,2}\.D{1,2}", re.I), "%Y.%m.%d"),
    (re.compile(r"YYYY年|[Xx×]{4}年"), "%Y年%m月%d日"),
)


class CannotFill(ValueError):
    """A form or a list that cannot be used: which file, where in it, why, and what to do next."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One column of a form. `kind`: why it is no field of ours, in the words of the draft; "" where nothing is known of it."""

    at: int  # the column, from 0
    header: str
    field: str | None
    kind: str
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    format: str | None = None  # of dates


@dataclass(frozen=True, slots=True)
class Standing:
    """A row with a person in it: its number, and what stands in each of its columns."""

    row: int
    cells: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was read."""

    file: Path
    place: Place
    slots: tuple[Slot, ...]
    standing: tuple[Standing, ...]

    def told(self, one: Standing) -> dict[str, str]:
        """What a row of the form states of its person, by field."""
        return _told({slot.at: slot.field for slot in self.slots if slot.field}, one.cells)


def read_form(path: Path, *, limits: Limits = Limits()) -> Form:
    """Read a form.

    Raises:
        CannotFill: no workbook, or no header in it.
    """
    answer = _in_a_worker(examine_form, path, limits)
    slots = (Slot(**{**slot, "choices": tuple(slot["choices"])}) for slot in answer["slots"])
    return Form(path, Place(**answer["place"]), tuple(slots), tuple(_standing(answer["rows"])))


def read_people(path: Path, *, limits: Limits = Limits()) -> list[tuple[int, dict[str, str]]]:
    """The people of a list, of any format: the number of each row, and what it states, by field; `resident` is an id of ours.

    Raises:
        CannotFill: no table, or nothing in it tells who somebody is.
    """
    answer = _in_a_worker(examine_people, path, limits)
    return [(row["row"], row["told"]) for row in answer["people"]]


def _in_a_worker(function: Callable[..., dict[str, Any]], path: Path, limits: Limits) -> dict[str, Any]:
    if not path.is_file():
        raise CannotFill(f"没有这个文件：{path}")
    _, outcome = next(iter(run_all(function, [(path,)], workers=1, limits=limits)))
    answer = outcome.answer or {}
    if outcome.fate != "done" or "problem" in answer:
        raise CannotFill(
            answer.get("problem") or f"文件 {path.name}：{outcome.problem}。请用表格软件另存为 xlsx 再试"
        )
    return answer


def examine_form(path: Path) -> dict[str, Any]:
    """What a worker does with one form."""
    try:
        reading = read_export(path, Export("xlsx", "*", ()))
        table = form_in(find_tables(reading, knowledge()))
        sheet = next(one for one in reading.sheets if one.name == table.sheet)
        slots = list(_slots(path, table))
        part, hidden = stored_as(path, sheet.name)
    except Unreadable as error:
        return {"problem": _said(path, error)}
    below, body = _below(sheet, table, hidden)
    foot = next((row.row for row in below if closes(row)), None)
    place = {"part": part, "sheet": sheet.name, "body": body, "foot": foot}
    who = [slot.at for slot in slots if slot.field in ("name", "id_number")]
    free = [row for row in below if foot is None or row.row < foot]
    rows = [{"row": row.row, "cells": dict(enumerate(row.cells))} for row in free if any(_stated(row, who))]
    numbers = [slot.at for slot in slots if slot.kind == "row_number"]
    if not rows and (taken := next(_taken(free, numbers), None)):
        return {"problem": _said(path, Unreadable(*_TAKEN, sheet=sheet.name, place=taken))}
    return {"place": place, "slots": [asdict(slot) for slot in slots], "rows": rows}


def _taken(free: Sequence[Row], numbers: Sequence[int]) -> Iterator[str]:
    """The cells that state something where people would be put in: whoever they are about, it is nobody that we know. Rows
    that are numbered beforehand are blank."""
    for row in free:
        for at in _stated(row, range(len(row.cells))):
            if at not in numbers or not row.cells[at].strip().isdigit():
                yield f"{column_name(at)}{row.row}"


def _stated(row: Row, columns: Iterable[int]) -> Iterator[int]:
    return (at for at in columns if at < len(row.cells) and row.cells[at].strip())


def examine_people(path: Path) -> dict[str, Any]:
    """What a worker does with one list."""
    try:
        reading = open_source(path, path.name).reading
        table = form_in(find_tables(reading, knowledge()))
    except Unreadable as error:
        return {"problem": _said(path, error)}
    sheet = next(one for one in reading.sheets if one.name == table.sheet)
    fields = {table.places[choice.header]: choice.field for choice in _choices(table) if choice.field}
    people = []
    for row in _below(sheet, table)[0]:
        told = _told(fields, dict(enumerate(row.cells)))
        ids = [text.strip() for text in row.cells if _RESIDENT.fullmatch(text.strip())]
        told |= {"resident": ids[0]} if len(ids) == 1 else {}
        # A row that tells nothing of use is somebody too, and is told as left out.
        if not row.blank and not closes(row):
            people.append({"row": row.row, "told": told})
    if not any(one["told"] for one in people):
        return {"problem": f"文件 {path.name}：没有一行写明是谁。请写明居民编号，或姓名与证件号码"}
    return {"people": people}


def _said(path: Path, error: Unreadable) -> str:
    return str(error.of("", path.name)).removeprefix("：")


def _choices(table: Table) -> list[Choice]:
    """What each column is, as far as that is sure."""
    return [
        choice
        if choice.use != "field" or choice.confidence >= _SURE
        else Choice(choice.header, "ignored", None, 0.0)
        for choice in guess(columns_of(table.columns, knowledge(), {}))
    ]


def _slots(path: Path, table: Table) -> Iterator[Slot]:
    choices = {choice.header: choice for choice in _choices(table)}
    for slot in slots_of(path, table):
        choice = choices[slot.header]
        hint = f"{slot.header} {table.instructions.get(slot.header, '')}"
        format = next((form for pattern, form in _DATES if pattern.search(hint)), None)
        field = choice.field if choice.use == "field" else None
        kind = "" if field else "forbidden" if choice.use == "forbidden" else choice.kind
        yield Slot(table.places[slot.header], slot.header, field, kind, slot.choices, slot.max_length, format)


def _below(sheet: Sheet, table: Table, hidden: Collection[int] = ()) -> tuple[list[Row], int]:
    """The rows under the header and its instructions, and the number of the first row that may be filled."""
    first = next(at for at, row in enumerate(sheet.rows) if row.row == table.first) + table.header_rows
    below, body = sheet.rows[first:], first_shown(sheet.rows[first - 1].row + 1, hidden)
    if below and below[0].row == body and is_instruction(below[0], {}, {}):
        return below[1:], first_shown(body + 1, hidden)
    return below, body


def _told(fields: Mapping[int, str], cells: Mapping[int, str]) -> dict[str, str]:
    return {
        field: cells[at].strip()
        for at, field in fields.items()
        if field in _IDENTITY and cells.get(at, "").strip()
    }


def _standing(rows: Sequence[Mapping[str, Any]]) -> Iterator[Standing]:
    for row in rows:
        yield Standing(row["row"], {int(at): text for at, text in row["cells"].items()})


def said_in(slot: Slot, facts: FieldFacts, key: str) -> str | None:
    """A golden value as a column of the form takes it: in the words of its drop-down, where it has one; None if it cannot say
    it, or not in so many characters.

    >>> from warehouse.fields import fields
    >>> said_in(Slot(3, "性别", "sex", "", ("男性", "女性")), fields()["sex"], "2")
    '女性'
    >>> said_in(Slot(3, "出生年月", "birth_date", "", format="%Y年%m月%d日"), fields()["birth_date"], "1980-01-02")
    '1980年01月02日'
    """
    column = Column(
        facts.name,
        slot.header,
        format=slot.format,
        codes=_YES_NO if facts.kind == "flag" else {},
        separator="、",
    )
    if slot.choices:
        return next((word for word in slot.choices if _means(word, column, facts, key)), None)
    stated = render(column, facts, key)
    if stated is None or unwritable(stated):
        return None
    return stated if slot.max_length is None or len(stated) <= slot.max_length else None


def _means(word: str, column: Column, facts: FieldFacts, key: str) -> bool:
    return read(facts.kind, word, table=facts.table, codes=column.codes).key == key


def write_form(form: Form, path: Path, rows: Sequence[tuple[int, Mapping[int, Cell]]]) -> None:
    """Write the form with these cells in it: of each row its number and, by column, what is put there. Rows ascend.

    Raises:
        CannotFill: something is in the way.
    """
    columns = {slot.at: slot.header for slot in form.slots}
    cells = [(number, [put.get(at) for at in columns]) for number, put in rows]
    try:
        splice(form.file, path, form.file.name, [Filling(form.place, columns, cells)])
    except Unreadable as error:
        raise CannotFill(_said(form.file, error)) from error
    except CannotWrite as fault:
        at = next(slot.at for slot in form.slots if slot.header == fault.column)
        place = f"{column_name(at)}{form.place.body - 1 + fault.row}"
        problem = f"「{fault.column}」无法写出：{fault.problem}"
        named = Unreadable(problem, "请先改正库中的这个值", sheet=form.place.sheet, place=place)
        raise CannotFill(_said(form.file, named)) from None
