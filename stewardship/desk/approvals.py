"""What waits for an approver before it goes to a platform: as a list, and row by row as a difference.

Belongs here: these pages, and an approver's word on the rows that they show.
Lives elsewhere: what waits and what a word does (`stewardship/approving.py`), what platforms refused (`refusals.py`), going
live with a platform (`platforms.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.responses import Response

from stewardship.approving import (
    DECLINED,
    SAYABLE,
    UNASKED,
    Asked,
    Group,
    WaitingCell,
    WrongApproval,
    decide_cells,
    waiting_part,
)
from stewardship.desk.answers import because, done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.desk.todo import waiting_groups
from stewardship.differences import Mark, change
from warehouse.approvals import Said, Word
from warehouse.fields import fields

MOST_ROWS = 50  # on a page
CHANGES = ("fill", "correct", "close", "recall", "insert")
WHYS = (
    "close",
    "one_source",
    "near",
    "confirmed_there",
    "lives_elsewhere",
    "changed_there",
    "contested",
    "parted",
    "follows",
    "namesake",
    "flood",
    DECLINED,
    UNASKED,
)
_DONE = ("cells_approved", "cells_declined")


@dataclass(frozen=True, slots=True)
class Part:
    """Waiting cells that are looked at together: of one platform and reason, and of one field unless rows go whole."""

    platform: str
    field: str  # empty: all fields of newcomers' rows
    why: str
    kind: str
    word: str
    cells: int

    @property
    def query(self) -> str:
        """Its address behind the platform's."""
        stated = {"field": self.field, "why": self.why, "kind": self.kind, "word": self.word}
        return urlencode({name: value for name, value in stated.items() if value})


def approvals_page(asking: Asking) -> Response:
    """Everything that waits for an approver, and what was said since the night."""
    book, groups = asking.current.book(), waiting_groups(asking)
    unsaid = [one for one in groups if not one.word]
    open_ones = _parts(one for one in unsaid if one.decision in SAYABLE)
    asking.current.note("viewed", asking.who.account.name, page="approvals")
    return page(
        asking,
        "approvals.html",
        "approvals",
        parts=open_ones,
        cells=sum(one.cells for one in open_ones),
        declined=_parts(one for one in unsaid if one.decision == DECLINED),
        unasked=_parts(one for one in unsaid if one.decision == UNASKED),
        said=_parts(one for one in groups if one.word),
        titles=book.platforms,
        night=book.snapshot.stem,
        done=done_in_words(asking, _DONE),
    )


def _parts(groups: Iterable[Group]) -> list[Part]:
    """Groups as they are looked at: a newcomer's row goes as a whole, so its fields are one part."""
    found: dict[tuple[str, str, str, str, str], int] = {}
    for one in groups:
        why = one.why if one.decision == "approval" else one.decision
        place = (one.platform, "" if one.kind == "insert" else one.field, why, one.kind, one.word)
        found[place] = found.get(place, 0) + one.cells
    made = [Part(*place, cells) for place, cells in found.items()]
    # A closing or a contested value is looked at one by one; what is only much comes after.
    return sorted(made, key=lambda one: (one.why == "flood", -one.cells, one.platform, one.field, one.why))


def part_page(asking: Asking) -> Response:
    """One part, row by row: what the platform holds beside what it would be told."""
    return _part_page(asking)


def _part_page(asking: Asking, *, wrong: str = "", status: int = 200) -> Response:
    book, asked = asking.current.book(), _asked(asking)
    found = waiting_part(asking.current.site, book.snapshot, asked, MOST_ROWS, SAYABLE)
    asking.current.note(
        "viewed",
        asking.who.account.name,
        page="approvals",
        platform=asked.platform or "",
        full=int(asking.full),
    )
    part = _part(asked, found.cells)
    return page(
        asking,
        "approval_rows.html",
        "approvals",
        wrong=wrong,
        status=status,
        group=part,
        seen=found.seen,
        rows=found.rows,
        changes={one.digest: _change(asking, one) for row in found.rows for one in row.cells},
        most=MOST_ROWS,
        titles=book.platforms,
        back=f"/approvals/{part.platform}?{part.query}",
        pending=because(asking),
        done=done_in_words(asking, _DONE),
    )


def _change(asking: Asking, cell: WaitingCell) -> tuple[Sequence[Mark], Sequence[Mark]]:
    return change(cell.field, cell.held, cell.told, full=asking.full)


def say_of_part(asking: Asking) -> Response:
    """Note the word of an approver: on the rows that were chosen, or on all of the part, as it was seen."""
    site, snapshot, asked = asking.current.site, asking.current.book().snapshot, _asked(asking)
    word: Word | None = next((one for one in get_args(Word) if one == asking.form.get("say")), None)
    if word is None:
        return _part_page(asking, wrong=say("wrong_form", asking.speak), status=400)
    chosen = {name[4:]: seen for name, seen in asking.form.items() if name.startswith("row.")}
    shown = asking.form.get("seen", "") if asking.form.get("whole") else chosen
    if shown == {}:
        return _part_page(asking, wrong=say("none_chosen", asking.speak), status=400)
    by = asking.who.account.name
    try:
        lines = decide_cells(site, snapshot, word, asked, Said(by, because(asking)), asking.speak, shown)
    except WrongApproval as refused:
        return _part_page(asking, wrong=str(refused), status=409)
    for one in lines:
        asking.current.note(word, by, platform=one.platform, count=one.cells, line=one.line)
    left = sum(one.left for one in lines)
    there = f"/approvals/{asked.platform}?{_part(asked, 0).query}" if left else "/approvals"
    return go_on(there, f"cells_{word}", count=sum(one.cells for one in lines))


def _asked(asking: Asking) -> Asked:
    """The part of an address; what nobody knows is none."""
    stated = asking.query

    def known(name: str, among: Collection[str]) -> str | None:
        return next((one for one in among if one == stated.get(name)), None)

    word: Any = known("word", get_args(Word)) or ""
    return Asked(
        asking.path["platform"],
        known("field", fields()),
        known("why", WHYS),
        kind=known("kind", CHANGES),
        word=word,
    )


def _part(asked: Asked, cells: int) -> Part:
    return Part(
        asked.platform or "", asked.field or "", asked.why or "", asked.kind or "", asked.word or "", cells
    )


WAYS = (
    Way("/approvals", approvals_page, "look", everybodys=True),
    Way("/approvals/{platform}", part_page, "look", everybodys=True),
    Way("/approvals/{platform}", say_of_part, "approve", "POST", everybodys=True, again=part_page),
)
