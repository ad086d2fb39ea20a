"""What people said of single rows of an export: this cell should read so, this row is nothing. Until a date.

Belongs here: the lines of the ledger that say so, which of them stand on a night, when each was last used.
Lives elsewhere: the ledger (`ledger.py`), applying them to a row (`connectors/stage/overrides.py`).

A line names the row by its reference and the bad value it is about, so that it holds for that row wherever it stands
and for no other value. The values themselves are personal texts: they stand beside the chain and can be erased; an
override whose value was erased applies no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import duckdb
import pyarrow as pa

from warehouse.ledger import Ledger

Action = Literal["fix", "drop"]

_KIND, _TAKEN_BACK = "override", "override_taken_back"


@dataclass(frozen=True, slots=True)
class Override:
    """One override, as its line says it."""

    line: int
    at: str
    platform: str
    row: str  # the reference of the row
    column: str  # of a drop: the column that the row was put aside for, empty if for no one column
    action: Action
    bad: str | None  # what the platform states; None once it was erased
    value: str | None  # what it should read; None: a drop, or erased
    until: date  # the last night on which it applies
    by: str
    because: str | None

    def stands_on(self, night: date) -> bool:
        """Whether it applies on a night."""
        return night <= self.until


def add(
    ledger: Ledger,
    platform: str,
    row: str,
    column: str,
    *,
    bad: str,
    value: str | None,
    by: str,
    because: str,
    until: date,
) -> int:
    """Note an override; the number of its line. Without a value the row is nothing."""
    body = {
        "platform": platform,
        "row": row,
        "column": column,
        "action": "drop" if value is None else "fix",
        "bad": ledger.remember(bad),
        "value": None if value is None else ledger.remember(value),
        "until": until.isoformat(),
        "by": by,
        "because": ledger.remember(because),
    }
    return ledger.append(_KIND, body)


def take_back(ledger: Ledger, line: int, *, by: str, because: str) -> int:
    """Take an override back by one more line; what the platform states counts again.

    Raises:
        LookupError: the line is no override, or is taken back already.
    """
    if line not in {one.line for one in overrides(ledger)}:
        raise LookupError(line)
    return ledger.append(_TAKEN_BACK, {"of": line, "by": by, "because": ledger.remember(because)})


def overrides(ledger: Ledger) -> list[Override]:
    """All that were not taken back, in the order of their lines; of the same row and bad value the latest only."""
    gone = {line.body["of"] for line in ledger.lines(_TAKEN_BACK)}
    latest: dict[tuple[str, ...], Override] = {}
    for line in ledger.lines(_KIND):
        body = line.body
        if line.seq in gone:
            continue
        about = (body["platform"], body["row"], body["column"], body["bad"])
        latest.pop(about, None)
        latest[about] = Override(
            line=line.seq,
            at=line.at,
            platform=body["platform"],
            row=body["row"],
            column=body["column"],
            action=body["action"],
            bad=ledger.recall(body["bad"]),
            value=None if body["value"] is None else ledger.recall(body["value"]),
            until=date.fromisoformat(body["until"]),
            by=body["by"],
            because=ledger.recall(body["because"]),
        )
    return list(latest.values())


def note_uses(
    con: duckdb.DuckDBPyConnection, night: date, platform: str, sha256: str, uses: pa.Table
) -> None:
    """Keep where an export that is in force was overridden. `uses`: line, record_id (null: no record), column."""
    con.register("arriving_use", uses)
    try:
        con.execute("delete from staged.overridden where platform = ? and night = ?", [platform, night])
        con.execute(
            'insert into staged.overridden select ?, ?, ?, line, record_id, "column" from arriving_use',
            [night, platform, sha256],
        )
    finally:
        con.unregister("arriving_use")


def last_used(con: duckdb.DuckDBPyConnection) -> dict[int, date]:
    """The last night of each override: that of the last export it was applied to, found unchanged ones included."""
    rows: Sequence[tuple[int, date]] = con.execute(
        """
        select o.line, max(p.night)
        from (select distinct line, platform, sha256, night from staged.overridden) as o
        join landed.pull as p
            on p.platform = o.platform and p.sha256 = o.sha256 and p.night >= o.night
            and p.status in ('staged', 'unchanged')
        group by o.line
        """
    ).fetchall()
    return dict(rows)
