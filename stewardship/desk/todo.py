"""Everything that waits for a person, by kind: how much, and on which page.

Belongs here: counting it. Lives elsewhere: the pages themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stewardship.accounts import Deed
from stewardship.approving import REFUSED, Asked, doubted, waiting
from stewardship.desk.guard import Asking
from warehouse.site import Site
from warehouse.store import read_store, scalar


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of what waits: how much of it, the page to do it on, and what one must be allowed to open that."""

    kind: str
    count: int
    address: str
    deed: Deed = "look"


def work(asking: Asking) -> list[Work]:
    """Every kind, in the order of the row of pages; what nobody waits for is counted 0."""
    current, book = asking.current, asking.current.book()
    with current.standing() as (_, standing):
        cases = len(current.open_cases(asking.con, book, standing, asking.now))
    cells, refused, batches, rows = _counted(current.site, book.snapshot)
    gates = sum(not one.accepted for one in current.intake.gated(asking.speak))
    return [
        Work("cases", cases, "/"),
        Work("approvals", cells, "/approvals"),
        Work("refused", refused, "/refused"),
        Work("doubted", batches, "/refused"),
        Work("gates", gates, "/intake"),
        Work("quarantine", rows, "/intake"),
    ]


def _counted(site: Site, snapshot: Path) -> Sequence[int]:
    groups = waiting(site, snapshot, Asked())
    refused = sum(one.cells for one in groups if one.decision in REFUSED)
    with read_store(snapshot) as con:
        rows = int(scalar(con, "select count(*) from staged.quarantine where until is null"))
    return sum(one.cells for one in groups) - refused, refused, len(doubted(site, snapshot)), rows
