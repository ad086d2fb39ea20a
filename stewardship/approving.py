"""What waits for a person before it goes to a platform, and the person's word on it; batches in doubt; going live.

Belongs here: reading what waits, whole; noting a word on exactly the cells that were seen, or on a batch of which nobody
knows whether it arrived. The command `approve` and the desk both call this.
Lives elsewhere: which cells wait and why (`warehouse/sql/outbox/decision.sql`), the lines (`warehouse/approvals.py`,
`warehouse/batches.py`), masking (whoever shows a cell).

What waits is that of the last published night, less what was said since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from stewardship.sentences import say
from stewardship.sql import select
from warehouse.approvals import Approval, Said, Word, approvals, live_platforms, say_of_cells, set_mode
from warehouse.batches import conclude, in_doubt, read_batches, unfinished
from warehouse.ledger import Cell, open_ledger
from warehouse.lock import only_writer
from warehouse.site import Site
from warehouse.speech import Language
from warehouse.store import given, read_store, scalar
from warehouse.told import last_exports

# What a platform did not take needs the platform, or the value, mended; a person's word settles the others.
REFUSED = ("refused", "stuck")
WAITING = ("approval", "flood", *REFUSED)
SAYABLE = ("approval", "flood", "declined")
# Nobody is asked about these; who names them may say yes or no.
UNASKED = "backlog"


class WrongApproval(ValueError):
    """There is nothing here that a person could let go or hold back: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cells are meant: those that all of what is stated holds for.

    word: what a person said of them since the night; empty: nothing; None: whatever it is.
    """

    platform: str | None = None
    field: str | None = None
    why: str | None = None
    record: str | None = None
    kind: str | None = None
    word: Word | Literal[""] | None = ""

    @property
    def narrow(self) -> bool:
        """Whether single cells are meant, by anything but their platform."""
        return (self.field, self.why, self.record, self.kind) != (None,) * 4


@dataclass(frozen=True, slots=True)
class Group:
    """Waiting cells of one platform, field and reason; word: what was said of them since the night."""

    platform: str
    field: str
    decision: str
    why: str
    kind: str
    word: str
    cells: int


@dataclass(frozen=True, slots=True)
class WaitingCell:
    """One waiting cell, its values in full: who shows it masks them.

    held: what the platform has; told: how it would be told ours. source: the platform whose word it is, `on`: of which
    day, sources: how many say it. words: the platform's own, where it did not take the cell.
    """

    platform: str
    record_id: str
    resident_id: str
    person: str
    field: str
    kind: str
    held: str | None
    told: str
    rule: str
    sources: int
    source: str
    on: str
    taken_from: str
    digest: str
    decision: str
    why: str
    word: str
    words: str


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """The waiting cells of one row at a platform: a newcomer's go together or not at all."""

    platform: str
    record_id: str
    resident_id: str
    person: str
    kind: str
    cells: Sequence[WaitingCell]

    @property
    def seen(self) -> str:
        """A digest of what is shown of it: other values, another digest."""
        return _seen((one.field, one.digest) for one in self.cells)


@dataclass(frozen=True, slots=True)
class Doubted:
    """A batch of which nobody knows whether it arrived."""

    batch: str
    platform: str
    night: str
    cells: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A line that was noted: what was said, of how many cells."""

    platform: str
    word: str
    cells: int
    line: int
    by: str


def waiting(site: Site, snapshot: Path, asked: Asked, decisions: tuple[str, ...] = WAITING) -> list[Group]:
    """What waits, most cells first."""
    query = f"""
        select platform, field, decision, why, kind, word, count(*) from ({select("waiting")}) as found
        group by all order by 7 desc, 1, 2, 3, 4
    """
    return [Group(*row) for row in _ask(site, snapshot, query, _among(decisions, asked), asked)]


def rows(
    site: Site, snapshot: Path, asked: Asked, most: int, decisions: tuple[str, ...] = WAITING
) -> list[WaitingRow]:
    """What waits, row by row; at most so many rows."""
    query = f"""
        select * from ({select("waiting")}) as found
        qualify dense_rank() over (order by platform, record_id) <= {int(most)}
        order by platform, record_id, field
    """
    cells = [WaitingCell(*row) for row in _ask(site, snapshot, query, _among(decisions, asked), asked)]
    return [
        WaitingRow(*place, theirs)
        for place, each in groupby(
            cells, lambda one: (one.platform, one.record_id, one.resident_id, one.person, one.kind)
        )
        if (theirs := list(each))
    ]


def decide_cells(
    site: Site,
    snapshot: Path,
    word: Word,
    asked: Asked,
    said: Said,
    speak: Language,
    only: Mapping[str, str] | None = None,
) -> list[Noted]:
    """Note a person's word on the cells that waited in the last published night; a line for each platform.

    The word holds for these values of these cells, so that nothing goes that nobody has seen.

    Args:
        only: the rows that are meant, with what was seen of each (`WaitingRow.seen`); None: all.

    Raises:
        WrongApproval: nothing of what was asked for waits for a person, or a night has brought other values meanwhile.
    """
    _reason(said, speak)
    query = """
        select platform, record_id, field, digest, kind, taken_from from outbox.decision as d
        where list_contains($decisions, d.decision)
            and d.platform = coalesce($platform, d.platform) and d.field = coalesce($field, d.field)
            and ($why is null or d.why = $why or d.decision = $why) and d.record_id = coalesce($record, d.record_id)
            and d.kind = coalesce($kind, d.kind)
        order by all
    """
    found: dict[str, list[Cell]] = {}
    with read_store(snapshot) as con:
        night: date = scalar(con, "select max(night) from landed.pull")
        meant = _meant(_among(SAYABLE, asked), asked)
        for platform, *cell in con.execute(query, meant).fetchall():
            found.setdefault(platform, []).append(Cell(*cell))
    if only is not None:
        found = {platform: _seen_ones(theirs, only, speak) for platform, theirs in found.items()}
    if not any(found.values()):
        raise WrongApproval(say("approve_nothing", speak))
    with open_ledger(site) as ledger:
        return [
            Noted(
                platform,
                word,
                len(theirs),
                say_of_cells(ledger, word, platform, night, theirs, said),
                said.by,
            )
            for platform, theirs in found.items()
            if theirs
        ]


def doubted(site: Site, snapshot: Path) -> list[Doubted]:
    """The batches in doubt, of which no export that was taken in has told since."""
    with read_store(snapshot) as con:
        exported = last_exports(con)
    with open_ledger(site) as ledger:
        batches = in_doubt(read_batches(ledger, date.max).values(), exported) if unfinished(ledger) else []
    return [Doubted(one.name, one.platform, one.night.isoformat(), len(one.cells)) for one in batches]


def settle_batch(
    site: Site, snapshot: Path, word: Literal["sent", "unsent"], name: str, said: Said, speak: Language
) -> int:
    """Note that a batch in doubt arrived, or did not; of how many cells.

    What is known to have arrived of it stays so.

    Raises:
        WrongApproval: no such batch is in doubt. AlreadyRunning: a night is at work, and may just be sending it.
    """
    _reason(said, speak)
    waiting_ones = doubted(site, snapshot)
    if name not in {one.batch for one in waiting_ones}:
        known = "、".join(one.batch for one in waiting_ones) or say("nothing_waits", speak)
        raise WrongApproval(say("approve_no_such_batch", speak, batch=name, known=known))
    with only_writer(site), open_ledger(site) as ledger:
        batch = read_batches(ledger, date.max)[name]
        if batch.state != "sending":  # a night ended meanwhile
            raise WrongApproval(
                say("approve_no_such_batch", speak, batch=name, known=say("nothing_waits", speak))
            )
        open_ones = batch.cells.keys() - batch.arrived
        missed = {record for record, _ in open_ones} if word == "unsent" else ()
        conclude(ledger, batch, missed=missed, doubtful=(), **said.body(ledger))
    return len(open_ones)


def switch(
    site: Site,
    mode: Literal["live", "shadow"],
    asked: Collection[str],
    receivers: Collection[str],
    said: Said,
    speak: Language,
) -> list[str]:
    """Go live with platforms, or back into shadow; those that changed. `receivers`: those that receive anything.

    Raises:
        WrongApproval: one of them receives nothing.
    """
    _reason(said, speak)
    for slug in sorted(set(asked) - set(receivers)):
        raise WrongApproval(say("approve_receives_nothing", speak, slug=slug))
    with open_ledger(site) as ledger:
        live = live_platforms(ledger)
        changed = sorted(set(asked) - live if mode == "live" else set(asked) & live)
        for slug in changed:
            set_mode(ledger, mode, slug, date.today(), said)
    return changed


def _seen_ones(cells: Iterable[Cell], only: Mapping[str, str], speak: Language) -> list[Cell]:
    """The cells of the rows that are meant, if they are what was seen."""
    found = [cell for cell in cells if cell.record_id in only]
    for record, theirs in groupby(found, lambda cell: cell.record_id):
        if _seen((cell.field, cell.digest) for cell in theirs) != only[record]:
            raise WrongApproval(say("approve_changed", speak))
    return found


def _seen(cells: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(repr(sorted(cells)).encode()).hexdigest()[:16]


def _among(decisions: tuple[str, ...], asked: Asked) -> tuple[str, ...]:
    return (*decisions, UNASKED) if asked.why == UNASKED else decisions


def _meant(decisions: Sequence[str], asked: Asked) -> dict[str, Any]:
    return {
        "decisions": list(decisions),
        "platform": asked.platform,
        "field": asked.field,
        "why": asked.why,
        "record": asked.record,
        "kind": asked.kind,
    }


def _ask(
    site: Site, snapshot: Path, query: str, decisions: Sequence[str], asked: Asked
) -> list[tuple[Any, ...]]:
    """The rows of a query over what waits."""
    with open_ledger(site) as ledger:
        spoken = approvals(ledger)
    with read_store(snapshot) as con, _spoken(con, spoken):
        meant = _meant(decisions, asked) | {"word": asked.word}
        return con.execute(query, meant).fetchall()


def _spoken(con: duckdb.DuckDBPyConnection, said: Sequence[Approval]) -> Any:
    """What people said so far, as a table that the SELECT reads."""
    columns = list(zip(*said, strict=True)) or [()] * len(Approval._fields)
    table = pa.table(
        {name: pa.array(cells, pa.string()) for name, cells in zip(Approval._fields, columns, strict=True)}
    )
    return given(con, "spoken", table)


def _reason(said: Said, speak: Language) -> None:
    if not said.because.strip():
        raise WrongApproval(say("because_wanted", speak))
