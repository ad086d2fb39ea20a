"""Settling a golden value by hand: which record is right about a field of its resident, and until when.

Belongs here: checking that the record states something there, noting the pin, showing those that stand, values masked,
saying which hold no more.
Lives elsewhere: the lines (`warehouse/pins.py`), what a pin outweighs (`warehouse/sql/golden/value.sql`).
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.messages import Language, say
from pipelines.night import Night, Remark
from pipelines.published import published
from warehouse.fields import fields
from warehouse.ledger import open_ledger
from warehouse.pins import Pin, holds, pin, pins, stated_of, unpin
from warehouse.site import read_site
from warehouse.store import scalar
from warehouse.values import shown

_YEAR = timedelta(days=365)


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
    root: Path, record: str, field: str, *, because: str, by: str | None, until: date | None, speak: Language
) -> Pinned:
    """Note that a record is right about a field, in the value that it states as of the last published night.

    Raises:
        NoWarehouse, WrongPin: nothing has run, no such field, the record states nothing there, no reason, a past date.
    """
    if not because.strip():
        raise WrongPin(say("gate_because", speak))
    if field not in fields() or fields()[field].golden == "none":
        known = "、".join(name for name, facts in fields().items() if facts.golden != "none")
        raise WrongPin(say("pin_field", speak, field=field, known=known))
    with published(root, speak) as con:
        latest: date = scalar(con, "select max(night) from landed.pull")
        stated = _stated(con, record, field)
    if stated is None:
        raise WrongPin(say("pin_states_nothing", speak, record=record, field=field))
    platform, key = stated
    last, who = until or latest + _YEAR, by or getpass.getuser()
    if last < latest:
        raise WrongPin(say("override_past", speak, until=last, night=latest))
    with open_ledger(read_site(root)) as ledger:
        line = pin(ledger, record, field, key, by=who, because=because, until=last)
    return Pinned(line, platform, record, field, shown(field, key), who, because, last, "holds")


def take_pin_back(root: Path, line: int, *, because: str, by: str | None, speak: Language) -> int:
    """Take a pin back; the number of the line that says so.

    Raises:
        WrongPin: the line is no pin that stands, or no reason was given.
    """
    if not because.strip():
        raise WrongPin(say("gate_because", speak))
    with open_ledger(read_site(root)) as ledger:
        try:
            return unpin(ledger, line, by=by or getpass.getuser(), because=because)
        except LookupError:
            raise WrongPin(say("pin_no_line", speak, line=line)) from None


def listed(root: Path, speak: Language) -> list[Pinned]:
    """Every pin that was not taken back, oldest first, held against the last published night."""
    with published(root, speak) as con, open_ledger(read_site(root)) as ledger:
        latest: date = scalar(con, "select max(night) from landed.pull")
        every = pins(ledger)
        stated, platforms = stated_of(con, every), _platforms(con, every)
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


def remind(night: Night, stale: Sequence[Pin]) -> None:
    """Let the night say which pins hold no more because their records say something else by now."""
    platforms = _platforms(night.con, stale)
    for one in stale:
        words = {"line": one.line, "record": one.record_id, "field": one.field, "site": night.site.root}
        night.remarks.append(Remark(platforms.get(one.record_id, ""), "pin_lapsed", words))


def _platforms(con: duckdb.DuckDBPyConnection, some: Sequence[Pin]) -> dict[str, str]:
    query = "select record_id, platform from staged.record where list_contains(?::varchar[], record_id)"
    return dict(con.execute(query, [sorted({one.record_id for one in some})]).fetchall())


def _stated(con: duckdb.DuckDBPyConnection, record: str, field: str) -> tuple[str, str] | None:
    """The platform of a record, and what it says of a field itself."""
    rows = con.execute(
        'select platform, "key" from staged.own where record_id = ? and field = ? and "key" is not null',
        [record, field],
    ).fetchall()
    return rows[0] if rows else None
