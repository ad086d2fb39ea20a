"""Values, books and heads of households that contradict each other: side by side, one of them to be settled; and all that was
settled so.

Belongs here: this page, and a steward's word on one of them.
Lives elsewhere: which these are and what a word does (`stewardship/conflicts.py`, `pinning.py`), counting them (`todo.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from stewardship.conflicts import Conflict, settle
from stewardship.desk.answers import because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.desk.review import DEFER_DAYS
from stewardship.desk.todo import conflicts
from stewardship.differences import Mark, change
from stewardship.homes import Home, read_homes, seen_by
from stewardship.pinning import Pinned, WrongPin, standing_pins, take_pin_back
from stewardship.queue import defer, deferrals
from warehouse.approvals import Said
from warehouse.ledger import open_ledger
from warehouse.store import read_store

MOST = 50  # on the page, of either
_MEMBERS = 8  # of a household that are named
_DONE = ("conflict_settled", "pin_taken_back", "deferred")


def conflicts_page(asking: Asking) -> Response:
    """What waits, the oldest first, and the values that people settled, the latest first."""
    return _page(asking)


def _page(asking: Asking, *, wrong: str = "", status: int = 200) -> Response:
    found = {part: conflicts(asking, part) for part in ("conflicts", "households")}
    shown = {part: some[:MOST] for part, some in found.items()}
    asking.current.note("viewed", asking.who.account.name, page="conflicts", full=int(asking.full))
    return page(
        asking,
        "conflicts.html",
        "conflicts",
        wrong=wrong,
        status=status,
        counts={part: len(some) for part, some in found.items()},
        shown=shown,
        marks_of={one.id: _marks(asking, one) for some in shown.values() for one in some},
        homes=_homes(asking, shown["households"]),
        most_members=_MEMBERS,
        put_off=deferrals(asking.con),
        defer_days=DEFER_DAYS,
        pins=_pins(asking)[:MOST],
        titles=asking.current.book().platforms,
        pending={name: asking.form.get(name, "") for name in ("conflict", "line", "because")},
        done=done_in_words(asking, _DONE),
    )


def _marks(asking: Asking, one: Conflict) -> Mapping[str, Sequence[Mark]]:
    """The value of each record, held against the golden one; the golden one against the first of the others."""
    golden, *others = one.sides
    pairs = [change(one.field, golden.value, side.value, full=asking.full) for side in others]
    rivals = {side.record_id: theirs for side, (_, theirs) in zip(others, pairs, strict=True)}
    return {golden.record_id: pairs[0][0], **rivals}


def _homes(asking: Asking, shown: Sequence[Conflict]) -> dict[str, Home]:
    """The registered households that these are about, by id, with those of their members whom who asks may see."""
    wanted = {side.home for one in shown for side in one.sides}
    with read_store(asking.current.book().snapshot) as con:
        found = read_homes(con, wanted)
    account = asking.who.account
    return {one.id: seen_by(account, one) for one in found if one.kind == "registered"}


def _pins(asking: Asking) -> list[Pinned]:
    """What people settled, the latest first; who is kept to some areas sees their own."""
    current, book, account = asking.current, asking.current.book(), asking.who.account

    def read() -> list[Pinned]:
        with open_ledger(current.site) as ledger:
            return standing_pins(book.snapshot, ledger)

    every = current.once(book, "pins", read)
    return [one for one in reversed(every) if not account.areas or one.by == account.name]


def settle_one(asking: Asking) -> Response:
    """Note which record is right, or put the question off."""
    known = {one.id for part in ("conflicts", "households") for one in conflicts(asking, part)}
    name, by = asking.path["conflict"], asking.who.account.name
    if name not in known:
        return _page(asking, wrong=say("conflict_over", asking.speak), status=409)
    days = number(asking.form.get("days"))
    if days in DEFER_DAYS:
        defer(asking.con, name, by, days, asking.now)
        asking.current.note("deferred", by, case=name, days=days)
        return go_on("/conflicts", "deferred")
    current, book, record = asking.current, asking.current.book(), asking.form.get("record", "")
    try:
        with current.standing() as (ledger, _):
            said = Said(by, because(asking))
            done = settle(book.snapshot, book.conflicts, ledger, name, record, said, asking.speak)
    except WrongPin as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("pinned", by, case=name, line=done.line)
    return go_on("/conflicts", "conflict_settled")


def take_back(asking: Asking) -> Response:
    """Take back one's own pin, or another's if one may: the rules decide again."""
    account, line = asking.who.account, number(asking.form.get("line"))
    mine = {one.line for one in _pins(asking) if one.by == account.name or account.may("undo_others")}
    if line not in mine:
        return _page(asking, wrong=say("not_yours", asking.speak), status=409)
    try:
        with asking.current.standing() as (ledger, _):
            take_pin_back(ledger, line, Said(account.name, because(asking)), asking.speak)
    except WrongPin as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("unpinned", account.name, line=line)
    return go_on("/conflicts", "pin_taken_back")


WAYS = (
    Way("/conflicts", conflicts_page, "look"),
    Way("/conflicts/{conflict}", settle_one, "judge", "POST", again=conflicts_page),
    Way("/pins/undo", take_back, "judge", "POST", again=conflicts_page),
)
