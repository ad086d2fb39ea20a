"""What an administrator changes of accounts, and what everybody may change of their own.

Belongs here: listing accounts with their state, another role, the areas they are kept to, closing and opening one, another password,
lifting its binding to somebody at the identity provider.
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
    CLOSED,
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


@dataclass(frozen=True, slots=True)
class Member:
    """An account as an administrator sees it. seen: when its open session was last used; empty: it has none.

    bound: it is that of one person at the identity provider.
    """

    name: str
    role: Role
    made: str
    locked: bool
    closed: bool
    seen: str
    areas: Sequence[str]
    bound: bool


def members(con: sqlite3.Connection, now: datetime) -> list[Member]:
    """All accounts, by name."""
    rows = con.execute(
        "select name, role, a.made, locked_until, coalesce(max(s.seen), ''),"
        " exists (select 1 from subject where account = a.name) from account as a"
        " left join session as s on s.account = a.name group by name order by name"
    ).fetchall()
    return [
        Member(
            name,
            role,
            made,
            until > stamp(now),
            until == CLOSED,
            seen,
            sorted(areas_of(con, name)),
            bool(bound),
        )
        for name, role, made, until, seen, bound in rows
    ]


def judges(con: sqlite3.Connection) -> list[Account]:
    """Who may judge, by name, without those whose account is closed."""
    closed = {name for (name,) in con.execute("select name from account where locked_until = ?", (CLOSED,))}
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
        con.execute("update account set locked_until = ? where name = ?", (CLOSED, name))
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


def unbind(con: sqlite3.Connection, name: str) -> None:
    """Let an account be that of nobody at the identity provider, and log it out; the next who comes by its name binds it again.

    Raises:
        WrongAccount: no such account.
    """
    with writing(con):
        _known(con, name)
        con.execute("delete from subject where account = ?", (name,))
        _log_out(con, name)


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


def is_last_administrator(con: sqlite3.Connection, name: str) -> bool:
    """Whether this account is an administrator's, and that of no other is open."""
    open_ones = con.execute("select name from account where role = 'admin' and locked_until <> ?", (CLOSED,))
    role = con.execute("select role from account where name = ?", (name,)).fetchone()
    return role == ("admin",) and not [one for (one,) in open_ones if one != name]


def _known(con: sqlite3.Connection, name: str) -> None:
    if con.execute("select 1 from account where name = ?", (name,)).fetchone() is None:
        raise WrongAccount("没有这个账号。请刷新账号清单")


def _leave_an_administrator(con: sqlite3.Connection, name: str) -> None:
    """Refuse to take away the last administrator who can log in."""
    if is_last_administrator(con, name):
        raise WrongAccount(f"{name} 是最后一个管理员，不能停用或改角色。请先另开一个管理员账号")


def _log_out(con: sqlite3.Connection, name: str) -> None:
    con.execute("delete from session where account = ?", (name,))
    con.execute("delete from lease where account = ?", (name,))
