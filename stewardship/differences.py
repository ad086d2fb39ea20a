"""Records side by side: in what they differ, to the character.

Belongs here: how two stated values relate, which of their characters differ, and what is shown of a value masked.
Lives elsewhere: which records these are (`cases.py`), what the matching makes of it (`dedup`), masks
(`dedup/normalise/masks.py`).

The values of a masked page are compared in full before they are masked: a person sees where they differ, and how much,
before saying why they want to read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from dedup.compare.names import fits
from dedup.normalise.address_parts import parts_of
from dedup.normalise.codes import label
from dedup.normalise.masks import masked
from stewardship.cases import FIELDS, Record, Stated
from warehouse.fields import FieldFacts, fields
from warehouse.values import shown as shown_masked

Sign = Literal["same", "near", "differ", "missing", "unread"]

_SLIPS = {"name": 1, "id_number": 2, "phone": 1, "date": 1, "identifier": 1}  # characters apart that are near


class Mark(NamedTuple):
    """A stretch of a text, and whether it differs from what it is compared with."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What a record states of one field. `stated`: the platform's own writing, where it is another and may be shown."""

    sign: Sign
    marks: Sequence[Mark]
    stated: str
    quality: str
    on: str


@dataclass(frozen=True, slots=True)
class Row:
    """One field of all records of a case, in their order."""

    field: str
    cells: Sequence[Cell]

    @property
    def agrees(self) -> bool:
        """Whether all records that state this field state the same."""
        return all(cell.sign in ("same", "missing") for cell in self.cells)


def side_by_side(records: Sequence[Record], *, full: bool) -> list[Row]:
    """Every field that some record states. Each record is held against what the other side states: its judged record or,
    where that says nothing, the first that does; where nobody there does, against its own side.

    Args:
        records: those of a case; the first of each side is the judged one.
        full: show values in full; else masked.
    """
    return [
        _row(field, records, full=full) for field in FIELDS if any(field in one.claims for one in records)
    ]


def _row(field: str, records: Sequence[Record], *, full: bool) -> Row:
    left, right = ([one for one in records if one.side == side] for side in ("left", "right"))
    judged = {one.record_id for one in (*left[:1], *right[:1])}
    ours, theirs = _said(field, left), _said(field, right)
    against = {"left": theirs or ours, "right": ours or theirs}
    return Row(
        field,
        [
            _cell(one.claims.get(field), against[one.side], fields()[field], full, one.record_id in judged)
            for one in records
        ],
    )


def _said(field: str, side: Sequence[Record]) -> Stated | None:
    """What one side states of a field, by the first of its records that does."""
    return next((one.claims[field] for one in side if field in one.claims and one.claims[field].key), None)


def _cell(own: Stated | None, theirs: Stated | None, facts: FieldFacts, full: bool, raw: bool) -> Cell:
    if own is None:
        return Cell("missing", [], "", "", "")
    text = readable(facts, own.key) if own.key else ""
    against = readable(facts, theirs.key) if theirs and theirs.key else ""
    sign = relation(facts, own, theirs)
    marks = marked(text, against) if against and sign != "same" else [Mark(text, False)]
    if not full:
        marks = _masked(marks, shown_masked(facts.name, own.key))
    return Cell(
        sign, marks if text else [], _writing(facts, own, text) if full and raw else "", own.quality, own.on
    )


def relation(facts: FieldFacts, own: Stated, theirs: Stated | None) -> Sign:
    """How a value stands to another of the same field; alone, it agrees with itself.

    >>> name = fields()["name"]
    >>> wei, wei_too = (Stated(None, key, "ok", "") for key in ("王伟", "王炜"))
    >>> relation(name, wei, wei), relation(name, wei, wei_too), relation(name, wei, None)
    ('same', 'near', 'same')
    >>> relation(name, wei, Stated(None, "王*", "masked", "")), relation(name, wei, Stated(None, "李*", "masked", ""))
    ('near', 'differ')
    """
    if own.key is None:
        return "unread"
    if theirs is None or theirs.key is None or own.key == theirs.key:
        return "same"
    if facts.kind == "address":
        return "near" if _may_be_one_place(own.key, theirs.key) else "differ"
    if facts.kind == "phone" and set(own.key.split(";")) & set(theirs.key.split(";")):
        return "near"
    if own.key.startswith(theirs.key) or theirs.key.startswith(own.key):
        return "near" if facts.kind in ("id_number", "date") else "differ"
    if facts.kind in ("name", "id_number") and fits(own.key, theirs.key):
        return "near"
    slips = _SLIPS.get(facts.kind, 0)
    return "near" if OSA.distance(own.key, theirs.key, score_cutoff=slips) <= slips else "differ"


def readable(facts: FieldFacts, key: str) -> str:
    """A key as a person reads it.

    >>> readable(fields()["sex"], "1"), readable(fields()["address"], "上城区|望江街道|||||||||")
    ('男', '上城区望江街道')
    """
    if facts.table:
        return label(facts.table, key)
    if facts.kind == "address":
        return "".join(_with_unit(parts_of(key)._asdict()))
    return key.replace(";", "、") if facts.kind == "phone" else key


_UNITS = {"number": "号", "building": "幢", "unit": "单元", "floor": "层", "room": "室"}


def _with_unit(parts: dict[str, str]) -> list[str]:
    return [text + _UNITS.get(name, "") for name, text in parts.items() if text]


def _may_be_one_place(one: str, other: str) -> bool:
    """Whether two addresses contradict each other nowhere."""
    return all(not a or not b or a == b for a, b in zip(parts_of(one), parts_of(other), strict=True))


def marked(text: str, against: str) -> list[Mark]:
    """A text in stretches that stand in the other one too, and stretches that do not.

    >>> marked("王小伟", "王小炜")
    [Mark(text='王小', differs=False), Mark(text='伟', differs=True)]
    """
    steps = SequenceMatcher(None, against, text, autojunk=False).get_opcodes()
    return [Mark(text[start:end], step != "equal") for step, _, _, start, end in steps if end > start]


def change(field: str, held: str | None, told: str, *, full: bool) -> tuple[Sequence[Mark], Sequence[Mark]]:
    """What a platform holds beside what it would be told: in what the two differ. Both are keys of a field.

    >>> change("phone", "13800000001", "13800000002", full=True)[1]
    [Mark(text='1380000000', differs=False), Mark(text='2', differs=True)]
    """
    facts = fields()[field]
    ours, theirs = readable(facts, told), readable(facts, held) if held else ""
    old, new = (marked(theirs, ours), marked(ours, theirs)) if held else ([], [Mark(ours, False)])
    if full:
        return old, new
    return _masked(old, shown_masked(field, held)), _masked(new, shown_masked(field, told))


def _masked(marks: Sequence[Mark], masked_text: str) -> list[Mark]:
    """The mask with the same stretches marked, as far as it has a character for each."""
    if sum(len(mark.text) for mark in marks) != len(masked_text):
        return [Mark(masked_text, False)] if masked_text else []
    cut, at = [], 0
    for mark in marks:
        cut.append(Mark(masked_text[at : at + len(mark.text)], mark.differs))
        at += len(mark.text)
    return cut


def _writing(facts: FieldFacts, own: Stated, text: str) -> str:
    """The platform's own writing, where it says more than what is shown anyway."""
    differently = facts.kind in ("name", "id_number", "phone", "address") or not text
    return own.stated if differently and own.stated and own.stated != text else ""


def person(records: Sequence[Record], *, full: bool) -> str:
    """The name in the first record that states one, for a headline."""
    name = next(
        (one.claims["name"].key for one in records if "name" in one.claims and one.claims["name"].key), ""
    )
    return (name or "") if full else masked("name", name or "")
