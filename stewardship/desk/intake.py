"""What was not taken in: exports that wait at the gate, rows in quarantine, and what people said of rows.

Belongs here: this page and its forms.
Lives elsewhere: what is asked of those who read the platforms' files (`stewardship/intake.py`), and their answers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.responses import Response

from stewardship.desk.answers import because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.desk.todo import gated, quarantined
from stewardship.intake import CannotBeDone
from warehouse.lock import AlreadyRunning

MOST_ROWS = 50
_DONE = ("gate_accepted", "row_fixed", "row_dropped", "word_taken_back")


def intake_page(asking: Asking) -> Response:
    """What was not taken in, why, and what stands instead."""
    return _page(asking)


def _page(asking: Asking, *, wrong: str = "", status: int = 200) -> Response:
    book, intake, speak = asking.current.book(), asking.current.intake, asking.speak
    platform = asking.query.get("platform") or None
    counts = quarantined(asking)
    rows = intake.quarantined(platform, MOST_ROWS, full=asking.full, speak=speak)
    asking.current.note("viewed", asking.who.account.name, page="intake", full=int(asking.full))
    return page(
        asking,
        "intake.html",
        "intake",
        wrong=wrong,
        status=status,
        gated=gated(asking),
        rows=rows,
        count=counts[platform] if platform else sum(counts.values()),
        most=MOST_ROWS,
        said=intake.overridings(speak),
        titles=book.platforms,
        night=book.snapshot.stem,
        pending=asking.form,
        at=(asking.path.get("platform", ""), asking.path.get("reference", "")),
        back=f"/intake?platform={platform}" if platform in book.platforms else "/intake",
        done=done_in_words(asking, _DONE),
    )


def accept(asking: Asking) -> Response:
    """Take responsibility for an export that the gate refused."""
    slug, by = asking.path["platform"], asking.who.account.name
    night = _day(asking.form.get("night"))
    if night is None:
        return _page(asking, wrong=say("wrong_form", asking.speak), status=400)

    def deed() -> None:
        asking.current.intake.accept(slug, night, by=by, because=because(asking), speak=asking.speak)
        asking.current.note("accepted", by, platform=slug, night=night.isoformat())

    return _done(asking, deed, "gate_accepted")


def mend(asking: Asking) -> Response:
    """Say what a cell of a row in quarantine should read, or that the row is nothing."""
    slug, reference, form = asking.path["platform"], asking.path["reference"], asking.form
    by, dropped, column = asking.who.account.name, asking.form.get("say") == "drop", form.get("column", "")
    if form.get("until") and _day(form["until"]) is None:
        return _page(asking, wrong=say("wrong_date", asking.speak), status=400)
    if not dropped and not (
        column and form.get("value", "").strip()
    ):  # Enter in the reason is no emptied cell
        return _page(asking, wrong=say("value_wanted", asking.speak), status=400)

    def deed() -> None:
        intake, until = asking.current.intake, _day(form.get("until"))
        said = {"by": by, "because": because(asking)}
        if dropped:
            intake.drop(slug, reference, **said, until=until, speak=asking.speak)
        else:
            intake.fix(
                slug, reference, column, form.get("value", ""), **said, until=until, speak=asking.speak
            )
        asking.current.note("mended", by, platform=slug, row=reference, what="drop" if dropped else "fix")

    return _done(asking, deed, "row_dropped" if dropped else "row_fixed")


def take_back(asking: Asking) -> Response:
    """Take back what somebody said of a row."""
    line, by = number(asking.path["line"]), asking.who.account.name

    def deed() -> None:
        asking.current.intake.take_back(line, by=by, because=because(asking), speak=asking.speak)
        asking.current.note("undone", by, line=line)

    return _done(asking, deed, "word_taken_back")


def _done(asking: Asking, deed: Callable[[], None], done: str) -> Response:
    """Do it and go on, or show the page again with what is wrong, everything still in its form."""
    try:
        deed()
    except CannotBeDone as refused:
        return _page(asking, wrong=str(refused), status=409)
    except AlreadyRunning:
        return _page(asking, wrong=say("night_at_work", asking.speak), status=409)
    return go_on("/intake", done)


def _day(stated: str | None) -> date | None:
    try:
        return date.fromisoformat(stated or "")
    except ValueError:
        return None


WAYS = (
    Way("/intake", intake_page, "look", everybodys=True),
    Way("/intake/said/{line}", take_back, "mend", "POST", everybodys=True, again=intake_page),
    Way("/intake/{platform}/accept", accept, "approve", "POST", everybodys=True, again=intake_page),
    Way("/intake/{platform}/{reference}", mend, "mend", "POST", everybodys=True, again=intake_page),
)
