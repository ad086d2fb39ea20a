"""Letting take effect at once what people said since the last night: asking for it, and what became of that.

Belongs here: the lines `apply` (somebody asks), `applying` (it has begun) and `unapplied` (it could not be done), and reading off them,
and off the snapshot, how it stands.
Lives elsewhere: doing it (`pipelines/applying.py`), who notices a request (`pipelines/definitions.py`).

That it was done is no line: the snapshot says up to which line of the ledger it holds what people said, whoever made it. So a
night settles a request, too, and nothing is called done that readers cannot see.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warehouse import one_person
from warehouse.ledger import Ledger
from warehouse.site import Site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

_ASKED, _BEGUN, _FAILED = "apply", "applying", "unapplied"
# The lines by which people settle values and numbers; verdicts are counted where they are read (`stewardship/standing.py`).
_SETTLED = ("pin", "pin_taken_back", *one_person.KINDS)


@dataclass(frozen=True, slots=True)
class Request:
    """The last time that somebody asked. at: since when it stands as it does; problem: why it could not be done, in words
    that hold no value of a record."""

    line: int
    by: str
    state: Literal["asked", "under_way", "done", "failed"]
    at: str
    problem: str = ""

    @property
    def open(self) -> bool:
        """Whether it still has to be done, or is being done; a run that was killed leaves it so."""
        return self.state in ("asked", "under_way")


def ask(ledger: Ledger, by: str) -> int:
    """Ask that what was said take effect at once; the line of that."""
    return ledger.append(_ASKED, {"by": by})


def begin(ledger: Ledger, request: int) -> None:
    """Note that somebody is at it."""
    ledger.append(_BEGUN, {"of": request})


def fail(ledger: Ledger, request: int, problem: str) -> None:
    """Note that it could not be done, and why; the next request is another try."""
    ledger.append(_FAILED, {"of": request, "problem": problem})


def last_request(ledger: Ledger, said: int) -> Request | None:
    """How the last request stands, given up to which line readers see what was said; None: nobody ever asked."""
    asked = ledger.newest(1, _ASKED)
    if not asked:
        return None
    line, by = asked[0].seq, asked[0].body["by"]
    if line <= said:
        return Request(line, by, "done", asked[0].at)
    after = ledger.lines(_BEGUN, _FAILED, after=line)
    if not after:
        return Request(line, by, "asked", asked[0].at)
    if after[-1].kind == _FAILED:
        return Request(line, by, "failed", after[-1].at, after[-1].body["problem"])
    return Request(line, by, "under_way", after[-1].at)


def settled_not_in_effect(ledger: Ledger, said: int) -> int:
    """How many words on values and numbers readers do not see the effect of yet; none that waits for a second person has one."""
    lines = ledger.lines(*_SETTLED, after=said)
    waits = one_person.waits(ledger) if any("needs" in line.body for line in lines) else set()
    return sum(line.seq not in waits for line in lines)


def said_up_to(snapshot: Path) -> int:
    """The line of the ledger up to which a snapshot holds what people said."""
    with read_store(snapshot) as con:
        rows = con.execute("select digest from facts.fingerprint where step = 'said'").fetchall()
    return int(rows[0][0]) if rows else 0


def open_request(site: Site, ledger: Ledger) -> Request | None:
    """The request that has to be done, if there is one."""
    if not ledger.newest(1, _ASKED):
        return None
    snapshot = current_snapshot(site)
    request = last_request(ledger, said_up_to(snapshot) if snapshot else 0)
    return request if request and request.open else None
