"""Logging in and out, the language, and having values shown.

Belongs here: these forms. Lives elsewhere: what they do (`stewardship/accounts.py`, `sessions.py`), the way by the identity
provider (`provider.py`), the guard at the door (`guard.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from stewardship.accounts import Account, accounts, check_password, is_locked
from stewardship.desk.guard import (
    COOKIE,
    TONIGHT,
    VISIT,
    Asking,
    Way,
    home_of,
    log_in_page,
    onward_page,
    pending_of,
)
from stewardship.desk.review import case_page
from stewardship.provider import ProviderClient
from stewardship.queue import let_go
from stewardship.sessions import ABSOLUTE, Session, begin_session, end_session, show_values, speak_in
from stewardship.staff import is_last_administrator


def log_in(asking: Asking) -> Response:
    """The log-in form, and what becomes of it."""
    if not asking.form:
        return RedirectResponse(TONIGHT, 303) if asking.session else log_in_page(asking)
    name, password = asking.form.get("name", ""), asking.form.get("password", "")
    pending = pending_of(asking)
    account = check_password(asking.con, name, password, asking.now)
    if account is None or not _passwords_serve(asking, name):
        locked = is_locked(asking.con, name, asking.now)
        known = any(one.name == name for one in accounts(asking.con))  # what is typed here may be a password
        asking.current.note("login_failed", name if known else "", locked=int(locked))
        return log_in_page(asking, 401, pending=pending, told=_wrong_login(asking))
    return let_in(asking, account, pending)


def _passwords_serve(asking: Asking, name: str) -> bool:
    """Whether this account may log in by its password: not where the identity provider alone says who comes, but that the
    last administrator is never locked out with it."""
    provider = asking.current.site.provider
    return provider is None or provider.local or is_last_administrator(asking.con, name)


def _wrong_login(asking: Asking) -> str:
    """The same for every account, and whether its password was right or not."""
    provider = asking.current.site.provider
    return "wrong_login" if provider is None or provider.local else "wrong_login_here"


def let_in(
    asking: Asking, account: Account, pending: Mapping[str, str], *, provided: bool = False
) -> Response:
    """Begin a session of somebody who showed who they are. provided: to the identity provider."""
    token, session = begin_session(asking.con, account, asking.speak, asking.now, provided=provided)
    asking.current.note("login", account.name, **({"provided": 1} if provided else {}))
    response = _what_was_pending(asking, session, pending)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=asking.secure,
        max_age=int(ABSOLUTE.total_seconds()),
    )
    response.delete_cookie(VISIT)
    return response


def _what_was_pending(asking: Asking, session: Session, pending: Mapping[str, str]) -> Response:
    """The page after logging in: the case that somebody was about to judge, with what they were about to say."""
    if "verdict" not in pending or not session.account.may("judge"):
        return RedirectResponse(TONIGHT, 303)
    back = replace(
        asking, session=session, speak=session.speak, path={"case": pending["case"]}, form=pending, part=False
    )
    return case_page(back, told="not_saved_yet")


def log_out(asking: Asking) -> Response:
    """Log out, and let go of what was held."""
    let_go(asking.con, asking.who.account.name)
    end_session(asking.con, asking.who)
    asking.current.note("logout", asking.who.account.name)
    elsewhere = _way_out(asking)
    response = onward_page(asking, elsewhere) if elsewhere else RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


def _way_out(asking: Asking) -> str:
    """Where somebody whom the identity provider vouched for is logged out there, too; empty: nowhere."""
    provider = asking.current.site.provider
    if provider is None or not asking.who.provided:
        return ""
    return ProviderClient(provider, asking.current.site.root).way_out()


def choose_language(asking: Asking) -> Response:
    """Speak the other language from now on."""
    speak_in(asking.con, asking.who, "en" if asking.form.get("speak") == "en" else "zh")
    return RedirectResponse(_back(asking), 303)


def values(asking: Asking) -> Response:
    """Show values in full for a while, for a reason, or mask them again."""
    because = asking.form.get("why", "").strip()
    show_values(asking.con, asking.who, because, asking.now)
    if because:
        asking.current.note("shown", asking.who.account.name, because=because)
    else:
        asking.current.note("masked", asking.who.account.name)
    return RedirectResponse(_back(asking), 303)


def _back(asking: Asking) -> str:
    """The address of this site that a form names, else home."""
    path = asking.form.get("back", "")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else home_of(asking)


WAYS = (
    Way("/logout", log_out, None, "POST"),
    Way("/language", choose_language, None, "POST"),
    Way("/values", values, "see_values", "POST"),
)
