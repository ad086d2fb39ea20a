"""A book of lines in a PostgreSQL database, for a site that names one in its `site.toml`.

Belongs here: opening it, its tables, one writer at a time, what either kind of book says when something is wrong.
Lives elsewhere: what a ledger asks of a book, and the file (`books.py`).

Loading the driver takes longer than all else of a short command, so a ledger imports this module only where a site names such a
database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from warehouse.books import APPEND_ONLY, PATIENCE, Row, Unreachable
from warehouse.connections import Connection, postgres_line
from warehouse.secrets import NoSecret, referred_file, reveal

# What a book says that cannot be asked, or cannot be written: a full disk, a database that went away.
OUT_OF_ORDER = (sqlite3.OperationalError, psycopg.OperationalError)
# What it says of a row that may not stand there: one that is there already, or one of what was written.
NOT_ALLOWED = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.errors.RaiseException)

_POSTGRES = f"""
create table if not exists line (
    seq bigint primary key, at text not null, kind text not null, body text not null,
    prev text not null, hash text not null
);
create table if not exists cell (
    seq bigint not null, record_id text collate "C" not null, field text collate "C" not null, digest text not null,
    kind text not null, taken_from text not null,
    primary key (seq, record_id, field)
);
create table if not exists value (digest text primary key, text text not null);
create or replace function append_only() returns trigger language plpgsql as
    $$ begin raise exception '{APPEND_ONLY}'; end $$;
""" + "".join(
    f"create or replace trigger {table}_append_only before update or delete or truncate on {table} "
    "for each statement execute function append_only();\n"
    for table in ("line", "cell")
)


class ServedBook:
    """A book in a PostgreSQL database. A connection that broke is made anew at the next question."""

    by = "body::json ->> 'by'"

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._con = self._connected()
        with self._con.transaction():
            self._con.execute("select pg_advisory_xact_lock(hashtext('enter-once ledger'))")
            if self._con.execute("select to_regclass('value')").fetchall() == [(None,)]:
                self._con.execute(_POSTGRES.encode())

    def rows(self, query: str, given: Sequence[Any] = ()) -> list[Row]:
        """The rows of one statement."""
        cursor = self._ready().execute(_marked(query), given)
        return cursor.fetchall() if cursor.description else []

    def put(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each of these rows."""
        with self._con.cursor() as cursor:
            cursor.executemany(_marked(statement), rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, and nobody else meanwhile: readers go on reading."""
        with self._ready().transaction():
            self._con.execute("lock table line in exclusive mode")
            yield

    def close(self) -> None:
        """Close the connection."""
        self._con.close()

    def _ready(self) -> psycopg.Connection[Row]:
        if self._con.closed:
            self._con = self._connected()
        return self._con

    def _connected(self) -> psycopg.Connection[Row]:
        con = psycopg.connect(**self._settings, autocommit=True)
        con.execute(f"set lock_timeout = '{PATIENCE}s'".encode())
        con.execute("set synchronous_commit = on")  # a line that was acknowledged is on disk
        return con


def _marked(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()


@contextmanager
def open_served(connection: Connection, root: Path) -> Iterator[ServedBook]:
    """A book in a database of its own, made on first use.

    Raises:
        Unreachable: its secret is not there, it does not answer, or it does not let us in.
    """
    try:
        book = ServedBook(_settings(connection, root))
    except NoSecret as error:
        raise Unreachable(f"账本的数据库：{error}") from None
    except psycopg.OperationalError as error:
        raise Unreachable(
            f"账本的数据库 {connection.parts.hostname} 连不上（{type(error).__name__}）。"
            f"请检查它是否在运行，site.toml 中 {connection.place} 的 address、user 与 {connection.secret or 'secret'} 是否正确"
        ) from None
    try:
        yield book
    finally:
        book.close()


def _settings(connection: Connection, root: Path) -> dict[str, Any]:
    parts = connection.parts
    ca = referred_file(connection.ca, root, private=False) if connection.ca else None
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "dbname": parts.path.strip("/"),
        "user": connection.user or None,
        "password": reveal(connection.secret, root) or None,
        "client_encoding": "utf8",
        **postgres_line(connection.may_be_plain, ca),
    }
