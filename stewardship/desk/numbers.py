"""Two ID numbers that are one person's: declaring it, the second person's word, and taking it back.

Belongs here: this page. Lives elsewhere: what a declaration has to stand up to (`stewardship/numbers.py`), what it lifts
(`dedup/cluster.py`), counting those that wait (`todo.py`).

Numbers are typed in full by who has the proof before them, and looked at before they are saved. They travel in a form's body only.
"""

from __future__ import annotations

from starlette.responses import Response

from stewardship.desk.answers import LONGEST_REASON, because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.desk.todo import declared
from stewardship.numbers import (
    Numbers,
    WrongNumbers,
    bearers_of,
    declare_numbers,
    read_numbers,
    take_word_back,
)

_DONE = ("numbers_declared", "numbers_wait", "numbers_taken_back")


def numbers_page(asking: Asking) -> Response:
    """The form, and all that was declared."""
    return _page(asking)


def _page(asking: Asking, looked: Numbers | None = None, wrong: str = "", status: int = 200) -> Response:
    current, by = asking.current, asking.who.account.name
    known = declared(asking)
    numbers = [one for declaration in known for one in declaration.numbers or ()]
    current.note("viewed", by, page="numbers", full=int(asking.full))
    return page(
        asking,
        "numbers.html",
        "conflicts",
        wrong=wrong,
        status=status,
        looked=looked,
        typed={name: asking.form.get(name, "")[:40] for name in ("one", "other")},
        because=because(asking),
        evidence=_evidence(asking),
        declared=known,
        bearers=bearers_of(current.book().snapshot, numbers),
        two=current.site.review.four_eyes,
        done=done_in_words(asking, _DONE),
    )


def declare(asking: Asking) -> Response:
    """Look at who bears two numbers, or say that they are one person's."""
    current, form = asking.current, asking.form
    try:
        looked = read_numbers(
            current.site, current.book().snapshot, form.get("one", ""), form.get("other", ""), asking.speak
        )
    except WrongNumbers as refused:
        return _page(asking, wrong=str(refused), status=400)
    if form.get("say") != "save":
        return _page(asking, looked)
    return _say(asking, looked)


def confirm(asking: Asking) -> Response:
    """Say the same as somebody else did, of the numbers of one of the declarations on the page."""
    line = number(asking.path["line"])
    found = next((one for one in declared(asking) if line in {word.line for word in one.words}), None)
    if found is None or found.numbers is None:
        return _page(asking, wrong=say("numbers_gone", asking.speak), status=409)
    return _say(asking, Numbers(*found.numbers, ()))


def _say(asking: Asking, numbers: Numbers) -> Response:
    current, account = asking.current, asking.who.account
    needs = 2 if current.site.review.four_eyes else 1
    try:
        with current.standing() as (ledger, _):
            line = declare_numbers(
                ledger, numbers, account, because(asking), _evidence(asking), needs=needs, speak=asking.speak
            )
    except WrongNumbers as refused:
        return _page(asking, numbers if numbers.bearers else None, str(refused), 409)
    current.note("declared", account.name, line=line)
    stands = any(one.stands and line in {word.line for word in one.words} for one in declared(asking))
    return go_on("/numbers", "numbers_declared" if stands else "numbers_wait")


def take_back(asking: Asking) -> Response:
    """Take a word back: the veto holds again unless enough others said so."""
    line = number(asking.form.get("line"))
    try:
        with asking.current.standing() as (ledger, _):
            take_word_back(ledger, line, asking.who.account, because(asking), asking.speak)
    except WrongNumbers as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("undeclared", asking.who.account.name, line=line)
    return go_on("/numbers", "numbers_taken_back")


def _evidence(asking: Asking) -> str:
    """The proof that a form states."""
    return asking.form.get("evidence", "").strip()[:LONGEST_REASON]


WAYS = (
    Way("/numbers", numbers_page, "decide", everybodys=True),
    Way("/numbers", declare, "decide", "POST", everybodys=True, again=numbers_page),
    Way("/numbers/undo", take_back, "decide", "POST", everybodys=True, again=numbers_page),
    Way("/numbers/{line}", confirm, "decide", "POST", everybodys=True, again=numbers_page),
)
