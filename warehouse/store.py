"""The working DuckDB file of a site: opening it, and making tables from their SELECTs.

Belongs here: connection settings, the schema, `select`, `rebuild`.
Lives elsewhere: who may open it (`lock.py`), copies for readers (`snapshot.py`), what each table means (its file
under `sql/`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.site import Site

_SQL = resources.files("warehouse").joinpath("sql")

# In the order in which they are made: each reads only what stands before it.
STAGED_TABLES = ("staged.echo", "staged.person")
GOLDEN_TABLES = (
    "golden.value",
    "golden.conflict",
    "golden.resident",
    "golden.household",
    "golden.household_member",
    "golden.dwelling",
)
OUTBOX_TABLES = (
    "outbox.tellable",
    "outbox.newcomer",
    "outbox.fed",
    "outbox.wanted",
    "outbox.receipt",
    "outbox.decision",
    "outbox.change",
)

# Nothing is fetched at run time: a site is offline. Memory is capped, what does not fit is spilled. Whoever writes may have a
# share of the machine's beyond that: a city of a million records is sorted and pivoted in three gigabytes several times as fast as in one.
_SHARE_OF_MEMORY = 1 / 3
_LEAST_MEMORY = 10**9  # bytes
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": f"{_LEAST_MEMORY}B",
    "threads": 2,
    "max_temp_directory_size": "20GB",
}


class NotUnique(RuntimeError):
    """Rows that must be unique are not: a fault of the program, never of an export."""


@contextmanager
def open_store(site: Site) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the site's warehouse for writing and close it, checkpointed, at the end of the block.

    A fresh file gets every table, the derived ones empty, so that a reader never meets a missing one.
    """
    site.scratch.mkdir(mode=0o700, exist_ok=True)
    settings = {**_SETTINGS, "memory_limit": f"{writers_memory()}B", "temp_directory": str(site.scratch)}
    with closing(duckdb.connect(str(site.warehouse), config=settings)) as con:
        site.warehouse.chmod(0o600)
        create_tables(con)
        yield con
        con.execute("checkpoint")


@contextmanager
def read_store(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse file, or a snapshot of one, for reading only."""
    with closing(duckdb.connect(str(file.resolve()), read_only=True, config=_SETTINGS)) as con:
        yield con


def writers_memory(allowed: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """How many bytes DuckDB may take while a night writes: a share of the machine's memory, or of what a container is `allowed` of
    it, and never less than a small site needs."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    stated = allowed.read_text(encoding="ascii").strip() if allowed.is_file() else ""
    memory = min(machine, int(stated)) if stated.isdigit() else machine
    return max(_LEAST_MEMORY, int(memory * _SHARE_OF_MEMORY))


@cache
def select(name: str) -> str:
    """The SELECT that makes a table, from `sql/<schema>/<table>.sql`.

    >>> select("staged.person").startswith("-- ")
    True
    """
    schema, table = name.split(".")
    return _SQL.joinpath(schema, f"{table}.sql").read_text(encoding="utf-8")


def rebuild(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Make a table anew from its SELECT; the number of its rows."""
    return int(scalar(con, f"create or replace table {table} as {select(table)}"))


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that is done in the block, or, when it ends in an error, nothing."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


@contextmanager
def given(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Rows that a query in the block may read by a name."""
    con.register(name, rows)
    try:
        yield
    finally:
        con.unregister(name)


def append(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Add rows to a table, column by column of the same name."""
    with given(con, "incoming", rows):
        con.execute(f"insert into {table} by name from incoming")


def scalar(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> Any:
    """The one value a query gives. All rows are fetched, else the connection stays busy."""
    return con.execute(query, parameters or []).fetchall()[0][0]


def check_unique(con: duckdb.DuckDBPyConnection, relation: str, *columns: str) -> None:
    """Raise when two rows of a table agree in these columns.

    Raises:
        NotUnique: names the table and the columns, no values.
    """
    names = ", ".join(columns)
    twice = scalar(
        con, f"select count(*) from (select 1 from {relation} group by {names} having count(*) > 1)"
    )
    if twice:
        raise NotUnique(f"{relation}: {twice} combinations of ({names}) stand more than once")


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make every table that is not there, the derived ones as their SELECTs make them of what is there."""
    con.execute(_SQL.joinpath("schema.sql").read_text(encoding="utf-8"))
    made = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    con.execute("set variable night = date '1970-01-01'")
    for table in (*STAGED_TABLES, *GOLDEN_TABLES, *OUTBOX_TABLES):
        if table not in made:
            rebuild(con, table)
