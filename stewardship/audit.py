"""The log of the desk: who logged in, looked at which case, had values shown and why, judged and undid.

Belongs here: the words of its lines, and proving both books of a site.
Lives elsewhere: the chain itself (`warehouse/ledger.py`): the audit is a second book of the same kind, in a file of its
own, so that looking does not make the ledger long. It names cases and accounts, never a value of a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from warehouse.ledger import Fault, Ledger, Line, open_chain, open_ledger
from warehouse.site import Site

Event = Literal[
    "login",
    "login_failed",
    "logout",
    "viewed",
    "searched",
    "shown",
    "masked",
    "judged",
    "moved",
    "undone",
    "deferred",
    "assigned",
    "visit_asked",
    "visited",
    "approved",
    "declined",
    "settled",
    "pinned",
    "unpinned",
    "declared",
    "undeclared",
    "hastened",
    "switched",
    "accepted",
    "mended",
    "password",
    "entered",
    "account",
    "refused",
]


@contextmanager
def open_audit(site: Site) -> Iterator[Ledger]:
    """Open the site's audit, made on first use, readable by its owner only."""
    with open_chain(site.audit, site.key) as book:
        yield book


def note(book: Ledger, event: Event, by: str, **facts: str | int) -> None:
    """Add a line: what happened, by whom. A free text goes into `because` and is kept beside the chain."""
    because = {"because": book.remember(str(facts.pop("because")))} if "because" in facts else {}
    book.append(event, {"by": by, **facts, **because})


def read_audit(site: Site, by: str, event: str, most: int) -> list[tuple[Line, str]]:
    """The newest lines, each with its text; of one person and kind where these are named."""
    with open_audit(site) as book:
        lines = book.newest(most, event, by)
        return [(line, book.recall(line.body.get("because", "")) or "") for line in lines]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of one book: how many lines, its last hash, and the first line that is wrong, if one is."""

    book: Literal["ledger", "audit"]
    lines: int
    head: str
    fault: Fault | None


def prove_books(site: Site) -> list[Proof]:
    """Hold every line of the ledger and of the audit against the chain."""
    with open_ledger(site) as ledger, open_audit(site) as audit:
        return [_proof("ledger", ledger), _proof("audit", audit)]


def _proof(name: Literal["ledger", "audit"], book: Ledger) -> Proof:
    lines = book.lines()
    return Proof(name, len(lines), book.head(), book.verify())
