"""Who may sit at the desk, and as what.

Belongs here: accounts, roles and what each may do, checking a password, locking out who keeps guessing.
Lives elsewhere: what an administrator changes of them (`staff.py`), staying logged in (`sessions.py`), the log of all of it (`audit.py`).

A password is kept as an argon2 hash. An account that does not exist costs as much time as one that does, and is
answered in the same words, so that names cannot be found out by trying.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stewardship.store import stamp, writing

Role = Literal["clerk", "steward", "approver", "analyst", "admin"]
Deed = Literal[
    "look", "see_values", "judge", "decide", "undo_others", "approve", "mend", "enter", "accounts", "audit"
]

ROLES: tuple[Role, ...] = get_args(Role)
LEAST_LENGTH = 10  # characters of a password
FAILURES = 5  # wrong passwords in a row, then the account is locked
LOCKED = timedelta(minutes=15)
CLOSED = "9999-12-31T00:00:00+00:00"  # until when the account of somebody who left is locked

# An analyst sees what waits, and no value. A clerk enters people, an admin makes accounts and reads the audit: neither
# sees a case. Where two people do not agree on a case an approver decides. Whoever mends says what a row in quarantine should read; what goes to a platform, and which export is taken
# in although the gate refused it, is for an approver.
_STEWARD: frozenset[Deed] = frozenset({"look", "see_values", "judge", "mend", "enter"})
_MAY: dict[Role, frozenset[Deed]] = {
    "clerk": frozenset({"enter"}),
    "steward": _STEWARD,
    "approver": _STEWARD | {"decide", "undo_others", "approve"},
    "analyst": frozenset({"look"}),
    "admin": frozenset({"accounts", "audit"}),
}
_NAME = re.compile(r"[\w.@-]{1,40}")


class WrongAccount(ValueError):
    """An account that cannot be made as asked: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in. areas: the communities and grids whose people they work on; none: everybody."""

    name: str
    role: Role
    areas: frozenset[str] = frozenset()

    def may(self, deed: Deed) -> bool:
        """Whether this role is allowed to."""
        return deed in _MAY[self.role]

    def works_on(self, areas: Collection[str]) -> bool:
        """Whether who lives in these communities and grids is theirs to work on."""
        return within(areas, self.areas)


def within(areas: Collection[str], limit: Set[str]) -> bool:
    """Whether who lives in these communities and grids is of those that somebody is kept to; no limit is everybody."""
    return not limit or not limit.isdisjoint(areas)


def add_account(con: sqlite3.Connection, name: str, role: str, password: str, now: datetime) -> Account:
    """Make an account.

    Raises:
        WrongAccount: the name is taken or no name, there is no such role, or the password is too short.
    """
    if not _NAME.fullmatch(name):
        raise WrongAccount(f"账号名 {name!r} 只能用字母、汉字、数字和 . @ _ -，最长 40 个字。请换一个")
    if role not in ROLES:
        raise WrongAccount(f"没有 {role} 这种角色。请用其中之一：{'、'.join(ROLES)}")
    try:
        con.execute(
            "insert into account (name, role, hash, made) values (?, ?, ?, ?)",
            (name, role, hash_of(password), stamp(now)),
        )
    except sqlite3.IntegrityError:
        raise WrongAccount(f"账号 {name} 已经存在。请换一个名字") from None
    return Account(name, _role(role))


def hash_of(password: str) -> str:
    """What is kept of a password.

    Raises:
        WrongAccount: it is too short.
    """
    if len(password) < LEAST_LENGTH:
        raise WrongAccount(f"口令至少 {LEAST_LENGTH} 个字符。请换一个长一些的")
    return _hasher().hash(password)


def accounts(con: sqlite3.Connection) -> list[Account]:
    """All accounts, by name."""
    areas: dict[str, set[str]] = {}
    for name, area in con.execute("select account, name from area").fetchall():
        areas.setdefault(name, set()).add(area)
    rows = con.execute("select name, role from account order by name").fetchall()
    return [Account(name, _role(role), frozenset(areas.get(name, ()))) for name, role in rows]


def areas_of(con: sqlite3.Connection, name: str) -> frozenset[str]:
    """The areas that an account is kept to; none: it is not."""
    return frozenset(area for (area,) in con.execute("select name from area where account = ?", (name,)))


def check_password(con: sqlite3.Connection, name: str, password: str, now: datetime) -> Account | None:
    """The account whose name and password these are; None when they are wrong, or the account is locked out.

    The fifth wrong password in a row locks the account for a quarter of an hour, also for the right one.
    """
    row = con.execute("select role, hash, locked_until from account where name = ?", (name,)).fetchone()
    role, kept, locked_until = row or ("", _nobodys_hash(), "")
    right = _matches(kept, password)
    if row is None or locked_until > stamp(now):
        return None
    with writing(con):
        if not right:
            _note_failure(con, name, now)
            return None
        con.execute("update account set failures = 0, locked_until = '' where name = ?", (name,))
        if _hasher().check_needs_rehash(kept):
            con.execute("update account set hash = ? where name = ?", (_hasher().hash(password), name))
    return Account(name, _role(role), areas_of(con, name))


def is_locked(con: sqlite3.Connection, name: str, now: datetime) -> bool:
    """Whether this account is locked out now."""
    query = "select 1 from account where name = ? and locked_until > ?"
    return con.execute(query, (name, stamp(now))).fetchone() is not None


def is_closed(con: sqlite3.Connection, name: str) -> bool:
    """Whether an administrator closed this account."""
    query = "select 1 from account where name = ? and locked_until = ?"
    return con.execute(query, (name, CLOSED)).fetchone() is not None


def _note_failure(con: sqlite3.Connection, name: str, now: datetime) -> None:
    con.execute("update account set failures = failures + 1 where name = ?", (name,))
    con.execute(
        "update account set failures = 0, locked_until = ? where name = ? and failures >= ?",
        (stamp(now + LOCKED), name, FAILURES),
    )


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody logs in with this")


def _role(stated: str) -> Role:
    return next(role for role in ROLES if role == stated)
