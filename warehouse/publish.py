"""What each platform lacks or has wrong, and which of it is new tonight.

Belongs here: `outbox.wanted` and `outbox.change`, held against what the ledger says was prepared before.
Lives elsewhere: the rules of what may be told to whom (`sql/outbox/wanted.sql`, `policy.toml`, the platform
files), writing a platform's import template (`connectors`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from itertools import groupby
from typing import Literal

import duckdb
import pyarrow as pa

from warehouse.ledger import Cell, Ledger
from warehouse.store import rebuild


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that one platform lacks or has wrong: a row of `outbox.change`."""

    night: date
    platform: str
    record_id: str
    source_key: str
    resident_id: str
    field: str
    column: str
    kind: Literal["fill", "correct"]
    held_stated: str | None
    held_key: str | None
    value: str
    taken_from: str
    rule: str


def find_wanted(con: duckdb.DuckDBPyConnection, night: date, *, hold_back: Collection[str] = ()) -> None:
    """Compute every cell wanted tonight, so that a door can look at them before anything is noted as prepared.

    Platforms held back tonight want nothing: what they lack is found again on a later night.
    """
    con.execute(f"set variable night = date '{night.isoformat()}'")
    rebuild(con, "outbox.wanted")
    con.execute("delete from outbox.wanted where list_contains(?::varchar[], platform)", [sorted(hold_back)])


def new_changes(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date, *, hold_back: Collection[str] = ()
) -> list[Change]:
    """Compute all changes still wanted, note in the ledger those prepared now, and return these.

    `outbox.change` holds all of them, each with the night it was first prepared. The ledger is written first: a
    night killed after that has no new changes when it runs again, but the same rows of tonight in
    `outbox.change`, from which the files are written.
    """
    find_wanted(con, night, hold_back=hold_back)
    _load_digests(con, ledger)
    _load_prepared(con, ledger, night)
    new = con.execute(
        """
        select w.platform, w.record_id, w.field, d.digest
        from outbox.wanted as w
        join outbox.digest as d on d.value = w.value
        anti join outbox.prepared as p
            on p.platform = w.platform and p.record_id = w.record_id and p.field = w.field and p.digest = d.digest
        order by w.platform
        """
    ).fetchall()
    for platform, rows in groupby(new, key=lambda row: row[0]):
        ledger.prepare(night, platform, [Cell(*row[1:]) for row in rows])
    rebuild(con, "outbox.change")
    fresh = {row[:3] for row in new}
    return [c for c in changes(con) if (c.platform, c.record_id, c.field) in fresh] if fresh else []


def changes(con: duckdb.DuckDBPyConnection, platform: str | None = None) -> list[Change]:
    """The rows of `outbox.change`, of all platforms or of one, ordered by platform, record and field."""
    names = ", ".join(f'"{item.name}"' for item in fields(Change))
    rows = con.execute(
        f"select {names} from outbox.change where platform = coalesce(?, platform)"
        " order by platform, record_id, field",
        [platform],
    ).fetchall()
    return [Change(*row) for row in rows]


def _load_digests(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    values = [row[0] for row in con.execute("select distinct value from outbox.wanted").fetchall()]
    table = pa.table(
        {"value": pa.array(values, pa.string()), "digest": pa.array(ledger.digests(values), pa.string())}
    )
    _load(con, "outbox.digest", table)


def _load_prepared(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> None:
    names = ("platform", "record_id", "field", "digest")
    cells = ledger.prepared(night)
    columns = {name: pa.array([getattr(cell, name) for cell in cells], pa.string()) for name in names}
    _load(
        con, "outbox.prepared", pa.table(columns | {"night": pa.array([c.night for c in cells], pa.date32())})
    )


def _load(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("loading", table)
    con.execute(f"create or replace table {name} as select * from loading")
    con.unregister("loading")
