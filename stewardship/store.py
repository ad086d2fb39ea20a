"""The desk's own small book, `desk.sqlite`: who may log in, who is logged in, who holds which case.

Belongs here: opening it, its tables, how a moment and the word of a cookie are written there.
Lives elsewhere: what stands in each table (`accounts.py`, `sessions.py`, `departures.py`, `subjects.py`, `queue.py`,
`visits.py`). What people decide stands in the ledger and nowhere here: a site that loses this file loses its log-ins and no verdict.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from warehouse.site import Site

_VERSION = 5
# A session of before this version ends: whoever was logged in logs in again.
_TABLES = """
drop table if exists session;
create table if not exists account (
    name text primary key, role text not null, hash text not null, made text not null,
    failures integer not null default 0, locked_until text not null default ''
) without rowid;
create table if not exists session (
    digest text primary key, account text not null, form_key text not null, made text not null, seen text not null,
    speak text not null, provided integer not null, shown_until text not null default '', shown_because text not null default ''
) without rowid;
create table if not exists departure (
    state text primary key, visit text not null, nonce text not null, verifier text not null, pending text not null, made text not null
) without rowid;
create table if not exists subject (
    issuer text not null, subject text not null, account text not null unique, made text not null, primary key (issuer, subject)
) without rowid;
create table if not exists area (account text not null, name text not null, primary key (account, name)) without rowid;
create table if not exists lease (case_id text primary key, account text not null, until text not null) without rowid;
create table if not exists deferral (
    case_id text primary key, account text not null, at text not null, until text not null, times integer not null
) without rowid;
create table if not exists assignment (
    case_id text primary key, account text not null, given_by text not null, at text not null
) without rowid;
create table if not exists visit (
    case_id text primary key, account text not null, at text not null, found text not null
) without rowid;
create table if not exists opened (
    case_id text primary key, kind text not null, "left" text not null, "right" text not null
) without rowid;
"""


@contextmanager
def open_desk(site: Site) -> Iterator[sqlite3.Connection]:
    """Open the desk's book, made on first use, readable by its owner only."""
    site.desk.touch(mode=0o600)
    with closing(
        sqlite3.connect(site.desk, isolation_level=None, timeout=30, check_same_thread=False)
    ) as con:
        con.execute("pragma synchronous = normal")
        if con.execute("pragma user_version").fetchone() != (_VERSION,):
            con.execute("pragma journal_mode = wal")
            con.executescript(_TABLES + f"pragma user_version = {_VERSION};")
        yield con


@contextmanager
def writing(con: sqlite3.Connection) -> Iterator[None]:
    """One writer at a time, in this process and in any other; all of the block is written, or nothing."""
    con.execute("begin immediate")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def digest_of(word: str) -> str:
    """What is kept of the made-up word in a browser's cookie: it tells the word again, and lets nobody in."""
    return hashlib.sha256(word.encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """A moment as text that sorts by time.

    >>> stamp(datetime(2026, 11, 20, 8, 30, tzinfo=UTC))
    '2026-11-20T08:30:00+00:00'
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds")
