"""What waits for a person before it goes to a platform, and the person's word on it; batches in doubt; going live.

Belongs here: reading what waits, whole; noting a word on exactly the cells that were seen, or on a batch of which nobody
knows whether it arrived. The command `approve` and the desk both call this.
Lives elsewhere: which cells wait and why (`warehouse/sql/outbox/decision.sql`), the lines (`warehouse/approvals.py`,
`warehouse/batches.py`), masking (whoever shows a cell).

What waits is that of the last published night, less what was said since.
"""

from __future__ import annotations

import hashlib
from collections import Counter
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
SAYABLE = ("approval", "flood")
WAITING = (*SAYABLE, *REFUSED)
# Nobody is asked about these; who names them may say yes or no.
UNASKED = "backlog"
DECLINED = "declined"

# Every waiting cell, each beside how many there are, and a digest of them all.
_PART = f"""
    with waiting_cell as ({select("waiting_cell")}), found as materialized ({select("waiting")})
    select
        found.*,
        count(*) over () as cells,
        (
            select sha256(string_agg(concat_ws('|', platform, record_id, field, digest), '\n' order by platform, record_id, field))
            from found
        )[:16] as seen
    from found
"""
_IN_ORDER = "order by platform, record_id, field"


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
    """The waiting cells of one row at a platform, whatever they change: a newcomer's go together or not at all."""

    platform: str
    record_id: str
    resident_id: str
    person: str
    cells: Sequence[WaitingCell]

    @property
    def seen(self) -> str:
        """A digest of what is shown of it: other values, another digest."""
        return _seen((one.field, one.digest) for one in self.cells)


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """All that waits of what was asked for. cells: how many; rows: the first of them.

    seen: a digest of all its cells, shown or not: another cell, one less or another value, another digest.
    """

    cells: int
    seen: str
    rows: Sequence[WaitingRow]


@dataclass(frozen=True, slots=True)
class Doubted:
    """A batch of which nobody knows whether it arrived."""

    batch: str
    platform: str
    night: str
    cells: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A line that was noted: what was said, of how many cells. left: how many more of what was asked for still wait."""

    platform: str
    word: str
    cells: int
    left: int
    line: int
    by: str


def waiting(site: Site, snapshot: Path, asked: Asked, decisions: tuple[str, ...] = WAITING) -> list[Group]:
    """What waits, most cells first."""
    query = f"""
        select platform, field, decision, coalesce(why, ''), kind, word, count(*)
        from ({select("waiting_cell")}) as found
        group by all order by 7 desc, 1, 2, 3, 4
    """
    return [Group(*row) for row in _ask(site, snapshot, query, _among(decisions, asked), asked)]


def rows(
    site: Site, snapshot: Path, asked: Asked, most: int, decisions: tuple[str, ...] = WAITING
) -> list[WaitingRow]:
    """What waits, row by row; at most so many rows."""
    return [*waiting_part(site, snapshot, asked, most, decisions).rows]


def waiting_part(
    site: Site, snapshot: Path, asked: Asked, most: int, decisions: tuple[str, ...] = WAITING
) -> WaitingPart:
    """What waits, whole, and its first rows; at most so many."""
    query = f"{_PART} qualify dense_rank() over (order by platform, record_id) <= {int(most)} {_IN_ORDER}"
    found = _ask(site, snapshot, query, _among(decisions, asked), asked)
    cells = [WaitingCell(*cell) for *cell, _, _ in found]
    by_row = groupby(cells, lambda one: (one.platform, one.record_id, one.resident_id, one.person))
    count, seen = found[0][-2:] if found else (0, "")
    return WaitingPart(count, seen, [WaitingRow(*place, list(theirs)) for place, theirs in by_row])


def decide_cells(
    site: Site,
    snapshot: Path,
    word: Word,
    asked: Asked,
    said: Said,
    speak: Language,
    shown: Mapping[str, str] | str | None = None,
) -> list[Noted]:
    """Note a person's word on cells that wait for one; a line for each platform.

    The word holds for these values of these cells, so that nothing goes that nobody has seen, and for no cell of which
    something else was said than `asked` states.

    Args:
        shown: what was seen of each row that is meant (`WaitingRow.seen`), or of all that was asked for
            (`WaitingPart.seen`); None: all of it, by who was shown nothing.

    Raises:
        WrongApproval: nothing of what was asked for waits for a person, or it is not what was shown: a night has brought
            other values, or somebody else has said something of it meanwhile.
    """
    _reason(said, speak)
    found = _ask(site, snapshot, f"{_PART} {_IN_ORDER}", _among(SAYABLE, asked), asked)
    if isinstance(shown, str) and (not found or found[0][-1] != shown):
        raise WrongApproval(say("approve_changed", speak))
    every = [WaitingCell(*cell) for *cell, _, _ in found]
    meant = _seen_ones(every, shown, speak) if isinstance(shown, Mapping) else every
    if not meant:
        raise WrongApproval(say("approve_nothing", speak))
    with read_store(snapshot) as con:
        night: date = scalar(con, "select max(night) from landed.pull")
    waited = Counter(one.platform for one in every)
    with open_ledger(site) as ledger:
        return [
            Noted(platform, word, len(theirs), waited[platform] - len(theirs), line, said.by)
            for platform, each in groupby(meant, lambda one: one.platform)
            for theirs in [[_cell(one) for one in each]]
            for line in [say_of_cells(ledger, word, platform, night, theirs, said)]
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


def _seen_ones(cells: Iterable[WaitingCell], shown: Mapping[str, str], speak: Language) -> list[WaitingCell]:
    """The cells of the rows that are meant, if they are what was shown."""
    found = [one for one in cells if one.record_id in shown]
    now = {
        record: _seen((one.field, one.digest) for one in theirs)
        for record, theirs in groupby(found, lambda one: one.record_id)
    }
    if now != dict(shown):
        raise WrongApproval(say("approve_changed", speak))
    return found


def _cell(one: WaitingCell) -> Cell:
    return Cell(one.record_id, one.field, one.digest, one.kind, one.taken_from)


def _seen(cells: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(repr(sorted(cells)).encode()).hexdigest()[:16]


def _among(decisions: tuple[str, ...], asked: Asked) -> tuple[str, ...]:
    """These, and what is meant only by who names it: by its reason or, of what somebody declined, by its record."""
    named = [one for one in (UNASKED, DECLINED) if asked.why == one or (one == DECLINED and asked.record)]
    return (*decisions, *named)


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
