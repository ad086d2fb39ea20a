"""Staying logged in: what a browser's cookie stands for.

Belongs here: beginning, finding and ending a session, its two time-outs, and for how long values may be shown in it.
Lives elsewhere: checking the password (`accounts.py`), the cookie itself (`desk/guard.py`).

Only the digest of a session's token is kept, so that who reads the file cannot log in with it.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from stewardship.accounts import Account, Role, areas_of
from stewardship.store import digest_of, stamp
from warehouse.speech import Language

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=10)
SHOWN = timedelta(minutes=30)  # for how long values stay shown once a reason was given
_EVERY = timedelta(minutes=1)  # how often it is worth writing down that a session is in use


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. `form_key` stands in every form, `shown_because` is why values are shown, if they are.

    provided: the city's identity provider said who it is.
    """

    digest: str
    account: Account
    form_key: str
    speak: Language
    shown_because: str
    provided: bool


def begin_session(
    con: sqlite3.Connection, account: Account, speak: Language, now: datetime, *, provided: bool = False
) -> tuple[str, Session]:
    """Log somebody in; the token for the cookie, and the session."""
    token, form_key = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    digest = digest_of(token)
    con.execute("delete from session where made < ?", (stamp(now - ABSOLUTE),))
    con.execute(
        "insert into session (digest, account, form_key, made, seen, speak, provided) values (?, ?, ?, ?, ?, ?, ?)",
        (digest, account.name, form_key, stamp(now), stamp(now), speak, provided),
    )
    return token, Session(digest, account, form_key, speak, "", provided)


def find_session(con: sqlite3.Connection, token: str, now: datetime) -> Session | None:
    """The session of a token; None when there is none, or it was idle or open for too long."""
    digest = digest_of(token)
    row = con.execute(
        "select a.name, a.role, s.form_key, s.speak, s.seen, s.shown_until, s.shown_because, s.provided"
        " from session as s join account as a on a.name = s.account"
        " where s.digest = ? and s.made > ? and s.seen > ?",
        (digest, stamp(now - ABSOLUTE), stamp(now - IDLE)),
    ).fetchone()
    if row is None:
        return None
    name, role, form_key, speak, seen, shown_until, because, provided = row
    if seen < stamp(now - _EVERY):
        con.execute("update session set seen = ? where digest = ?", (stamp(now), digest))
    shown = because if shown_until > stamp(now) else ""
    known: Role = role
    return Session(digest, Account(name, known, areas_of(con, name)), form_key, speak, shown, bool(provided))


def end_session(con: sqlite3.Connection, session: Session) -> None:
    """Log somebody out."""
    con.execute("delete from session where digest = ?", (session.digest,))


def show_values(con: sqlite3.Connection, session: Session, because: str, now: datetime) -> None:
    """Show values unmasked from now on, for half an hour, for a reason; an empty reason masks them again."""
    until = stamp(now + SHOWN) if because else ""
    con.execute(
        "update session set shown_until = ?, shown_because = ? where digest = ?",
        (until, because, session.digest),
    )


def speak_in(con: sqlite3.Connection, session: Session, speak: Language) -> None:
    """Speak another language in this session."""
    con.execute("update session set speak = ? where digest = ?", (speak, session.digest))
