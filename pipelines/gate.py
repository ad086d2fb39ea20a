"""Accepting an export that was refused for its size: a person says that the rows are really gone, or really so many.

Belongs here: finding the refused pull, proving that nothing but its size stands against it, the line in the ledger.
Lives elsewhere: refusing it (`connectors/stage`, the landed door), taking it in on the next run (`intake.py`).
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from connectors.errors import ExportRefused
from connectors.land import Pull, cells_path, pulls
from connectors.platform import Platform, read_platforms
from connectors.stage import refuse_shrunken, stage
from pipelines.messages import Language, say
from warehouse.ledger import Ledger, open_ledger
from warehouse.lock import only_writer
from warehouse.site import Site, read_site
from warehouse.store import read_store

_LINE = "gate_accepted"


class NothingToAccept(ValueError):
    """There is no refused export here that a person could accept: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An export that is taken in on the next run, whatever its size."""

    platform: str
    night: date
    source: str
    sha256: str
    rows: int
    rows_before: int | None
    by: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """A pull that was refused, and the last good one before it."""

    night: date
    sha256: str
    message: str
    rows_before: int | None


def accept(
    root: Path, slug: str, *, because: str, by: str | None, night: date | None, speak: Language
) -> Accepted:
    """Note in the ledger that the export a platform was refused last, or on a given night, is right as it is.

    The line names its bytes, so that the same file passes whenever it is replayed, and no other does.

    Raises:
        NothingToAccept: nothing was refused, or not for its size.
    """
    platforms, _ = read_platforms()
    if slug not in platforms:
        raise NothingToAccept(say("platform_unknown", speak, slug=slug, known="、".join(sorted(platforms))))
    if not because.strip():
        raise NothingToAccept(say("gate_because", speak))
    site = read_site(root)
    with only_writer(site), open_ledger(site) as ledger:
        refused = _refused(site, slug, night, speak)
        if refused.sha256 in accepted(ledger).get(slug, frozenset()):
            raise NothingToAccept(say("gate_already", speak, slug=slug, night=refused.night, site=root))
        pull = next(p for p in pulls(site) if p.sha256 == refused.sha256 and p.platform == slug and p.usable)
        rows = _rows_if_only_size(site, platforms[slug], pull, refused, speak)
        who = by or getpass.getuser()
        body = {"platform": slug, "night": refused.night.isoformat(), "sha256": refused.sha256, "by": who}
        ledger.append(_LINE, body | {"because": ledger.remember(because)})
    return Accepted(slug, refused.night, pull.source, refused.sha256, rows, refused.rows_before, who)


def accepted(ledger: Ledger) -> Mapping[str, frozenset[str]]:
    """The bytes that people accepted, whatever their size, by platform."""
    found: dict[str, frozenset[str]] = {}
    for line in ledger.lines(_LINE):
        slug = line.body["platform"]
        found[slug] = found.get(slug, frozenset()) | {line.body["sha256"]}
    return found


def of_any_size(platform: Platform) -> Platform:
    """The platform with no bounds to its rows; an export without any row is still none."""
    return replace(platform, export=replace(platform.export, rows=(1, sys.maxsize)))


def _refused(site: Site, slug: str, night: date | None, speak: Language) -> _Refused:
    """The last export that came from a platform, at all or on one night, if it was refused."""
    if not site.warehouse.exists():
        raise NothingToAccept(say("no_warehouse", speak, site=site.root))
    with read_store(site.warehouse) as con:
        rows = con.execute(
            """
            select night, sha256, status, message from landed.pull
            where platform = $slug and sha256 <> '' and night = coalesce($night, night)
            order by night desc, turn desc limit 1
            """,
            {"slug": slug, "night": night},
        ).fetchall()
        if not rows or rows[0][2] != "refused":
            when = night or (rows[0][0] if rows else say("gate_never", speak))
            raise NothingToAccept(say("gate_nothing", speak, slug=slug, night=when))
        before = con.execute(
            """
            select rows_in from landed.pull
            where platform = ? and night <= ? and status in ('staged', 'unchanged')
            order by night desc, turn desc limit 1
            """,
            [slug, rows[0][0]],
        ).fetchall()
    return _Refused(rows[0][0], rows[0][1], rows[0][3], before[0][0] if before else None)


def _rows_if_only_size(site: Site, platform: Platform, pull: Pull, refused: _Refused, speak: Language) -> int:
    """The rows of an export that could be taken in but for their number.

    Raises:
        NothingToAccept: something else stands against it, or nothing does any more.
    """
    other = NothingToAccept(say("gate_not_size", speak, message=refused.message))
    try:
        rows = stage(
            of_any_size(platform),
            cells_path(site, pull),
            area=site.area,
            key=site.key,
            source=pull.source,
            night=refused.night,
        ).rows_in
    except ExportRefused:
        raise other from None
    fewest, most = platform.export.rows
    try:
        refuse_shrunken(platform, rows, refused.rows_before)
    except ExportRefused:
        return rows
    if fewest <= rows and max(rows, pull.rows) <= most:
        raise other
    return rows
