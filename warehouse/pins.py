"""What a person settled of golden values: this record is right about this field. Until a date.

Belongs here: the lines of the ledger that say so, which of them stand on a night, and the table that a night reads.
Lives elsewhere: what a pin outweighs (`sql/golden/value.sql`), the ways to say it (`stewardship/pinning.py`).

A pin names a record and the value that it stated when somebody looked, by its digest. It chooses among what is stated and
never makes a value up: what no platform knows is entered at the desk. When the record comes to state something else the
pin holds no more: that is news, and a person looks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from warehouse.ledger import Cell, Ledger
from warehouse.store import given

_KIND, _TAKEN_BACK = "pin", "pin_taken_back"


@dataclass(frozen=True, slots=True)
class Pin:
    """One pin, as its line says it."""

    line: int
    at: str
    record_id: str
    field: str
    digest: str
    until: date  # the last night on which it holds
    by: str
    because: str | None  # None once it was erased


def pin(ledger: Ledger, record_id: str, field: str, value: str, *, by: str, because: str, until: date) -> int:
    """Note that a record is right about a field; the number of the line. `value`: the key that it states today."""
    (digest,) = ledger.digests([value])
    body = {"until": until.isoformat(), "by": by, "because": ledger.remember(because)}
    return ledger.append(_KIND, body, [Cell(record_id, field, digest)])


def unpin(ledger: Ledger, line: int, *, by: str, because: str) -> int:
    """Take a pin back by one more line; the rules decide again.

    Raises:
        LookupError: the line is no pin, or is taken back already.
    """
    if line not in {one.line for one in pins(ledger)}:
        raise LookupError(line)
    return ledger.append(_TAKEN_BACK, {"of": line, "by": by, "because": ledger.remember(because)})


def pins(ledger: Ledger) -> list[Pin]:
    """All that were not taken back, in the order of their lines; of the same record and field the latest only."""
    gone = {line.body["of"] for line in ledger.lines(_TAKEN_BACK)}
    said = dict(ledger.cells_of(_KIND))
    latest: dict[tuple[str, str], Pin] = {}
    for line in ledger.lines(_KIND):
        if line.seq in gone:
            continue
        cell, body = said[line.seq], line.body
        latest.pop((cell.record_id, cell.field), None)
        latest[cell.record_id, cell.field] = Pin(
            line=line.seq,
            at=line.at,
            record_id=cell.record_id,
            field=cell.field,
            digest=cell.digest,
            until=date.fromisoformat(body["until"]),
            by=body["by"],
            because=ledger.recall(body["because"]),
        )
    return list(latest.values())


def load_pins(con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date) -> list[Pin]:
    """Fill `golden.pin` with what holds on a night; the pins that do not hold although their time is not over, because
    their record states something else by now."""
    standing = [one for one in pins(ledger) if night <= one.until]
    stated = stated_of(con, standing)
    holding = [one for one in standing if holds(one, stated, ledger)]
    columns = {
        "record_id": [one.record_id for one in holding],
        "field": [one.field for one in holding],
        "value": [stated[one.record_id, one.field] for one in holding],
    }
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    with given(con, "loading", pa.table(arrays)):
        con.execute("create or replace table golden.pin as from loading")
    return [one for one in standing if one not in holding]


def stated_of(con: duckdb.DuckDBPyConnection, some: Sequence[Pin]) -> dict[tuple[str, str], str]:
    """What the records of some pins say of their fields themselves today: record and field -> key."""
    asked = {
        "record_id": pa.array([one.record_id for one in some], pa.string()),
        "field": pa.array([one.field for one in some], pa.string()),
    }
    with given(con, "asked", pa.table(asked)):
        rows = con.execute(
            'select record_id, field, "key" from staged.own semi join asked using (record_id, field)'
            ' where "key" is not null order by all'
        ).fetchall()
    return {(record_id, field): key for record_id, field, key in rows}


def holds(one: Pin, stated: Mapping[tuple[str, str], str], ledger: Ledger) -> bool:
    """Whether a record still states the value that somebody looked at when it was pinned."""
    key = stated.get((one.record_id, one.field))
    return key is not None and ledger.digests([key]) == [one.digest]
