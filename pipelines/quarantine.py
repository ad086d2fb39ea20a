"""Rows in quarantine, and what a clerk says of one: this cell should read so, this row is nothing.

Belongs here: listing them with their values masked, finding the row that a reference names, the lines in the ledger.
Lives elsewhere: putting a row into quarantine (`connectors/stage`), the lines (`warehouse/overrides.py`), applying them
on the next run (`intake.py`).
"""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb

from connectors.land import cells_path, pulls
from connectors.platform import Platform, read_platforms
from connectors.stage import stated_in
from dedup.normalise.area import Area
from dedup.normalise.read import read
from pipelines.messages import Language, say
from pipelines.published import published
from stewardship.intake import CannotBeDone
from warehouse.fields import fields
from warehouse.ledger import open_ledger
from warehouse.overrides import Override, add, last_used, overrides, take_back
from warehouse.site import Site, read_site

State = Literal["used", "waiting", "lapsed", "expired", "erased"]

_COLUMNS = (
    "night",
    "platform",
    "reference",
    "source",
    "sheet",
    "row",
    "column",
    "reason",
    "message",
    "stated",
)
_BROKEN = (
    "undecodable",
    "too_few_cells",
    "too_many_cells",
)  # which cell belongs to which column, nobody knows
_YEAR = timedelta(days=365)
_SOON = timedelta(days=30)


class WrongOverride(CannotBeDone):
    """Nothing can be said of this row or in this way: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that stands in quarantine today."""

    sha256: str
    sheet: str
    row: int
    column: str
    reason: str
    stated: str
    latest: date  # the last night of the site


@dataclass(frozen=True, slots=True)
class Noted:
    """An override as it was noted in the ledger."""

    line: int
    platform: str
    reference: str
    column: str
    until: date
    by: str


def in_quarantine(
    root: Path, platform: str | None, limit: int, speak: Language, *, full: bool = False
) -> list[dict[str, Any]]:
    """The rows that stand in quarantine today, what they state masked unless asked for in full.

    Raises:
        NoWarehouse: says what to run first.
    """
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with published(root, speak) as con:
        rows = con.execute(
            f"select {names} from staged.quarantine where until is null and platform = coalesce(?, platform)"
            ' order by platform, sheet, "row" limit ?',
            [platform, limit],
        ).fetchall()
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    return [
        {**row, "night": str(row["night"]), "stated": row["stated"] or "" if full else masked(row["stated"])}
        for row in found
    ]


def mendable(platform: Platform, reason: str) -> list[str]:
    """The columns of which a person may say what a cell reads in a row put aside for a reason: none of a broken row."""
    return [] if reason in _BROKEN else sorted(platform.by_column)


def fix(
    root: Path,
    slug: str,
    reference: str,
    *,
    column: str,
    value: str,
    because: str,
    by: str | None,
    until: date | None,
    speak: Language,
) -> Noted:
    """Note what a cell of a row in quarantine should read; it counts from the next run on.

    Raises:
        WrongOverride, NoWarehouse: each says what is wrong and what to do.
    """
    platform = _platform(slug, speak)
    if column not in platform.by_column and column != platform.export.key:
        known = "、".join(sorted(platform.by_column))
        raise WrongOverride(say("override_column", speak, slug=slug, column=column, known=known))
    site, row = read_site(root), _row(root, slug, reference, speak)
    if row.reason in _BROKEN:
        raise WrongOverride(say("override_broken", speak, slug=slug, reference=reference))
    _check_readable(platform, column, value, site.area, speak)
    stated = _stated(site, platform, row)
    if column not in stated:
        raise WrongOverride(say("override_elsewhere", speak, column=column, sheet=row.sheet))
    bad = stated[column]
    return _note(
        site, slug, reference, column, bad, value, row, because=because, by=by, until=until, speak=speak
    )


def drop(
    root: Path,
    slug: str,
    reference: str,
    *,
    because: str,
    by: str | None,
    until: date | None,
    speak: Language,
) -> Noted:
    """Note that a row in quarantine is nothing; from the next run on it is not counted.

    Raises:
        WrongOverride, NoWarehouse: each says what is wrong and what to do.
    """
    _platform(slug, speak)
    site, row = read_site(root), _row(root, slug, reference, speak)
    return _note(
        site,
        slug,
        reference,
        row.column,
        row.stated,
        None,
        row,
        because=because,
        by=by,
        until=until,
        speak=speak,
    )


def undo(root: Path, line: int, *, because: str, by: str | None, speak: Language) -> int:
    """Take an override back; the number of the line that does.

    Raises:
        WrongOverride: the line is none that stands.
    """
    _reason(because, speak)
    with open_ledger(read_site(root)) as ledger:
        try:
            return take_back(ledger, line, by=by or getpass.getuser(), because=because)
        except LookupError:
            raise WrongOverride(say("override_no_line", speak, line=line)) from None


def listed(root: Path, platform: str | None, speak: Language) -> list[dict[str, Any]]:
    """Every override that was not taken back, with its state as of the last published night; values masked.

    Raises:
        NoWarehouse: says what to run first.
    """
    with open_ledger(read_site(root)) as ledger:
        every = [one for one in overrides(ledger) if one.platform == (platform or one.platform)]
    with published(root, speak) as con:
        used, latest, good = last_used(con), _latest(con), _in_force(con)
    return [
        {
            "line": one.line,
            "platform": one.platform,
            "reference": one.row,
            "action": one.action,
            "column": one.column,
            "value": masked(one.value),
            "by": one.by,
            "because": one.because,
            "at": one.at[:10],
            "until": one.until.isoformat(),
            "last_used": used[one.line].isoformat() if one.line in used else None,
            "state": state(one, used.get(one.line), latest, good.get(one.platform)),
        }
        for one in every
    ]


def state(one: Override, used: date | None, latest: date, in_force: date | None) -> State:
    """How an override stands: used by the export in force, not used yet, no longer used, expired, or erased.

    `used`: the last night it was; `latest`: the site's last night; `in_force`: that of the platform's last good export.
    """
    if one.bad is None or (one.action == "fix" and one.value is None):
        return "erased"
    if not one.stands_on(latest):
        return "expired"
    if used is None:
        return "waiting"
    return "used" if in_force is not None and used >= in_force else "lapsed"


def counted(con: duckdb.DuckDBPyConnection, site: Site, night: date) -> dict[str, int]:
    """How many overrides are in which state on a night; how many end, or have ended, within thirty days of it."""
    with open_ledger(site) as ledger:
        every = overrides(ledger)
    used, good = last_used(con), _in_force(con)
    states = Counter(state(one, used.get(one.line), night, good.get(one.platform)) for one in every)
    soon = sum(night <= one.until <= night + _SOON for one in every)
    ended = sum(night - _SOON <= one.until < night for one in every)
    return {
        **{name: states[name] for name in ("used", "waiting", "lapsed")},
        "expired": ended,
        "expiring": soon,
    }


def masked(stated: str | None) -> str:
    """A stated value with all but its ends hidden: enough to find the cell, too little to know the person.

    >>> masked("33010219900101123X"), masked("张三"), masked(None)
    ('3****************X', '张*', '')
    """
    if not stated:
        return ""
    if len(stated) < 5:
        return stated[0] + "*" * (len(stated) - 1)
    return stated[0] + "*" * (len(stated) - 2) + stated[-1]


def _note(
    site: Site,
    slug: str,
    reference: str,
    column: str,
    bad: str,
    value: str | None,
    row: _Row,
    *,
    because: str,
    by: str | None,
    until: date | None,
    speak: Language,
) -> Noted:
    _reason(because, speak)
    last, who = until or row.latest + _YEAR, by or getpass.getuser()
    if last < row.latest:
        raise WrongOverride(say("override_past", speak, until=last, night=row.latest))
    with open_ledger(site) as ledger:
        line = add(ledger, slug, reference, column, bad=bad, value=value, by=who, because=because, until=last)
    return Noted(line, slug, reference, column, last, who)


def _platform(slug: str, speak: Language) -> Platform:
    platforms, _ = read_platforms()
    if slug not in platforms:
        raise WrongOverride(say("platform_unknown", speak, slug=slug, known="、".join(sorted(platforms))))
    return platforms[slug]


def _reason(because: str, speak: Language) -> None:
    if not because.strip():
        raise WrongOverride(say("gate_because", speak))


def _row(root: Path, slug: str, reference: str, speak: Language) -> _Row:
    with published(root, speak) as con:
        rows = con.execute(
            'select sha256, sheet, "row", "column", reason, stated from staged.quarantine'
            " where platform = ? and reference = ? and until is null order by all limit 1",
            [slug, reference],
        ).fetchall()
        if not rows:
            raise WrongOverride(say("override_no_row", speak, slug=slug, reference=reference))
        sha256, sheet, row, column, reason, stated = rows[0]
        return _Row(sha256, sheet, row, column, reason, stated, _latest(con))


def _stated(site: Site, platform: Platform, row: _Row) -> Mapping[str, str]:
    """What the platform states in a row, from the landing."""
    (pull, *_) = [
        one for one in pulls(site) if (one.platform, one.sha256) == (platform.slug, row.sha256) and one.usable
    ]
    return stated_in(platform, cells_path(site, pull), row.sheet, row.row)


def _check_readable(platform: Platform, column: str, value: str, area: Area, speak: Language) -> None:
    """A value that nobody can read mends nothing; a blank one is allowed: the cell then states nothing."""
    spec = platform.by_column.get(column)
    if spec is None or not value.strip():
        return
    kind = fields()[spec.field]
    if read(kind.kind, value, area=area, table=kind.table, codes=spec.codes).key is None:
        raise WrongOverride(say("override_unreadable", speak, column=column))


def _latest(con: duckdb.DuckDBPyConnection) -> date:
    night: date = con.execute("select max(night) from landed.pull").fetchall()[0][0]
    return night


def _in_force(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    return dict(
        con.execute(
            "select platform, max(night) from landed.pull where status in ('staged', 'unchanged') group by platform"
        ).fetchall()
    )
