"""What the ledger remembers of publishing, as tables that a night can read: what every platform was told, and what people
said of it.

Belongs here: filling `outbox.told`, `outbox.live`, `outbox.approval`, `outbox.parted`, `outbox.digest`; finding the rows that we inserted among
the platforms' records; what of a field a platform was told, for those who read its export.
Lives elsewhere: the lines themselves (`batches.py`, `approvals.py`), what follows from them (`sql/staged/echo.sql`,
`sql/outbox/receipt.sql`, `sql/outbox/decision.sql`), whose records the inserted rows are (`newcomers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.approvals import Approval, approvals, live_platforms
from warehouse.batches import Told, read_batches, told
from warehouse.ledger import Ledger
from warehouse.store import given, rebuild, scalar

_TOLD = pa.schema(
    {name: pa.string() for name in Told._fields}
    | {"line": pa.int64(), "night": pa.date32(), "live": pa.bool_()}
)
_APPROVAL = pa.schema({name: pa.string() for name in Approval._fields})
_LIVE = pa.schema({"platform": pa.string()})
_PARTED = pa.schema({"left": pa.string(), "right": pa.string()})


@dataclass(frozen=True, slots=True)
class Heard:
    """What platforms were told of a few fields, by the night of the first telling. Values are known by their digests."""

    nights: Mapping[tuple[str, str, str], date]  # record, field, digest
    digest: Callable[[str], str]

    def before(self, night: date, record_id: str, field: str, value: str) -> bool:
        """Whether this value was told of this record before a night."""
        told_on = self.nights.get((record_id, field, self.digest(value))) if self.nights else None
        return told_on is not None and told_on < night


def heard_of(ledger: Ledger, night: date, fields: Collection[str]) -> Heard:
    """What the ledger remembers of these fields, as it stood at the end of a night."""
    nights: dict[tuple[str, str, str], date] = {}
    for one in told(read_batches(ledger, night).values()):
        if one.live and one.state in ("sending", "sent") and one.field in fields:
            place = (one.record_id, one.field, one.digest)
            nights[place] = min(one.night, nights.get(place, one.night))
    return Heard(nights, lambda value: ledger.digests([value])[0])


def load_told(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> None:
    """Fill the tables anew from the ledger, as it stood at the end of a night."""
    _load(con, "outbox.told", _TOLD, told(read_batches(ledger, night).values()))
    _load(con, "outbox.approval", _APPROVAL, approvals(ledger))
    _load(con, "outbox.live", _LIVE, [(platform,) for platform in sorted(live_platforms(ledger))])
    _load(con, "outbox.parted", _PARTED, ledger.parted())
    con.execute("delete from outbox.digest")
    know(
        con,
        ledger,
        'select distinct c."key" from staged.claim as c'
        " semi join outbox.told as t on t.record_id = c.record_id and t.field = c.field"
        ' where c."key" is not null'
        ' union select distinct c."key" from staged.claim as c'  # and those who copy from whom we told
        " semi join facts.feed as f on f.platform = c.platform and f.field = c.field"
        " semi join outbox.told as t on t.field = c.field"
        ' where c."key" is not null',
    )
    _adopt(con, ledger)


def _adopt(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Find the records that platforms made of the rows we inserted; what was told of such a row was told of its record."""
    if not scalar(con, "select count(*) from outbox.told where kind = 'insert'"):
        con.execute("delete from staged.adopted")
        return
    know(
        con,
        ledger,
        'select distinct c."key" from staged.claim as c join staged.record as r on r.record_id = c.record_id'
        " semi join outbox.told as t on t.platform = r.platform and t.kind = 'insert' and t.night < r.first_night"
        " where c.field in ('name', 'id_number') and c.since = r.first_night and c.\"key\" is not null",
    )
    rebuild(con, "staged.adopted")
    con.execute(
        "update outbox.told set record_id = a.record_id from staged.adopted as a"
        " where a.newcomer = told.record_id and a.platform = told.platform"
    )
    know(
        con,
        ledger,
        'select distinct "key" from staged.claim semi join staged.adopted using (record_id) where "key" is not null',
    )


def last_exports(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """The night of each platform's last export that was taken in: what it was told before, that export shows."""
    return dict(
        con.execute(
            "select platform, max(night) from landed.pull where status in ('staged', 'unchanged') group by platform"
        ).fetchall()
    )


def know(con: duckdb.DuckDBPyConnection, ledger: Ledger, values: str) -> None:
    """Add the digests of the values that a query gives."""
    new = f"select * from ({values}) as asked(value) anti join outbox.digest using (value)"
    asked = [row[0] for row in con.execute(new).fetchall()]
    if not asked:
        return
    columns = {"value": pa.array(asked, pa.string()), "digest": pa.array(ledger.digests(asked), pa.string())}
    with given(con, "loading", pa.table(columns)):
        con.execute("insert into outbox.digest from loading")


def _load(
    con: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, rows: Iterable[Sequence[Any]]
) -> None:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(cells, kind.type) for cells, kind in zip(columns, schema, strict=True)]
    with given(con, "loading", pa.table(arrays, schema=schema)):
        con.execute(f"create or replace table {name} as from loading")
