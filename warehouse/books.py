"""Where a book of lines is kept: a SQLite file, or a PostgreSQL database.

Belongs here: opening either, its tables, one writer at a time, refusing to change what was written.
Lives elsewhere: the lines and their chain (`ledger.py`), which asks both in the same words.

Statements mark what is filled in by `?`. Text is ordered by its code points in both, as Python orders it: the digest of a
line's cells depends on that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

from warehouse.connections import Connection
from warehouse.secrets import NoSecret, referred_file, reveal

Row = tuple[Any, ...]

# What a book says that cannot be asked, or cannot be written: a full disk, a database that went away.
OUT_OF_ORDER = (sqlite3.OperationalError, psycopg.OperationalError)
# What it says of a row that may not stand there: one that is there already, or one of what was written.
NOT_ALLOWED = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.errors.RaiseException)

_PATIENCE = 30  # seconds for another writer
_APPEND_ONLY = "the ledger is append-only"

_SQLITE = """
create table if not exists line (
    seq integer primary key, at text not null, kind text not null, body text not null,
    prev text not null, hash text not null
);
create table if not exists cell (
    seq integer not null, record_id text not null, field text not null, digest text not null,
    kind text not null, taken_from text not null,
    primary key (seq, record_id, field)
) without rowid;
create table if not exists value (digest text primary key, text text not null) without rowid;
""" + "".join(
    f"create trigger if not exists {table}_{verb} before {verb} on {table} "
    f"begin select raise(abort, '{_APPEND_ONLY}'); end;\n"
    for table in ("line", "cell")
    for verb in ("update", "delete")
)

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
    $$ begin raise exception '{_APPEND_ONLY}'; end $$;
""" + "".join(
    f"create or replace trigger {table}_append_only before update or delete or truncate on {table} "
    "for each statement execute function append_only();\n"
    for table in ("line", "cell")
)


class Book(Protocol):
    """An open book. Several threads may use it one after the other, not at once."""

    by: str  # how a statement asks for the name in the body of a line

    def rows(self, query: str, given: Sequence[Any] = ()) -> list[Row]:
        """The rows of one statement."""

    def put(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each of these rows; inside `writing`."""

    def writing(self) -> AbstractContextManager[None]:
        """All that is put in the block, for good, or nothing; nobody else writes meanwhile. Of blocks in one another the
        outermost counts."""


class FileBook:
    """A book in a SQLite file."""

    by = "json_extract(body, '$.by')"

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con
        con.execute("pragma journal_mode = wal")
        con.execute("pragma synchronous = full")
        con.executescript(_SQLITE)

    def rows(self, query: str, given: Sequence[Any] = ()) -> list[Row]:
        """The rows of one statement."""
        return self._con.execute(query, given).fetchall()

    def put(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each of these rows."""
        self._con.executemany(statement, rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, and nobody else meanwhile."""
        if self._con.in_transaction:
            yield
            return
        self._con.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._con.execute("rollback")
            raise
        self._con.execute("commit")


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
        con.execute(f"set lock_timeout = '{_PATIENCE}s'".encode())
        con.execute("set synchronous_commit = on")  # a line that was acknowledged is on disk
        return con


def _marked(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()


@contextmanager
def open_file(file: Path) -> Iterator[FileBook]:
    """A book in a file, made on first use, readable by its owner only."""
    file.touch(mode=0o600)
    with closing(
        sqlite3.connect(file, isolation_level=None, timeout=_PATIENCE, check_same_thread=False)
    ) as con:
        yield FileBook(con)


class Unreachable(RuntimeError):
    """The database of the ledger cannot be used: why, and what to do; never with a secret."""


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
    plain = ca is None and (connection.local or bool(connection.without_tls.strip()))
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "dbname": parts.path.strip("/"),
        "user": connection.user or None,
        "password": reveal(connection.secret, root) or None,
        "client_encoding": "utf8",
        **postgres_line(plain, ca),
    }


def postgres_line(plain: bool, ca: Path | None) -> dict[str, Any]:
    """How a PostgreSQL server is spoken to: encrypted and verified, unless it may be plain."""
    verified = {"sslmode": "verify-full", "sslrootcert": str(ca) if ca else "system"}
    return {
        "connect_timeout": 15,
        "tcp_user_timeout": 60_000,
        "application_name": "enter-once",
        **({"sslmode": "prefer"} if plain else verified),
    }
