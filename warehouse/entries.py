"""What the office types in itself, once, where no platform knows it yet: lines of the ledger.

Belongs here: these lines, and what stands of them.
Lives elsewhere: the form (`stewardship/desk/enter.py`), leaving them in the inbox of a night as the export of the platform
`desk` (`pipelines/entries.py`).

The typed values are personal: they stand beside the chain and can be erased; what was erased is entered no more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.ledger import Ledger

_KIND, _TAKEN_BACK = "entered", "entry_taken_back"


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
