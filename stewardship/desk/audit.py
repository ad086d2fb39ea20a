"""Who did and looked at what, and whether both books are whole.

Belongs here: this page. Lives elsewhere: the audit (`stewardship/audit.py`).

It names cases, residents and accounts, and no value. What somebody looked for is a name, and is not shown; why somebody had
values shown is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from starlette.responses import Response

from stewardship.accounts import accounts
from stewardship.audit import Event, prove_books, read_audit
from stewardship.desk.answers import page
from stewardship.desk.guard import Asking, Way
from warehouse.ledger import Line

MOST_LINES = 200
# What a line names besides who did what, in the order in which it is shown.
FACTS = (
    "page", "case", "group", "resident", "home", "platform", "batch", "row", "what", "word", "verdict", "mode", "count", "line", "night",
    "account", "role", "areas", "closed", "bound", "locked", "provided", "why", "found", "days", "full", "to",
)  # fmt: skip
# Of an account: that one of these is nought or empty says that a limit was lifted.
LIFTED = ("areas", "closed", "bound")
_TEXTS = ("shown",)  # events whose text says why, and is no name of anybody


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the audit as it is shown. facts: what it names besides."""

    line: int
    at: str
    by: str
    event: str
    facts: Mapping[str, object]
    because: str


def audit_page(asking: Asking) -> Response:
    """The newest lines, of everybody or one person, of every kind or one; on demand both books proven."""
    by, event = asking.query.get("by", ""), asking.query.get("event", "")
    event = event if event in get_args(Event) else ""
    proofs = prove_books(asking.current.site) if asking.query.get("prove") else []
    lines = read_audit(asking.current.site, by, event, MOST_LINES)
    asking.current.note("viewed", asking.who.account.name, page="audit")
    return page(
        asking,
        "audit.html",
        "audit",
        lines=[_told(line, words) for line, words in lines],
        people=[one.name for one in accounts(asking.con)],
        events=get_args(Event),
        by=by,
        event=event,
        proofs=proofs,
        most=MOST_LINES,
    )


def _told(line: Line, words: str) -> Told:
    """What is nought or empty says nothing, a look at masked values needs no word; but that a limit was lifted does."""
    stated = {name: line.body[name] for name in FACTS if name in line.body}
    facts = {name: said for name, said in stated.items() if said or name in LIFTED}
    return Told(line.seq, line.at, line.body["by"], line.kind, facts, words if line.kind in _TEXTS else "")


WAYS = (Way("/audit", audit_page, "audit"),)
