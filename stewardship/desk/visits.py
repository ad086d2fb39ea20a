"""Visits: asking for one, the sheet to carry, what is out, and what was found.

Belongs here: these pages. Lives elsewhere: what is asked and what becomes of the case (`stewardship/visits.py`).

The sheet has a part for each door, and on each only whom one asks for there: names stay masked, and nothing else that anybody
stated is on it but the address to go to, in full only for who said why they need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from stewardship.cases import Case, Record
from stewardship.desk.answers import because, done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from stewardship.differences import person
from stewardship.visits import Visit, ask_visit, come_back, questions, visits


@dataclass(frozen=True, slots=True)
class Door:
    """Whom one asks for, masked, and the key of where they live as far as it is stated."""

    name: str
    address: str | None


def ask(asking: Asking) -> Response:
    """A case needs a visit; on to its sheet."""
    case, by = _case(asking), asking.who.account.name
    if case is None:
        return problem(asking, 404, "no_such_case")
    ask_visit(asking.con, case.id, by, asking.now)
    asking.current.note("visit_asked", by, case=case.id)
    return RedirectResponse(f"/cases/{case.id}/visit", 303)


def sheet_page(asking: Asking) -> Response:
    """The sheet to print, and where to type what was found."""
    return _sheet(asking)


def found(asking: Asking) -> Response:
    """Note what was found, and on to the list of visits."""
    case, by = _case(asking), asking.who.account.name
    if case is None or case.id not in visits(asking.con):
        return problem(asking, 404, "no_such_case")
    if not because(asking):
        return _sheet(asking, say("visit_nothing_found", asking.speak), 400)
    with asking.current.standing() as (ledger, _):
        line = come_back(asking.con, ledger, case, because(asking), by, asking.now)
    asking.current.note("visited", by, case=case.id, line=line)
    return go_on("/visits", "visit_noted")


def visits_page(asking: Asking) -> Response:
    """The visits that are out, by area, of the people who are theirs to work on who asks."""
    book, account = asking.current.book(), asking.who.account
    listed: dict[str, list[tuple[Case, Visit]]] = {}
    for name, visit in visits(asking.con).items():
        case = book.case(name)
        if case is not None and visit.out and account.works_on(case.areas):
            for area in case.areas or ("",):
                listed.setdefault(area, []).append((case, visit))
    return page(
        asking,
        "visits.html",
        "queue",
        listed=sorted(listed.items()),
        count=len({case.id for some in listed.values() for case, _ in some}),
        done=done_in_words(asking, ("visit_noted",)),
    )


def _sheet(asking: Asking, wrong: str = "", status: int = 200) -> Response:
    case, book = _case(asking), asking.current.book()
    visit = visits(asking.con).get(asking.path["case"])
    if case is None or visit is None:
        return problem(asking, 404, "no_such_case")
    sheet = book.sheet(case)
    asking.current.note("viewed", asking.who.account.name, case=case.id, what="visit", full=int(asking.full))
    return page(
        asking,
        "visit.html",
        "queue",
        wrong=wrong,
        status=status,
        case=case,
        visit=visit,
        doors=[
            _door([one for one in sheet.records if one.side == side])
            for side in ("left", "right")
            if any(one.side == side for one in sheet.records)
        ],
        questions=questions(case, sheet),
        because=because(asking),
        back=f"/cases/{case.id}/visit",
    )


def _door(records: Sequence[Record]) -> Door:
    stated = (one.claims["address"].key for one in records if "address" in one.claims)
    return Door(person(records, full=False), next((key for key in stated if key), None))


def _case(asking: Asking) -> Case | None:
    """The case of an address, if it is theirs to work on who asks."""
    case = asking.current.book().case(asking.path["case"])
    return case if case and asking.who.account.works_on(case.areas) else None


WAYS = (
    Way("/visits", visits_page, "look"),
    Way("/cases/{case}/visit", sheet_page, "judge"),
    Way("/cases/{case}/visit", ask, "judge", "POST"),
    Way("/cases/{case}/visited", found, "judge", "POST", again=sheet_page),
)
