"""Which of the platforms' answers in files were read: a line of the ledger for each, by the file's own bytes.

Belongs here: these lines.
Lives elsewhere: reading such a file (`connectors/receipts.py`), what it says of a batch (`batches.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from warehouse.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of a receipt said what: of a batch that was sent, and of nobody that was in one."""

    rows: int = 0
    accepted: int = 0
    refused: int = 0
    unclear: int = 0
    stray: int = 0


def receipts_read(ledger: Ledger) -> set[tuple[str, str]]:
    """Platform and SHA-256 of every receipt that was read."""
    return {(line.body["platform"], line.body["sha256"]) for line in ledger.lines("receipt")}


def note_receipt(ledger: Ledger, platform: str, sha256: str, counted: Counted) -> int:
    """Note that a receipt was read, once what it says is noted; the number of the line."""
    return ledger.append("receipt", {"platform": platform, "sha256": sha256, **asdict(counted)})
