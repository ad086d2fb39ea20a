"""What the office types in itself, once, where no platform knows it yet: lines of the ledger.

Belongs here: these lines, and what stands of them.
Lives elsewhere: the form (`stewardship/desk/enter.py`), leaving them in the inbox of a night as the export of the platform
`desk` (`pipelines/entries.py`).

The typed values are personal: they stand beside the chain and can be erased; what was erased is entered no more.

Which rows a night has read follows from two durable facts: a line of the ledger names the rows of every workbook that was
left (and its bytes, by their sha256), and the warehouse knows which bytes were taken in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from warehouse.ledger import Ledger

PLATFORM = "desk"
_KIND, _TAKEN_BACK, _LEFT = "entered", "entry_taken_back", "entries_left"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the form as it was typed: field -> text, of the fields that were filled in."""

    line: int
    at: str
    by: str
    row: Mapping[str, str]


def enter(ledger: Ledger, row: Mapping[str, str], *, by: str) -> int:
    """Note a row; the number of the line."""
    kept = ledger.remember(json.dumps(dict(row), ensure_ascii=False, sort_keys=True))
    return ledger.append(_KIND, {"row": kept, "by": by})


def take_back(ledger: Ledger, line: int, *, by: str) -> None:
    """Take a row back by one more line.

    Raises:
        LookupError: the line is no such row, or is taken back already.
    """
    if line not in {one.line for one in entries(ledger)}:
        raise LookupError(line)
    ledger.append(_TAKEN_BACK, {"of": line, "by": by})


def entries(ledger: Ledger) -> list[Entry]:
    """All rows that stand, in the order in which they were typed."""
    gone = {line.body["of"] for line in ledger.lines(_TAKEN_BACK)}
    return [
        Entry(line.seq, line.at, line.body["by"], json.loads(kept))
        for line in ledger.lines(_KIND)
        if line.seq not in gone and (kept := ledger.recall(line.body["row"])) is not None
    ]


def note_left(ledger: Ledger, night: date, sha256: str, rows: Sequence[int]) -> None:
    """Note that these rows, by their lines and in this order, are the export of a night; the same again adds no line."""
    body = {"night": night.isoformat(), "sha256": sha256, "rows": list(rows)}
    if not any(line.body == body for line in ledger.lines(_LEFT)):
        ledger.append(_LEFT, body)


def read_by_a_night(ledger: Ledger, con: duckdb.DuckDBPyConnection) -> set[int]:
    """The lines of the rows that a night has read, whether they stand or were taken back since."""
    query = "select sha256 from landed.pull where platform = ? and status in ('staged', 'unchanged')"
    taken = {sha256 for (sha256,) in con.execute(query, [PLATFORM]).fetchall()}
    return {row for line in ledger.lines(_LEFT) if line.body["sha256"] in taken for row in line.body["rows"]}


def places_taken_back(ledger: Ledger) -> list[tuple[str, int]]:
    """Where the rows that were taken back stood: in which export (sha256), as which of its rows (from 0)."""
    gone = {line.body["of"] for line in ledger.lines(_TAKEN_BACK)}
    return [
        (line.body["sha256"], at)
        for line in ledger.lines(_LEFT)
        for at, row in enumerate(line.body["rows"])
        if row in gone
    ]
