"""Going to the door: which cases wait for somebody who looks, what to ask there, and what was found.

Belongs here: visits that are asked for and that came back, and the questions of a case. Lives elsewhere: the sheet to carry
(`desk/visits.py`), whose turn a case is (`queue.py`).

While a visit is out its case is in nobody's turn, for a fortnight at most: a sheet that was lost takes no case with it. What was
found is a personal text and stands beside the ledger; the desk's own book holds its digest. No question holds a value, so nobody
hears at the door what somebody else has stated.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from stewardship.cases import Case, Sheet
from stewardship.differences import side_by_side
from stewardship.queue import Deferred
from stewardship.store import stamp, writing
from warehouse.ledger import Ledger

Question = Literal[
    "relative", "name", "id_number", "number_shared", "birth_date", "phone", "phone_shared", "changed_contact", "address",
]  # fmt: skip
OUT = timedelta(days=14)
_DIFFER = ("near", "differ")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit: who asked for it, when, and the digest of what was found, empty while it is out."""

    by: str
    at: str
    found: str

    @property
    def out(self) -> bool:
        """Whether nobody has come back from it yet."""
        return not self.found


def ask_visit(con: sqlite3.Connection, case_id: str, by: str, now: datetime) -> None:
    """Ask that somebody go there; asked for again it begins anew."""
    with writing(con):
        con.execute("insert or replace into visit values (?, ?, ?, '')", (case_id, by, stamp(now)))
        con.execute("delete from lease where case_id = ? and account = ?", (case_id, by))


def come_back(con: sqlite3.Connection, ledger: Ledger, case: Case, found: str, by: str, now: datetime) -> int:
    """Note what was found at the door; the case is back in the queue, before all others. The line of it in the ledger."""
    digest = ledger.remember(found)
    line = ledger.append(
        "visited", {"case": case.id, "left": case.left, "right": case.right, "by": by, "because": digest}
    )
    with writing(con):
        con.execute("update visit set found = ? where case_id = ?", (digest, case.id))
        con.execute("update deferral set until = ? where case_id = ?", (stamp(now), case.id))
    return line


def visits(con: sqlite3.Connection) -> dict[str, Visit]:
    """Every visit, by its case."""
    rows = con.execute("select case_id, account, at, found from visit order by at, case_id").fetchall()
    return {case: Visit(by, at, found) for case, by, at, found in rows}


def at_the_door(con: sqlite3.Connection) -> dict[str, Deferred]:
    """The cases that are put off because somebody has gone there."""
    return {
        case: Deferred(one.by, stamp(datetime.fromisoformat(one.at) + OUT), 0)
        for case, one in visits(con).items()
        if one.out
    }


def returned(con: sqlite3.Connection) -> frozenset[str]:
    """The cases of which somebody has come back."""
    return frozenset(case for case, one in visits(con).items() if not one.out)


def questions(case: Case, sheet: Sheet) -> list[Question]:
    """What to ask at the door, from what differs between the two and from why a person is asked."""
    signs = {row.field: {cell.sign for cell in row.cells} for row in side_by_side(sheet.records, full=False)}
    differs = {field for field, found in signs.items() if found & {*_DIFFER}}
    agrees = {field for field, found in signs.items() if found == {"same"}}
    wanted: set[Question] = {"relative"} if "name" in differs or "birth_date" in agrees else set()
    wanted |= {name for name in ("name", "id_number", "birth_date", "phone", "address") if name in differs}
    if "phone" in agrees and ("name" in differs or case.kind == "near_tie"):
        wanted.add("phone_shared")
    if case.kind == "one_id_two_people":
        wanted.add("number_shared")
    if case.kind == "changed_contact":
        wanted.add("changed_contact")
    return [one for one in get_args(Question) if one in wanted]
