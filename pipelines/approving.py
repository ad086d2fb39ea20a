"""What waits for a person before it goes to a platform, and the person's word on it; batches in doubt; going live.

Belongs here: showing what waits, values masked; noting a word on exactly the cells that were shown, or on a batch of which
nobody knows whether it arrived.
Lives elsewhere: which cells wait and why (`warehouse/sql/outbox/decision.sql`), the lines (`warehouse/approvals.py`,
`warehouse/batches.py`).
"""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb

from connectors.platform import read_platforms
from dedup.normalise.masks import masked
from pipelines.messages import Language, say
from pipelines.published import published
from warehouse.approvals import Said, Word, live_platforms, say_of_cells, set_mode
from warehouse.batches import conclude, in_doubt, read_batches, unfinished
from warehouse.ledger import Cell, open_ledger
from warehouse.lock import only_writer
from warehouse.site import read_site
from warehouse.store import scalar
from warehouse.told import last_exports
from warehouse.values import shown

WAITING = ("approval", "flood", "stuck", "refused")
SAYABLE = (
    "approval",
    "flood",
    "declined",
)  # a person's word settles these; the others need the platform mended
# Nobody is asked about these; who names them may say yes or no.
UNASKED = "backlog"


class WrongApproval(ValueError):
    """There is nothing here that a person could let go or hold back: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of the waiting cells are meant: those that all of what is stated holds for."""

    platform: str | None = None
    field: str | None = None
    why: str | None = None
    record: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether single cells are meant, by anything but their platform."""
        return (self.field, self.why, self.record) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Group:
    """Waiting cells of one platform, field and reason."""

    platform: str
    field: str
    decision: str
    why: str
    kind: str
    cells: int


@dataclass(frozen=True, slots=True)
class WaitingCell:
    """One waiting cell: values masked. `value`: how the platform would be told it; `source`: whose word it is."""

    platform: str
    record_id: str
    person: str
    field: str
    held: str
    value: str
    source: str
    rule: str
    decision: str
    why: str


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


def waiting(root: Path, asked: Asked, speak: Language) -> list[Group]:
    """What waits, as of the last published night, most cells first.

    Raises:
        NoWarehouse: says what to run first.
    """
    with published(root, speak) as con:
        rows = _select(
            con,
            "platform, field, decision, coalesce(why, ''), kind, count(*)",
            asked,
            _among(WAITING, asked),
            " group by all order by 6 desc, 1, 2, 3, 4",
        )
    return [Group(*row) for row in rows]


def cells(root: Path, asked: Asked, limit: int, speak: Language) -> list[WaitingCell]:
    """Single cells that wait, values masked."""
    with published(root, speak) as con:
        rows = _select(
            con,
            "platform, record_id, resident_id, field, held_key, told, taken_from, rule, decision, coalesce(why, '')",
            asked,
            _among(WAITING, asked),
            f" order by platform, record_id, field limit {int(limit)}",
        )
        names = dict(con.execute("select resident_id, name from golden.resident").fetchall()) if rows else {}
        sources = (
            dict(con.execute("select record_id, platform from staged.record").fetchall()) if rows else {}
        )
    return [
        WaitingCell(
            platform,
            record_id,
            masked("name", names.get(resident) or ""),
            field,
            shown(field, held),
            shown(field, told),
            sources.get(taken_from, ""),
            rule,
            decision,
            why,
        )
        for platform, record_id, resident, field, held, told, taken_from, rule, decision, why in rows
    ]


def decide_cells(
    root: Path, word: Word, asked: Asked, *, because: str, by: str | None, speak: Language
) -> list[Noted]:
    """Note a person's word on the cells that waited in the last published night; a line for each platform.

    The word holds for these values of these cells, so that nothing goes that nobody has seen.

    Raises:
        WrongApproval: nothing of what was asked for waits for a person.
    """
    said = _said(because, by, speak)
    with published(root, speak) as con:
        night: date = scalar(con, "select max(night) from landed.pull")
        found: dict[str, list[Cell]] = {}
        for platform, *cell in _select(
            con,
            "platform, record_id, field, digest, kind, taken_from",
            asked,
            _among(SAYABLE, asked),
            " order by all",
        ):
            found.setdefault(platform, []).append(Cell(*cell))
    if not found:
        raise WrongApproval(say("approve_nothing", speak, site=root))
    with open_ledger(read_site(root)) as ledger:
        return [
            Noted(
                platform,
                word,
                len(theirs),
                say_of_cells(ledger, word, platform, night, theirs, said),
                said.by,
            )
            for platform, theirs in found.items()
        ]


def doubted(root: Path, speak: Language) -> list[Doubted]:
    """The batches in doubt, of which no export that was taken in has told since."""
    with published(root, speak) as con:
        exported = last_exports(con)
    with open_ledger(read_site(root)) as ledger:
        batches = in_doubt(read_batches(ledger, date.max).values(), exported) if unfinished(ledger) else []
    return [Doubted(one.name, one.platform, one.night.isoformat(), len(one.cells)) for one in batches]


def settle_batch(
    root: Path,
    word: Literal["sent", "unsent"],
    name: str,
    *,
    because: str,
    by: str | None,
    speak: Language,
) -> tuple[int, str]:
    """Note that a batch in doubt arrived, or did not; of how many cells, and who says so.

    What is known to have arrived of it stays so.

    Raises:
        WrongApproval: no such batch is in doubt. AlreadyRunning: a night is at work, and may just be sending it.
    """
    said, waiting_ones = _said(because, by, speak), doubted(root, speak)
    if name not in {one.batch for one in waiting_ones}:
        known = "、".join(one.batch for one in waiting_ones) or say("nothing_waits", speak)
        raise WrongApproval(say("approve_no_such_batch", speak, batch=name, known=known))
    site = read_site(root)
    with only_writer(site), open_ledger(site) as ledger:
        batch = read_batches(ledger, date.max)[name]
        if batch.state != "sending":  # a night ended meanwhile
            raise WrongApproval(
                say("approve_no_such_batch", speak, batch=name, known=say("nothing_waits", speak))
            )
        open_ones = batch.cells.keys() - batch.arrived
        missed = {record for record, _ in open_ones} if word == "unsent" else ()
        conclude(ledger, batch, missed=missed, doubtful=(), **said.body(ledger))
    return len(open_ones), said.by


def switch(
    root: Path,
    mode: Literal["live", "shadow"],
    platform: str,
    *,
    because: str,
    by: str | None,
    speak: Language,
) -> list[str]:
    """Go live with a platform, or with `all` that receive anything, or back into shadow; those that changed.

    Raises:
        WrongApproval: no such platform, or it receives nothing.
    """
    platforms, _ = read_platforms()
    receivers = {slug for slug, one in platforms.items() if one.receive.fields}
    if platform != "all" and platform not in platforms:
        raise WrongApproval(say("platform_unknown", speak, slug=platform, known="、".join(sorted(platforms))))
    if platform != "all" and platform not in receivers:
        raise WrongApproval(say("approve_receives_nothing", speak, slug=platform))
    said = _said(because, by, speak)
    with open_ledger(read_site(root)) as ledger:
        live = live_platforms(ledger)
        asked = receivers if platform == "all" else {platform}
        changed = sorted(asked - live if mode == "live" else asked & live)
        for slug in changed:
            set_mode(ledger, mode, slug, date.today(), said)
    return changed


def _among(decisions: tuple[str, ...], asked: Asked) -> tuple[str, ...]:
    return (*decisions, UNASKED) if asked.why == UNASKED else decisions


def _select(
    con: duckdb.DuckDBPyConnection, columns: str, asked: Asked, decisions: tuple[str, ...], tail: str
) -> list[tuple[Any, ...]]:
    return con.execute(
        f"""
        select {columns} from outbox.decision
        where list_contains($decisions, decision)
            and platform = coalesce($platform, platform) and field = coalesce($field, field)
            and ($why is null or why = $why or decision = $why) and record_id = coalesce($record, record_id)
        {tail}
        """,
        {
            "decisions": list(decisions),
            "platform": asked.platform,
            "field": asked.field,
            "why": asked.why,
            "record": asked.record,
        },
    ).fetchall()


def _said(because: str, by: str | None, speak: Language) -> Said:
    if not because.strip():
        raise WrongApproval(say("gate_because", speak))
    return Said(by or getpass.getuser(), because)
