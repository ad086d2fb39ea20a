"""Settling a golden value by hand: which record is right about a field of its resident, and until when.

Belongs here: checking that the record states something there, noting the pin, taking it back, those that stand. The command
`pin` and the desk both call this.
Lives elsewhere: the lines (`warehouse/pins.py`), what a pin outweighs (`warehouse/sql/golden/value.sql`), which values a
person is asked about (`conflicts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from stewardship.sentences import say
from warehouse.approvals import Said
from warehouse.fields import fields
from warehouse.ledger import Ledger
from warehouse.pins import Pin, holds, pin, pins, stated_of, unpin
from warehouse.speech import Language
from warehouse.store import read_store, scalar
from warehouse.values import shown

_YEAR = timedelta(days=365)
_SETTLED = ("household_number",)  # no golden value; but which book somebody stands in is grouped by


class WrongPin(ValueError):
    """There is nothing here that could be pinned or taken back: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One pin. state: holds; stale: the record states something else by now; ended: its time is over."""

    line: int
    platform: str
    record_id: str
    field: str
    value: str  # masked; empty once it was erased, or never kept
    by: str
    because: str
    until: date
    state: Literal["holds", "stale", "ended"]


def set_pin(
    snapshot: Path,
    ledger: Ledger,
    record: str,
    field: str,
    said: Said,
    speak: Language,
    until: date | None = None,
) -> Pinned:
    """Note that a record is right about a field, in the value that it states as of the last published night.

    Args:
        until: the last night on which it holds; None: a year from that night on.

    Raises:
        WrongPin: no such field, the record states nothing there, no reason, a past date.
    """
    _reason(said, speak)
    known = [name for name, facts in fields().items() if facts.golden != "none" or name in _SETTLED]
    if field not in known:
        raise WrongPin(say("pin_field", speak, field=field, known="、".join(known)))
    with read_store(snapshot) as con:
        latest: date = scalar(con, "select max(night) from landed.pull")
        stated = _stated(con, record, field)
    if stated is None:
        raise WrongPin(say("pin_states_nothing", speak, record=record, field=field))
    platform, key = stated
    last = until or latest + _YEAR
    if last < latest:
        raise WrongPin(say("pin_past", speak, until=last, night=latest))
    line = pin(ledger, record, field, key, by=said.by, because=said.because, until=last)
    return Pinned(line, platform, record, field, shown(field, key), said.by, said.because, last, "holds")


def take_pin_back(ledger: Ledger, line: int, said: Said, speak: Language) -> int:
    """Take a pin back; the number of the line that says so.

    Raises:
        WrongPin: the line is no pin that stands, or no reason was given.
    """
    _reason(said, speak)
    try:
        return unpin(ledger, line, by=said.by, because=said.because)
    except LookupError:
        raise WrongPin(say("pin_no_line", speak, line=line)) from None


def standing_pins(snapshot: Path, ledger: Ledger) -> list[Pinned]:
    """Every pin that was not taken back, oldest first, held against the last published night."""
    every = pins(ledger)
    with read_store(snapshot) as con:
        latest: date = scalar(con, "select max(night) from landed.pull")
        stated, platforms = stated_of(con, every), platforms_of(con, every)
    return [
        Pinned(
            one.line,
            platforms.get(one.record_id, ""),
            one.record_id,
            one.field,
            shown(one.field, stated[one.record_id, one.field]) if good else "",
            one.by,
            one.because or "",
            one.until,
            "ended" if one.until < latest else "holds" if good else "stale",
        )
        for one in every
        for good in [holds(one, stated, ledger)]
    ]


def platforms_of(con: duckdb.DuckDBPyConnection, some: Sequence[Pin]) -> dict[str, str]:
    """The platforms of the records of some pins, by record id."""
    query = "select record_id, platform from staged.record where list_contains(?::varchar[], record_id)"
    return dict(con.execute(query, [sorted({one.record_id for one in some})]).fetchall())


def _stated(con: duckdb.DuckDBPyConnection, record: str, field: str) -> tuple[str, str] | None:
    """The platform of a record, and what it says of a field itself."""
    rows = con.execute(
        'select platform, "key" from staged.own where record_id = ? and field = ? and "key" is not null',
        [record, field],
    ).fetchall()
    return rows[0] if rows else None


def _reason(said: Said, speak: Language) -> None:
    if not said.because.strip():
        raise WrongPin(say("because_wanted", speak))
