"""Which account is whose at the identity provider.

Belongs here: finding the account of somebody whom the provider vouches for, and binding it to them when they first come.
Lives elsewhere: what the provider says and how it is proven (`provider.py`), lifting a binding (`staff.py`).

The provider says who somebody is, never what they may do: accounts are made, given a role and closed here. A user name can be
changed or given to another person over there, so it counts on the first day only; from then on the subject does, which the
provider never gives twice.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from stewardship.accounts import Account, accounts, is_closed
from stewardship.departures import TurnedAway
from stewardship.store import stamp, writing


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody as the provider names them: for ever, and by the name that is theirs today ('' where it states none)."""

    issuer: str
    id: str
    name: str


def admit(con: sqlite3.Connection, subject: Subject, now: datetime) -> tuple[Account, bool]:
    """The account of somebody, and whether it was bound to them just now.

    Raises:
        TurnedAway: no account is theirs, it is somebody else's, or it is closed.
    """
    with writing(con):
        bound = _bound_to(con, subject)
        name = bound or subject.name
        account = next((one for one in accounts(con) if one.name == name), None)
        if account is None:
            raise TurnedAway("unknown")
        if is_closed(con, name):
            raise TurnedAway("closed", name)
        if not bound:
            _bind(con, subject, name, now)
    return account, not bound


def _bound_to(con: sqlite3.Connection, subject: Subject) -> str:
    """The name of the account that is bound to somebody; empty: none is."""
    query = "select account from subject where issuer = ? and subject = ?"
    rows = con.execute(query, (subject.issuer, subject.id)).fetchall()
    return str(rows[0][0]) if rows else ""


def _bind(con: sqlite3.Connection, subject: Subject, name: str, now: datetime) -> None:
    if con.execute("select 1 from subject where account = ?", (name,)).fetchall():
        raise TurnedAway("taken", name)
    con.execute(
        "insert into subject (issuer, subject, account, made) values (?, ?, ?, ?)",
        (subject.issuer, subject.id, name, stamp(now)),
    )
