"""Looking somebody up; one resident, one household or one dwelling on a page.

Belongs here: these pages. Lives elsewhere: finding and reading (`stewardship/finding.py`, `residents.py`), cases
(`review.py`).

What is looked for is personal: it travels in the body of a form, never in an address, and stands in the audit beside the
chain.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from stewardship.desk.answers import page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.finding import LEAST_DIGITS, MOST, find
from stewardship.homes import read_homes, seen_by
from stewardship.residents import read_resident
from warehouse.residents import UnknownResident
from warehouse.store import read_store


def search(asking: Asking) -> Response:
    """The form, and who was found."""
    asked, book = asking.form.get("asked", "").strip()[:60], asking.current.book()
    found = find(book.snapshot, asking.current.site.key, asked, asking.who.account.areas) if asked else []
    if asked:
        asking.current.note("searched", asking.who.account.name, because=asked, found=len(found))
    return page(asking, "search.html", asked=asked, found=found, most=MOST, least=LEAST_DIGITS)


def resident_page(asking: Asking) -> Response:
    """One resident: what we stand for, what is stated where, what waits and what was said."""
    book, by = asking.current.book(), asking.who.account.name
    try:
        found = read_resident(book.snapshot, asking.current.site.key, asking.path["resident"])
    except UnknownResident:
        return problem(asking, 404, "no_such_resident")
    if not asking.who.account.works_on(found.areas):
        return problem(asking, 404, "no_such_resident")
    if found.resident_id != asking.path["resident"]:
        return RedirectResponse(f"/residents/{found.resident_id}", 303)
    asking.current.note("viewed", by, resident=found.resident_id, full=int(asking.full))
    with asking.current.standing() as (_, standing):
        pairs = {pair for record in found.records for pair in standing.of_record.get(record, ())}
        said = sorted((one for pair in pairs for one in standing.told(*pair, by)), key=lambda one: -one.seq)
        stands = {one.seq for pair in pairs if (one := standing.of(*pair))}
        waiting = {
            one.id
            for one in asking.current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
        }
    return page(
        asking,
        "resident.html",
        resident=replace(found, homes=[seen_by(asking.who.account, one) for one in found.homes]),
        titles=book.platforms,
        said=said,
        stands=stands,
        cases=[one for one in book.about(found.resident_id) if one.id in waiting],
        back=f"/residents/{found.resident_id}",
    )


def home_page(asking: Asking) -> Response:
    """A household or a dwelling with its members, as far as they are theirs to work on who asks."""
    with read_store(asking.current.book().snapshot) as con:
        found = next(iter(read_homes(con, [asking.path["home"]])), None)
    home = seen_by(asking.who.account, found) if found else None
    if home is None or not home.members:
        return problem(asking, 404, "no_such_home")
    asking.current.note("viewed", asking.who.account.name, home=home.id, full=int(asking.full))
    address = "dwelling" if home.kind == "dwelling" else "household"
    return page(asking, "home.html", "queue", home=home, back=f"/{address}/{home.id}")


WAYS = (
    Way("/household/{home}", home_page, "look"),
    Way("/dwelling/{home}", home_page, "look"),
    Way("/search", search, "look"),
    Way("/search", search, "look", "POST"),
    Way("/residents/{resident}", resident_page, "look"),
)
