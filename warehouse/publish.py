"""What each platform lacks or has wrong, and which of it is new tonight.

Belongs here: `outbox.wanted` and `outbox.change`, held against what the ledger says was prepared before; noting it.
Lives elsewhere: the rules of what may be told to whom (`sql/outbox/wanted.sql`, `policy.toml`, the platform
files), which cells a platform's import template can hold, and writing it (`connectors`).

A night goes: `find_wanted`, a door, `due`, drafting the files, `note_prepared`, writing the files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

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
    told: str  # the golden value as this platform can be told it: a code may become the broader one
    taken_from: str
    rule: str


def find_wanted(con: duckdb.DuckDBPyConnection, night: date, *, hold_back: Collection[str] = ()) -> None:
    """Compute every cell wanted tonight, so that a door can look at them before anything is noted as prepared.

    Platforms held back tonight want nothing: what they lack is found again on a later night.
    """
    con.execute(f"set variable night = date '{night.isoformat()}'")
    rebuild(con, "outbox.wanted")
    con.execute("delete from outbox.wanted where list_contains(?::varchar[], platform)", [sorted(hold_back)])


def due(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> list[Change]:
    """The wanted cells that belong into tonight's files: no earlier night prepared them.

    Those that tonight already prepared are among them: a night that was killed still owes its files.
    """
    _load_digests(con, ledger)
    _load_prepared(con, ledger, night)
    return _read(
        con,
        """
        select $night::date as night, w.* from outbox.wanted as w
        join outbox.digest as d on d.told = w.told
        anti join outbox.prepared as p
            on p.platform = w.platform and p.record_id = w.record_id and p.field = w.field and p.digest = d.digest
            and p.night < $night
        """,
        {"night": night},
    )


def note_prepared(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    night: date,
    files: Mapping[str, Sequence[Change]],
    left_out: Iterable[tuple[str, str, str, str]] = (),
) -> list[Change]:
    """Note in the ledger what stands in tonight's files, before they are written; those that were not noted before.

    `files` names every platform whose file is written tonight, also when nothing stands in it: what an earlier run
    of tonight prepared there and is no longer in the file is withdrawn. A night killed after this has nothing new
    when it runs again, but the same files to write. `left_out`: platform, record, field and reason.
    """
    tonight = _prepared_tonight(con, night)
    noted: list[Change] = []
    for platform, standing in files.items():
        digests = ledger.digests([change.told for change in standing])
        cells = {(c.record_id, c.field): digest for c, digest in zip(standing, digests, strict=True)}
        before = tonight.get(platform, {})
        new = {place: digest for place, digest in cells.items() if before.get(place) != digest}
        gone = [Cell(*place, digest) for place, digest in before.items() if place not in cells]
        if gone:
            ledger.withdraw(night, platform, gone)
        if new:
            ledger.prepare(night, platform, [Cell(*place, digest) for place, digest in new.items()])
        noted += [change for change in standing if (change.record_id, change.field) in new]
    _load_prepared(con, ledger, night)
    _load_left_out(con, left_out)
    rebuild(con, "outbox.change")
    return noted


def changes(con: duckdb.DuckDBPyConnection, platform: str | None = None) -> list[Change]:
    """The rows of `outbox.change`, of all platforms or of one, ordered by platform, record and field."""
    where = "where platform = coalesce(?, platform)"
    return _read(con, f"select * from outbox.change {where}", [platform])


def _read(con: duckdb.DuckDBPyConnection, query: str, given: Any) -> list[Change]:
    names = ", ".join(f'"{item.name}"' for item in fields(Change))
    rows = con.execute(f"select {names} from ({query}) order by platform, record_id, field", given).fetchall()
    return [Change(*row) for row in rows]


def _prepared_tonight(con: duckdb.DuckDBPyConnection, night: date) -> dict[str, dict[tuple[str, str], str]]:
    """By platform: the digest of every cell that an earlier run of tonight prepared."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for platform, record_id, field, digest in con.execute(
        "select platform, record_id, field, digest from outbox.prepared where night = ?", [night]
    ).fetchall():
        found.setdefault(platform, {})[record_id, field] = digest
    return found


def _load_digests(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    told = [row[0] for row in con.execute("select distinct told from outbox.wanted").fetchall()]
    columns = {"told": pa.array(told, pa.string()), "digest": pa.array(ledger.digests(told), pa.string())}
    _load(con, "outbox.digest", pa.table(columns))


def _load_left_out(con: duckdb.DuckDBPyConnection, left_out: Iterable[tuple[str, str, str, str]]) -> None:
    rows = sorted(left_out)
    columns = {
        name: pa.array([row[place] for row in rows], pa.string())
        for place, name in enumerate(("platform", "record_id", "field", "reason"))
    }
    _load(con, "outbox.left_out", pa.table(columns))


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
