"""Where a book of lines is kept: a SQLite file, or a database that is served.

Belongs here: what a ledger asks of either, in the same words; the file: its tables, one writer at a time, refusing to change
what was written. Lives elsewhere: the database (`served.py`), the lines and their chain (`ledger.py`).

Statements mark what is filled in by `?`. Text is ordered by its code points in both, as Python orders it: the digest of a
line's cells depends on that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

Row = tuple[Any, ...]

PATIENCE = 30  # seconds for another writer
APPEND_ONLY = "the ledger is append-only"

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
    f"begin select raise(abort, '{APPEND_ONLY}'); end;\n"
    for table in ("line", "cell")
    for verb in ("update", "delete")
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


class Unreachable(RuntimeError):
    """The database of the ledger cannot be used: why, and what to do; never with a secret."""


@contextmanager
def open_file(file: Path) -> Iterator[FileBook]:
    """A book in a file, made on first use, readable by its owner only."""
    file.touch(mode=0o600)
    with closing(
        sqlite3.connect(file, isolation_level=None, timeout=PATIENCE, check_same_thread=False)
    ) as con:
        yield FileBook(con)
