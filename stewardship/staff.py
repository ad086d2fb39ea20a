"""What an administrator changes of accounts, and what everybody may change of their own.

Belongs here: listing accounts with their state, another role, the areas they are kept to, closing and opening one, another password.
Lives elsewhere: making an account, checking a password (`accounts.py`).

Whoever is closed or given another password is logged out at once. One administrator stays: nobody closes the last, or
makes it something else.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from stewardship.accounts import (
    ROLES,
    Account,
    Role,
    WrongAccount,
    accounts,
    areas_of,
    check_password,
    hash_of,
)
from stewardship.store import stamp, writing

_CLOSED = "9999-12-31T00:00:00+00:00"  # until when the account of somebody who left is locked


@dataclass(frozen=True, slots=True)
class Member:
    """An account as an administrator sees it. seen: when its open session was last used; empty: it has none."""

    name: str
    role: Role
    made: str
    locked: bool
    closed: bool
    seen: str
    areas: Sequence[str]


def members(con: sqlite3.Connection, now: datetime) -> list[Member]:
    """All accounts, by name."""
    rows = con.execute(
        "select name, role, a.made, locked_until, coalesce(max(s.seen), '') from account as a"
        " left join session as s on s.account = a.name group by name order by name"
    ).fetchall()
    return [
        Member(name, role, made, until > stamp(now), until == _CLOSED, seen, sorted(areas_of(con, name)))
        for name, role, made, until, seen in rows
    ]


def judges(con: sqlite3.Connection) -> list[Account]:
    """Who may judge, by name, without those whose account is closed."""
    closed = {name for (name,) in con.execute("select name from account where locked_until = ?", (_CLOSED,))}
    return [one for one in accounts(con) if one.may("judge") and one.name not in closed]


def generated() -> str:
    """A password that nobody made up."""
    return secrets.token_urlsafe(12)


def change_role(con: sqlite3.Connection, name: str, role: str) -> None:
    """Make somebody something else, from their next click on.

    Raises:
        WrongAccount: no such account or role, or no administrator would be left.
    """
    if role not in ROLES:
        raise WrongAccount(f"没有 {role} 这种角色。请用其中之一：{'、'.join(ROLES)}")
    with writing(con):
        _known(con, name)
        if role != "admin":
            _leave_an_administrator(con, name)
        con.execute("update account set role = ? where name = ?", (role, name))


def keep_to(con: sqlite3.Connection, name: str, areas: Collection[str]) -> None:
    """Keep somebody to the people of these communities and grids, from their next click on; none: everybody's.

    Raises:
        WrongAccount: no such account.
    """
    with writing(con):
        _known(con, name)
        con.execute("delete from area where account = ?", (name,))
        con.executemany("insert into area values (?, ?)", [(name, area) for area in sorted(set(areas))])


def close(con: sqlite3.Connection, name: str) -> None:
    """Lock an account until somebody opens it, and log it out.

    Raises:
        WrongAccount: no such account, or no administrator would be left.
    """
    with writing(con):
        _known(con, name)
        _leave_an_administrator(con, name)
        con.execute("update account set locked_until = ? where name = ?", (_CLOSED, name))
        _log_out(con, name)


def reopen(con: sqlite3.Connection, name: str) -> None:
    """Unlock an account, whyever it was locked.

    Raises:
        WrongAccount: no such account.
    """
    with writing(con):
        _known(con, name)
        con.execute("update account set locked_until = '', failures = 0 where name = ?", (name,))


def reset_password(con: sqlite3.Connection, name: str) -> str:
    """Give an account a password that nobody knows yet, and log it out; the password, which is kept nowhere.

    Raises:
        WrongAccount: no such account.
    """
    password = generated()
    kept = hash_of(password)
    with writing(con):
        _known(con, name)
        con.execute("update account set hash = ? where name = ?", (kept, name))
        _log_out(con, name)
    return password


def change_password(
    con: sqlite3.Connection, name: str, old: str, new: str, session: str, now: datetime
) -> None:
    """Change one's own password, and log out everywhere but here. `session`: the digest of the session that asks.

    Raises:
        WrongAccount: the old one is wrong, or the new one too short.
    """
    kept = hash_of(new)
    if check_password(con, name, old, now) is None:
        raise WrongAccount("原口令不对，没有改动。连错五次账号会锁定一刻钟")
    with writing(con):
        con.execute("update account set hash = ? where name = ?", (kept, name))
        con.execute("delete from session where account = ? and digest <> ?", (name, session))


def _known(con: sqlite3.Connection, name: str) -> None:
    if con.execute("select 1 from account where name = ?", (name,)).fetchone() is None:
        raise WrongAccount("没有这个账号。请刷新账号清单")


def _leave_an_administrator(con: sqlite3.Connection, name: str) -> None:
    """Refuse to take away the last administrator who can log in."""
    others = con.execute(
        "select 1 from account where role = 'admin' and name <> ? and locked_until <> ?", (name, _CLOSED)
    ).fetchone()
    row = con.execute("select role from account where name = ?", (name,)).fetchone()
    if row[0] == "admin" and others is None:
        raise WrongAccount(f"{name} 是最后一个管理员，不能停用或改角色。请先另开一个管理员账号")


def _log_out(con: sqlite3.Connection, name: str) -> None:
    con.execute("delete from session where account = ?", (name,))
    con.execute("delete from lease where account = ?", (name,))
