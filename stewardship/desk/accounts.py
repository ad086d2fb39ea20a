"""Accounts: making and changing them, for an administrator; one's own password, for everybody.

Belongs here: these pages. Lives elsewhere: what they do (`stewardship/accounts.py`, `staff.py`).

A password that was made up is shown once, in the answer to the form, and is kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from stewardship.accounts import ROLES, WrongAccount, add_account
from stewardship.desk.answers import done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.staff import (
    change_password,
    change_role,
    close,
    generated,
    keep_to,
    members,
    reopen,
    reset_password,
    unbind,
)

_DONE = ("role_changed", "areas_changed", "account_closed", "account_reopened", "account_unbound")


def accounts_page(asking: Asking) -> Response:
    """Who may log in, as what, and a form for somebody new."""
    return _page(asking)


def _page(
    asking: Asking, *, wrong: str = "", status: int = 200, made: tuple[str, str] | None = None
) -> Response:
    return page(
        asking,
        "accounts.html",
        "accounts",
        wrong=wrong,
        status=status,
        members=members(asking.con, asking.now),
        roles=ROLES,
        made=made,
        pending=asking.form,
        done=done_in_words(asking, _DONE),
    )


def add(asking: Asking) -> Response:
    """Make an account with a password that is shown once."""
    name, role, password = asking.form.get("name", "").strip(), asking.form.get("role", ""), generated()
    try:
        account = add_account(asking.con, name, role, password, asking.now)
    except WrongAccount as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("account", asking.who.account.name, account=account.name, role=account.role)
    return _page(asking, made=(account.name, password))


def new_password(asking: Asking) -> Response:
    """Give somebody another password, which is shown once."""
    name = asking.path["name"]
    try:
        password = reset_password(asking.con, name)
    except WrongAccount as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("password", asking.who.account.name, account=name)
    return _page(asking, made=(name, password))


def give_role(asking: Asking) -> Response:
    """Make somebody something else."""
    name, role = asking.path["name"], asking.form.get("role", "")
    return _done(asking, lambda: change_role(asking.con, name, role), "role_changed", role=role)


def give_areas(asking: Asking) -> Response:
    """Keep somebody to the people of some areas; none: of all."""
    areas = [
        one.strip()[:60] for one in re.split(r"[、，,;；\s]+", asking.form.get("areas", "")) if one.strip()
    ]
    return _done(
        asking,
        lambda: keep_to(asking.con, asking.path["name"], areas),
        "areas_changed",
        areas="、".join(areas),
    )


def shut(asking: Asking) -> Response:
    """Close an account."""
    return _done(asking, lambda: close(asking.con, asking.path["name"]), "account_closed", closed=1)


def open_again(asking: Asking) -> Response:
    """Open an account that was closed, or locked after wrong passwords."""
    return _done(asking, lambda: reopen(asking.con, asking.path["name"]), "account_reopened", closed=0)


def let_go_of_subject(asking: Asking) -> Response:
    """Let an account be nobody's at the identity provider, until somebody comes by its name again."""
    return _done(asking, lambda: unbind(asking.con, asking.path["name"]), "account_unbound", bound=0)


def _done(asking: Asking, deed: Callable[[], None], done: str, **facts: str | int) -> Response:
    try:
        deed()
    except WrongAccount as refused:
        return _page(asking, wrong=str(refused), status=409)
    asking.current.note("account", asking.who.account.name, account=asking.path["name"], **facts)
    return go_on("/accounts", done)


def password_page(asking: Asking) -> Response:
    """The form for one's own password."""
    return page(asking, "password.html", "password", done=done_in_words(asking, ("password_changed",)))


def own_password(asking: Asking) -> Response:
    """Change one's own password."""
    form, name = asking.form, asking.who.account.name
    if form.get("new") != form.get("again"):
        wrong = say("not_twice_the_same", asking.speak)
        return page(asking, "password.html", "password", wrong=wrong, status=409, done="")
    try:
        change_password(
            asking.con, name, form.get("old", ""), form.get("new", ""), asking.who.digest, asking.now
        )
    except WrongAccount as refused:
        return page(asking, "password.html", "password", wrong=str(refused), status=409, done="")
    asking.current.note("password", name, account=name)
    return go_on("/password", "password_changed")


WAYS = (
    Way("/accounts", accounts_page, "accounts"),
    Way("/accounts", add, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/role", give_role, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/areas", give_areas, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/password", new_password, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/close", shut, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/open", open_again, "accounts", "POST", again=accounts_page),
    Way("/accounts/{name}/unbind", let_go_of_subject, "accounts", "POST", again=accounts_page),
    Way("/password", password_page),
    Way("/password", own_password, None, "POST", again=password_page),
)
