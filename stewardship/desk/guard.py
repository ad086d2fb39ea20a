"""Who is asking, and whether they may: every request goes through here.

Belongs here: reading a request, the session behind its cookie, the key in its form, roles, the headers of every answer.
Lives elsewhere: what is answered (`entry.py`, `review.py`), sessions and roles themselves (`stewardship/sessions.py`,
`accounts.py`).
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stewardship.accounts import Deed
from stewardship.desk.current import Current, NothingPublished, NotNoted
from stewardship.desk.faults import tell_fault
from stewardship.desk.rendering import render, say
from stewardship.sessions import Session, find_session
from stewardship.store import open_desk
from warehouse.served import OUT_OF_ORDER
from warehouse.speech import Language

COOKIE = "desk"
VISIT = "visit"  # the cookie of a browser that is not logged in yet, so that nobody else can log it in
TONIGHT = "/tonight"  # the page that everybody who is logged in may see
PART = "x-part"  # header of a request that wants the middle of a page only
ADDRESS = "x-address"  # header of an answer: the address of the page that this is the middle of
_LARGEST_FORM = 64 * 1024  # bytes

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

# What was about to be saved, kept in the log-in form when a session has ended meanwhile.
PENDING = ("case", "verdict", "because", "knew", "seen")


@dataclass(frozen=True)
class Asking:
    """A request as a page sees it."""

    current: Current
    con: sqlite3.Connection
    now: datetime
    session: Session | None
    speak: Language
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    part: bool
    visit: str
    secure: bool
    wrong: str = ""  # what could not be done just now, on the page that is shown again

    @property
    def full(self) -> bool:
        """Whether values are shown in full: somebody who may see them said why."""
        return bool(self.who.shown_because) and self.who.account.may("see_values")

    @property
    def who(self) -> Session:
        """The session of a request that was let through."""
        assert self.session is not None  # `guarded` lets nobody else through
        return self.session


Page = Callable[[Asking], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Way(NamedTuple):
    """Which page answers at an address to whom: to anybody who is logged in or, with a deed, who may do that.

    everybodys: it shows people of all areas, and is for nobody who is kept to some. again: the page that holds the form of
    this one: it is shown anew, with what was typed, when a book cannot be written (a full disk).
    """

    address: str
    page: Page
    deed: Deed | None = None
    method: Literal["GET", "POST"] = "GET"
    everybodys: bool = False
    again: Page | None = None


def guarded(current: Current, clock: Callable[[], datetime], way: Way) -> Endpoint:
    """An endpoint for people who are logged in and may."""

    def checked(asking: Asking, method: str) -> Response:
        if asking.session is None:
            return _log_in_first(asking, method)
        if method == "POST" and not _bears(asking.form, asking.session.form_key):
            return problem(asking, 403, "wrong_form")
        account = asking.session.account
        if (way.deed is not None and not account.may(way.deed)) or (way.everybodys and account.areas):
            return problem(asking, 403, "not_allowed")
        try:
            return way.page(asking)
        except OUT_OF_ORDER as fault:
            if way.again is None:
                raise
            tell_fault(fault)
            response = way.again(replace(asking, wrong=say("not_saved", asking.speak)))
            response.status_code = 503
            return response

    return _endpoint(current, clock, checked)


def unguarded(current: Current, clock: Callable[[], datetime], page: Page) -> Endpoint:
    """An endpoint for anybody: the way in. A form must come from a page that this browser was given."""

    def checked(asking: Asking, method: str) -> Response:
        if method == "POST" and not _bears(asking.form, visit_key(current, asking.visit)):
            return problem(asking, 403, "wrong_form")
        return page(asking)

    return _endpoint(current, clock, checked)


def _bears(form: Mapping[str, str], key: str) -> bool:
    """Whether a form bears a key, whatever characters somebody put in its place."""
    return hmac.compare_digest(form.get("form_key", "").encode(), key.encode())


def visit_key(current: Current, visit: str) -> str:
    """What stands in the forms of a browser that is not logged in."""
    return hmac.digest(current.site.key, f"visit\x1f{visit}".encode(), "sha256").hex()


def _endpoint(
    current: Current, clock: Callable[[], datetime], checked: Callable[[Asking, str], Response]
) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if not _from_here(request):
            return HTMLResponse("", 403)
        form = await _form(request) if request.method == "POST" else {}
        if form is None:
            return HTMLResponse("", 413)
        return await run_in_threadpool(_answer, current, clock(), request, form, checked)

    return endpoint


def _answer(
    current: Current,
    now: datetime,
    request: Request,
    form: Mapping[str, str],
    checked: Callable[[Asking, str], Response],
) -> Response:
    with open_desk(current.site) as con:
        session = find_session(con, request.cookies.get(COOKIE, ""), now)
        visit = request.cookies.get(VISIT) or secrets.token_urlsafe(16)
        asking = Asking(
            current=current,
            con=con,
            now=now,
            session=session,
            speak=session.speak if session else _spoken(request),
            path=request.path_params,
            query=request.query_params,
            form=form,
            part=PART in request.headers,
            visit=visit,
            secure=request.url.scheme == "https",
        )
        try:
            return checked(asking, request.method)
        except NothingPublished:
            return problem(asking, 503, "nothing_published")
        except NotNoted as fault:
            tell_fault(fault)
            return problem(asking, 503, "not_noted")
        except OUT_OF_ORDER as fault:  # such as a full disk
            tell_fault(fault)
            return problem(asking, 503, "not_saved")
        except Exception as fault:
            tell_fault(fault)
            return problem(asking, 500, "broken")


def _spoken(request: Request) -> Language:
    return "en" if request.query_params.get("lang") == "en" else "zh"


def _from_here(request: Request) -> bool:
    """Whether a browser that says where a form came from names this site."""
    origin = request.headers.get("origin")
    return (
        origin is None or request.method != "POST" or urlsplit(origin).netloc == request.headers.get("host")
    )


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None when it is larger than any of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return None
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def pending_of(asking: Asking) -> dict[str, str]:
    """What was about to be saved when somebody had to log in."""
    return {name: asking.form[name] for name in PENDING if name in asking.form}


def _log_in_first(asking: Asking, method: str) -> Response:
    """The way in; what was about to be saved goes with it, so that nothing is lost."""
    if method == "GET" and not asking.part:
        return RedirectResponse("/login", 303)
    pending = pending_of(asking)
    return log_in_page(asking, 401, pending=pending if "verdict" in pending else {}, told="session_over")


def home_of(asking: Asking) -> str:
    """Where everything that leads home leads who asks: to the queue, if that is theirs to look at, else to the night's page."""
    session = asking.session
    return "/" if session is None or session.account.may("look") else TONIGHT


def frame(asking: Asking) -> dict[str, Any]:
    """What every page of somebody who is logged in needs."""
    return {
        "site": asking.current.site.name,
        "home_address": home_of(asking),
        "session": asking.who,
        "form_key": asking.who.form_key,
        "part": asking.part,
    }


def log_in_page(
    asking: Asking, status: int = 200, *, pending: Mapping[str, str] | None = None, told: str = ""
) -> Response:
    """The log-in form."""
    text = render(
        "login.html",
        asking.speak,
        form_key=visit_key(asking.current, asking.visit),
        pending=pending or {},
        told=say(told, asking.speak) if told else "",
        provider=asking.current.site.provider,
        site=asking.current.site.name,
        home_address=home_of(asking),
        session=None,
        part=asking.part,
    )
    response = HTMLResponse(text, status)
    response.set_cookie(VISIT, asking.visit, httponly=True, samesite="strict", secure=asking.secure)
    return response


def onward_page(asking: Asking, address: str) -> Response:
    """A page that goes on by itself to an address of ours or of the identity provider, with or without JavaScript."""
    text = render(
        "onward.html",
        asking.speak,
        address=address,
        site=asking.current.site.name,
        home_address=home_of(asking),
        session=None,
        part=False,
    )
    return HTMLResponse(text)


def problem(asking: Asking, status: int, words: str, **facts: str) -> Response:
    """A page that says what is wrong and what to do."""
    text = render(
        "problem.html",
        asking.speak,
        words=say(words, asking.speak, **facts),
        site=asking.current.site.name,
        home_address=home_of(asking),
        session=asking.session,
        part=asking.part,
    )
    return HTMLResponse(text, status)
