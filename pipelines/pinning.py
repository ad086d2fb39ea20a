"""Pins as the commands and the night see them.

Belongs here: the reader of the site, saying which pins hold no more.
Lives elsewhere: what a pin must stand up to, which values contradict each other (`stewardship/pinning.py`, `conflicts.py`), the
lines (`warehouse/pins.py`), what a pin outweighs (`warehouse/sql/golden/value.sql`).
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pipelines.messages import Language
from pipelines.night import Night, Remark
from pipelines.published import published_file
from stewardship.conflicts import Conflict, find_conflicts, open_conflicts
from stewardship.pinning import Pinned, platforms_of, set_pin, standing_pins, take_pin_back
from warehouse.approvals import Said
from warehouse.ledger import open_ledger
from warehouse.pins import Pin
from warehouse.site import read_site
from warehouse.store import read_store


def pin_record(
    root: Path, record: str, field: str, *, because: str, by: str | None, until: date | None, speak: Language
) -> Pinned:
    """Note that a record is right about a field; see `set_pin`.

    Raises:
        NoWarehouse: no night has run. WrongPin: it cannot be pinned.
    """
    snapshot = published_file(root, speak)
    with open_ledger(read_site(root)) as ledger:
        return set_pin(snapshot, ledger, record, field, _said(by, because), speak, until)


def unpin_line(root: Path, line: int, *, because: str, by: str | None, speak: Language) -> int:
    """Take a pin back; see `take_pin_back`."""
    with open_ledger(read_site(root)) as ledger:
        return take_pin_back(ledger, line, _said(by, because), speak)


def listed(root: Path, speak: Language) -> list[Pinned]:
    """Every pin that was not taken back, oldest first."""
    snapshot = published_file(root, speak)
    with open_ledger(read_site(root)) as ledger:
        return standing_pins(snapshot, ledger)


def waiting(root: Path, speak: Language) -> list[Conflict]:
    """The values that contradict each other and that nobody has settled."""
    site, snapshot = read_site(root), published_file(root, speak)
    with read_store(snapshot) as con:
        found = find_conflicts(con, site.key)
    with open_ledger(site) as ledger:
        return open_conflicts(found, ledger)


def remind(night: Night, stale: Sequence[Pin]) -> None:
    """Let the night say which pins hold no more because their records say something else by now."""
    platforms = platforms_of(night.con, stale)
    for one in stale:
        words = {"line": one.line, "record": one.record_id, "field": one.field, "site": night.site.root}
        night.remarks.append(Remark(platforms.get(one.record_id, ""), "pin_lapsed", words))


def _said(by: str | None, because: str) -> Said:
    return Said(by or getpass.getuser(), because)
