"""The person who settles what waits for a person, as far as a city that is made up has one.

Belongs here: going live, and which waiting cells this person lets through.
Lives elsewhere: what needs a person at all (`warehouse/sql/outbox/decision.sql`), noting it (`warehouse/approvals.py`).

What this person knows. Of somebody who is said to have died or moved out, the truth: the family is asked before anybody
is closed. Of whom two clerks lately entered different things, too: one call settles it, and the record that is right is
pinned. A phone that is one digit off the one at hand is rung up. Of every other value only what the screen shows: a value that somebody entered while we were watching, after
the platform's own was there, is plausible and goes; which of two values that were both there on the first night is
right, nobody can tell from a screen, and it goes on waiting. So a slip that is entered freshly passes. Many changes at
once are let through: this person knows that the city has just gone live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import duckdb

from warehouse.approvals import Said, say_of_cells, set_mode
from warehouse.ledger import Cell, Ledger
from warehouse.pins import pin, pins

SAID = Said("模拟审批人", "合成城市演练")
Truth = Mapping[tuple[str, str], str | None]  # record, field -> what is true

_WAITING = """
select
    d.platform, d.record_id, d.field, d.digest, d.told, if(d.decision = 'flood', 'flood', d.why) as why,
    coalesce(theirs.since > $first and (ours.since is null or theirs.since > ours.since), false) as fresh
from outbox.decision as d
left join staged.claim as theirs
    on theirs.record_id = d.taken_from and theirs.field = d.field and theirs.until is null
left join staged.claim as ours on ours.record_id = d.record_id and ours.field = d.field and ours.until is null
where d.decision in ('approval', 'flood')
order by d.platform, d.record_id, d.field
"""


_CONFLICTS = "select distinct resident_id, field, taken_from from golden.conflict order by all"
_STATING = """
select c.record_id
from staged.own as c
join resolved.record as r on r.record_id = c.record_id and r.resident_id = $resident
where c.field = $field and c."key" = $true
order by c.since desc, c.record_id limit 1
"""
_RECORDS = "select platform, record_id from resolved.record where resident_id = $resident order by all"


@dataclass(frozen=True, slots=True)
class Settled:
    """What the person said of one waiting cell."""

    night: date
    platform: str
    record_id: str
    field: str
    value: str
    why: str
    word: Literal["approved", "declined", "left"]


def go_live(ledger: Ledger, platforms: Iterable[str], night: date) -> None:
    """Go live with every platform that receives anything."""
    for slug in platforms:
        set_mode(ledger, "live", slug, night, SAID)


def settle_waiting(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date, first: date, truth: Truth
) -> list[Settled]:
    """Look at every cell that waits for a person."""
    settled = _settle_conflicts(con, ledger, night, truth)
    answered = {(one.record_id, one.field) for one in settled}
    spoken: dict[tuple[Literal["approved", "declined"], str], list[Cell]] = {}
    for platform, record, field, digest, told, why, fresh in con.execute(
        _WAITING, {"first": first}
    ).fetchall():
        if (record, field) in answered:
            continue  # the pin is the answer, from the next run on
        word = _word(why, fresh, truth.get((record, field)), told)
        settled.append(Settled(night, platform, record, field, told, why, word))
        if word != "left":
            spoken.setdefault((word, platform), []).append(Cell(record, field, digest))
    for (said, platform), cells in spoken.items():
        say_of_cells(ledger, said, platform, night, cells, SAID)
    return settled


def _settle_conflicts(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, night: date, truth: Truth
) -> list[Settled]:
    """Ask everybody of whom two platforms lately entered different values, and pin a record that has it right.

    Settled are with it all records of theirs, whether anything waits for these or goes nowhere as yet.
    """
    pinned = {(one.record_id, one.field) for one in pins(ledger)}
    settled: list[Settled] = []
    for resident, field, source in con.execute(_CONFLICTS).fetchall():
        true = truth.get((source, field))
        stated = con.execute(_STATING, {"resident": resident, "field": field, "true": true}).fetchall()
        if true is None or not stated:
            continue  # nobody knows, or both are wrong
        ((right,),) = stated
        if (right, field) not in pinned:
            until = night + timedelta(days=365)
            pin(ledger, right, field, true, by=SAID.by, because=SAID.because, until=until)
        settled += [
            Settled(night, platform, record, field, true, "contested", "approved")
            for platform, record in con.execute(_RECORDS, {"resident": resident}).fetchall()
        ]
    return settled


def _word(why: str, fresh: bool, true: str | None, told: str) -> Literal["approved", "declined", "left"]:
    if why in ("close", "near"):
        return "approved" if told == true else "declined"
    return "approved" if why == "flood" or (fresh and why == "one_source") else "left"
