"""What each platform lacks or has wrong, what of it goes out tonight, and noting that in the ledger.

Belongs here: the tables `outbox.*` in their order; what stands in tonight's batches, held against what stood there before.
Lives elsewhere: the rules of what may be told to whom (`sql/outbox/wanted.sql`, `policy.toml`, the platform files) and
when (`sql/outbox/decision.sql`), the lines of the ledger (`batches.py`), which cells a platform's import template can
hold, writing and sending it (`connectors`).

A night goes: `find_wanted`, a door, `decide`, drafting the files, `note_prepared`, writing the files, sending them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

import duckdb
import pyarrow as pa

from warehouse.approvals import live_platforms
from warehouse.batches import Batch, note, open_batch, read_batches
from warehouse.ledger import Cell, Ledger
from warehouse.store import given, rebuild
from warehouse.told import know, load_told


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
    kind: Literal["fill", "correct", "close", "recall", "insert"]
    held_stated: str | None
    held_key: str | None
    value: str
    told: str  # the golden value as this platform can be told it: a code may become the broader one
    taken_from: str
    rule: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Tonight's batches by platform, and those of their cells that no earlier run of tonight had prepared."""

    batches: dict[str, Batch]
    new: list[Change]


def find_wanted(con: duckdb.DuckDBPyConnection, night: date, *, hold_back: Collection[str] = ()) -> None:
    """Compute every cell wanted tonight, so that a door can look at them before anything is noted as prepared.

    Platforms held back tonight want nothing: what they lack is found again on a later night.
    """
    con.execute(f"set variable night = date '{night.isoformat()}'")
    for table in ("outbox.tellable", "outbox.newcomer", "outbox.fed", "outbox.wanted"):
        rebuild(con, table)
    con.execute("delete from outbox.wanted where list_contains(?::varchar[], platform)", [sorted(hold_back)])


def decide(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> list[Change]:
    """Say of every wanted cell what becomes of it tonight; those that belong into tonight's files.

    Those that tonight already prepared are among them: a night that was killed still owes its files.
    """
    _recall_ledger(con, ledger, night)
    rebuild(con, "outbox.receipt")
    rebuild(con, "outbox.decision")
    return _read(
        con,
        "select $night::date as night, * from outbox.decision where decision in ('shown', 'release')",
        {"night": night},
    )


def decisions(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many of the wanted cells each decision was made of."""
    return dict(
        con.execute("select decision, count(*) from outbox.decision group by all order by all").fetchall()
    )


def note_prepared(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    night: date,
    files: Mapping[str, Sequence[Change]],
    left_out: Iterable[tuple[str, str, str, str]] = (),
) -> Prepared:
    """Note in the ledger what stands in tonight's files, before they are written.

    `files` names every platform whose file is written tonight, also when nothing stands in it: what an earlier run
    of tonight prepared there, did not send, and is no longer in the file is withdrawn. A night killed after this has
    nothing new when it runs again, but the same files to write. `left_out`: platform, record, field and reason.
    """
    batches, live = read_batches(ledger, night), live_platforms(ledger)
    _withdraw_unsent(ledger, night, batches.values())
    prepared = Prepared({}, [])
    for platform, standing in files.items():
        batch = open_batch(batches, platform, night, live=platform in live)
        cells = _cells(ledger, standing)
        before = {place: cell for place, (_, cell) in batch.cells.items()}
        new = {place: cell for place, cell in cells.items() if before.get(place) != cell}
        if gone := [cell for place, cell in before.items() if place not in cells]:
            note(ledger, "withdrawn", batch, gone)
        if new:
            note(ledger, "prepared", batch, new.values())
        prepared.batches[platform] = batch
        prepared.new.extend(change for change in standing if (change.record_id, change.field) in new)
    _recall_ledger(con, ledger, night)
    _load_left_out(con, left_out)
    rebuild(con, "outbox.change")
    return prepared


def take_stock(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> None:
    """What became of everything that was told, tonight's batches among it: for those who read the night afterwards."""
    _recall_ledger(con, ledger, night)
    rebuild(con, "outbox.receipt")


def changes(con: duckdb.DuckDBPyConnection, platform: str | None = None) -> list[Change]:
    """The rows of `outbox.change`, of all platforms or of one, ordered by platform, record and field."""
    where = "where platform = coalesce(?, platform)"
    return _read(con, f"select * from outbox.change {where}", [platform])


_TRUE_OF_HOUSEHOLDS = """
with known as (
    select resident_id, field, value from golden.value
    where list_contains($fields, field) and field <> 'community'
    union all
    select
        resident_id,
        'community',
        coalesce(
            max(split_part(value, '|', 3)) filter (where field = 'address' and split_part(value, '|', 3) <> ''),
            max(value) filter (where field = 'community')
        ) as community
    from golden.value
    where list_contains($fields, 'community') and field in ('address', 'community')
    group by resident_id
    having community is not null
)

select member.stated, member.record_id, known.field, known.value
from staged.claim as member
join staged.record as s on s.record_id = member.record_id and s.present
left join resolved.record as r on r.record_id = member.record_id
left join known on known.resident_id = r.resident_id
where member.platform = $platform and member.field = 'household_number' and member.until is null
    and list_contains($numbers, member.stated)
"""


def true_of_households(
    con: duckdb.DuckDBPyConnection, platform: str, names: Collection[str], numbers: Collection[str]
) -> dict[str, dict[str, dict[str, str]]]:
    """What is golden today of everybody whom a platform keeps under some household numbers: number -> record -> field -> value.

    Whose golden address names a community lives in that one, whatever is golden of their community by itself: the address has
    an owner, and who moved is late elsewhere.
    """
    asked = {"platform": platform, "fields": sorted(names), "numbers": sorted(numbers)}
    homes: dict[str, dict[str, dict[str, str]]] = {}
    for number, record_id, name, value in con.execute(_TRUE_OF_HOUSEHOLDS, asked).fetchall():
        member = homes.setdefault(number, {}).setdefault(record_id, {})
        if name is not None:
            member[name] = value
    return homes


def _recall_ledger(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> None:
    load_told(con, ledger, night)
    know(con, ledger, "select distinct told from outbox.wanted")


def _read(con: duckdb.DuckDBPyConnection, query: str, given: Any) -> list[Change]:
    names = ", ".join(f'"{item.name}"' for item in fields(Change))
    rows = con.execute(f"select {names} from ({query}) order by platform, record_id, field", given).fetchall()
    return [Change(*row) for row in rows]


def _cells(ledger: Ledger, standing: Sequence[Change]) -> dict[tuple[str, str], Cell]:
    """The cells of a file as the ledger notes them. The values themselves stay beside the chain."""
    digests = ledger.remember_all([change.told for change in standing])
    return {
        (c.record_id, c.field): Cell(c.record_id, c.field, digest, c.kind, c.taken_from)
        for c, digest in zip(standing, digests, strict=True)
    }


def _withdraw_unsent(ledger: Ledger, night: date, batches: Iterable[Batch]) -> None:
    """An earlier night's batch that was prepared and never sent is not sent any more: tonight knows better."""
    for batch in batches:
        if batch.live and batch.open and batch.night < night and batch.cells:
            note(ledger, "withdrawn", batch, [cell for _, cell in batch.cells.values()])


def _load_left_out(con: duckdb.DuckDBPyConnection, left_out: Iterable[tuple[str, str, str, str]]) -> None:
    rows = sorted(left_out)
    columns = {
        name: pa.array([row[place] for row in rows], pa.string())
        for place, name in enumerate(("platform", "record_id", "field", "reason"))
    }
    with given(con, "loading", pa.table(columns)):
        con.execute("create or replace table outbox.left_out as from loading")
