"""The office's own form: what no platform knows yet, typed once.

Belongs here: this page, who may already be meant, saving.
Lives elsewhere: the form's fields and what can be read of them (`stewardship/intake.py`), who is alike (`alike.py`), the
lines (`warehouse/entries.py`), leaving them in the inbox of the next night (`pipelines/entries.py`).

Whoever is found to be alike is shown masked before anything is saved; who saves says that they looked. While a script runs
the same is shown as one types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from stewardship.alike import COMPARED, Alike, alike
from stewardship.desk.answers import done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from warehouse.entries import Entry, enter, entries, read_by_a_night, take_back
from warehouse.ledger import open_ledger
from warehouse.store import read_store

MOST_LISTED = 50
_DONE = ("entered", "entry_taken_back", "entry_taken_back_late")


def enter_page(asking: Asking) -> Response:
    """The empty form, and what was typed since the last night."""
    return _page(asking)


def _page(
    asking: Asking,
    *,
    wrong: str = "",
    status: int = 200,
    bad: Sequence[str] = (),
    found: Sequence[Alike] = (),
) -> Response:
    form, (waiting, taken) = asking.current.intake.form(), _theirs(asking)
    return page(
        asking,
        "enter.html",
        "enter",
        wrong=wrong,
        status=status,
        fields=form,
        compared=COMPARED,
        typed={one.name: asking.form.get(one.name, "") for one in form},
        bad=bad,
        found=found,
        looked=_digest(found),
        waiting=waiting[:MOST_LISTED],
        taken=taken[:MOST_LISTED],
        done=done_in_words(asking, _DONE),
    )


def _theirs(asking: Asking) -> tuple[list[Entry], list[Entry]]:
    """The rows that somebody may take back, newest first: those that no night has read yet, one's own and, for who may look at
    all residents, everybody's; and those that one has read, one's own and, for who may undo for others, everybody's."""
    current, book, account = asking.current, asking.current.book(), asking.who.account

    def read() -> tuple[list[Entry], set[int]]:
        with open_ledger(current.site) as ledger, read_store(book.snapshot) as con:
            return entries(ledger), read_by_a_night(ledger, con)

    every, by_a_night = current.once(book, "entries", read)
    everybodys = account.may("look") and not account.areas
    mine = [one for one in reversed(every) if everybodys or one.by == account.name]
    waiting = [one for one in mine if one.line not in by_a_night]
    taken = [one for one in mine if one.line in by_a_night]
    return waiting, [one for one in taken if one.by == account.name or account.may("undo_others")]


def save(asking: Asking) -> Response:
    """Save a row, unless it cannot be read, or somebody like it has not been looked at."""
    form, intake, by = asking.form, asking.current.intake, asking.who.account.name
    row = {one.name: text for one in intake.form() if (text := form.get(one.name, "").strip()[: one.longest])}
    missing = [one.name for one in intake.form() if one.required and one.name not in row]
    if bad := [*missing, *intake.unreadable(row)]:
        return _page(asking, wrong=say("cells_wrong", asking.speak), status=400, bad=bad)
    found = _found(asking, row)
    if found and form.get("looked") != _digest(found):
        return _page(asking, wrong=say("look_first", asking.speak), status=409, found=found)
    with open_ledger(asking.current.site) as ledger:
        line = enter(ledger, row, by=by)
    asking.current.note("entered", by, line=line)
    return go_on("/enter", "entered")


def while_typing(asking: Asking) -> Response:
    """Who may be meant by what stands in the form so far; a part of the page."""
    return page(asking, "alike.html", "enter", found=_found(asking, asking.form))


def _found(asking: Asking, typed: Mapping[str, str]) -> list[Alike]:
    site, account = asking.current.site, asking.who.account
    found = alike(asking.current.book().snapshot, site.area, typed, account.areas)
    if found:
        asking.current.note("searched", account.name, page="enter", found=len(found))
    return found


def _digest(found: Sequence[Alike]) -> str:
    """What was looked at: another resident, another digest."""
    return hashlib.sha256(repr([one.resident_id for one in found]).encode()).hexdigest()[:16] if found else ""


def undo(asking: Asking) -> Response:
    """Take back a row; one that a night has read is gone with the next."""
    line, by, (waiting, taken) = number(asking.path["line"]), asking.who.account.name, _theirs(asking)
    read = line in {one.line for one in taken}
    if not read and line not in {one.line for one in waiting}:
        return problem(asking, 409, "entry_gone")
    with open_ledger(asking.current.site) as ledger:
        take_back(ledger, line, by=by)
    asking.current.note("undone", by, line=line)
    return go_on("/enter", "entry_taken_back_late" if read else "entry_taken_back")


WAYS = (
    Way("/enter", enter_page, "enter"),
    Way("/enter", save, "enter", "POST", again=enter_page),
    Way("/enter/alike", while_typing, "enter", "POST"),
    Way("/enter/{line}", undo, "enter", "POST", again=enter_page),
)
