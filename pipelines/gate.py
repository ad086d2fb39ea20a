"""Exports that wait at the import gate, and a person who takes responsibility for one of them.

Belongs here: what waits and why, proving that a refused export can be accepted at all, the line in the ledger.
Lives elsewhere: judging an export (`expectations/gate.py`), taking it in on the next run (`intake.py`).
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from connectors.platform import read_platforms
from expectations.gate import Finding
from pipelines.messages import Language, say
from pipelines.published import published
from stewardship.intake import CannotBeDone
from warehouse.ledger import Ledger, open_ledger
from warehouse.lock import only_writer
from warehouse.site import read_site
from warehouse.store import read_store

_LINE = "gate_accepted"
# What a line of the first release accepted: it knew no other reason.
_SIZE = ("rows_bounds", "rows_shrunken", "rows_exploded")


class NothingToAccept(CannotBeDone):
    """There is no refused export here that a person could accept: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An export that is taken in on the next run in spite of these findings."""

    platform: str
    night: date
    source: str
    sha256: str
    rows: int | None  # None: not why it waited
    rows_before: int | None
    checks: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An export that was not taken in: why, what is in force instead, and whether a person may accept it."""

    platform: str
    night: date
    source: str
    message: str
    in_force: date | None
    checks: tuple[str, ...]  # why a person may accept it; none: it has to be mended
    reasons: tuple[str, ...]  # and in words
    accepted: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """The last export of a platform, refused, with what stands against it."""

    night: date
    sha256: str
    source: str
    message: str
    findings: tuple[Finding, ...]


def how_to_accept(slug: str) -> str:
    """The command by which a person takes responsibility for an export that waits.

    >>> how_to_accept("grid")
    'enter-once gate accept grid --site DIR --because 理由'
    """
    return f"enter-once gate accept {slug} --site DIR --because 理由"


def accept(
    root: Path, slug: str, *, because: str, by: str | None, night: date | None, speak: Language
) -> Accepted:
    """Note in the ledger that the export a platform was refused last, or on a given night, is right as it is.

    The line names its bytes and what was accepted of them, so that the same file passes whenever it is replayed, and
    no other does, nor this one for a reason that nobody has seen.

    Raises:
        NothingToAccept: nothing was refused, or not by the import gate.
    """
    platforms, _ = read_platforms()
    if slug not in platforms:
        raise NothingToAccept(say("platform_unknown", speak, slug=slug, known="、".join(sorted(platforms))))
    if not because.strip():
        raise NothingToAccept(say("gate_because", speak))
    site = read_site(root)
    with only_writer(site), open_ledger(site) as ledger:
        if not site.warehouse.exists():
            raise NothingToAccept(say("no_warehouse", speak, site=site.root))
        with read_store(site.warehouse) as con:
            refused = _refused(con, slug, night, speak)
        checks = tuple(sorted({one.check for one in refused.findings}))
        if not checks:
            raise NothingToAccept(say("gate_not_acceptable", speak, message=refused.message))
        if set(checks) <= accepted(ledger).get(slug, {}).get(refused.sha256, frozenset()):
            raise NothingToAccept(say("gate_already", speak, slug=slug, night=refused.night, site=root))
        who = by or getpass.getuser()
        body = {"platform": slug, "night": refused.night.isoformat(), "sha256": refused.sha256, "by": who}
        ledger.append(_LINE, body | {"checks": list(checks), "because": ledger.remember(because)})
    rows, before = (_counted(refused.findings, name) for name in ("rows", "before"))
    return Accepted(slug, refused.night, refused.source, refused.sha256, rows, before, checks, who)


def accepted(ledger: Ledger) -> dict[str, dict[str, frozenset[str]]]:
    """What people accepted: platform, bytes, checks."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for line in ledger.lines(_LINE):
        of_platform = found.setdefault(line.body["platform"], {})
        before = of_platform.get(line.body["sha256"], frozenset())
        of_platform[line.body["sha256"]] = before | frozenset(line.body.get("checks", _SIZE))
    return found


def waiting(root: Path, speak: Language) -> list[Waiting]:
    """The platforms whose last export was not taken in, as of the last published night.

    Raises:
        NoWarehouse: says what to run first.
    """
    with published(root, speak) as con:
        rows = con.execute(
            """
            select platform, night, sha256, source, message,
                (
                    select max(night) from landed.pull as good
                    where good.platform = last.platform and good.status in ('staged', 'unchanged')
                )
            from (
                select * from landed.pull where status <> 'missing'
                qualify row_number() over (partition by platform order by night desc, turn desc) = 1
            ) as last
            where status in ('refused', 'unreadable')
            order by platform
            """
        ).fetchall()
        found = [(*row, _against(con, row[1], row[0], row[2])) for row in rows]
    with open_ledger(read_site(root)) as ledger:
        said = accepted(ledger)
    return [
        Waiting(
            slug,
            night,
            source,
            message,
            good,
            tuple(sorted({one.check for one in odd})),
            tuple(f"{one.reason(speak)}{say('full_stop', speak)}{one.next_move(speak)}" for one in odd),
            bool(odd) and {one.check for one in odd} <= said.get(slug, {}).get(sha256, frozenset()),
        )
        for slug, night, sha256, source, message, good, odd in found
    ]


def findings(
    con: duckdb.DuckDBPyConnection, night: date, platform: str | None = None, sha256: str | None = None
) -> list[tuple[str, Finding]]:
    """What the gate found on a night, of all platforms or one, beside the platform's name.

    Of a night on which a platform brought several files, the last one counts unless one is named.
    """
    rows = con.execute(
        """
        select f.platform, f."check", f.severity, f.words
        from landed.finding as f
        join (
            select platform, night, sha256 from landed.pull
            where night = $night and platform = coalesce($platform, platform) and sha256 = coalesce($sha256, sha256)
            qualify row_number() over (partition by platform order by turn desc) = 1
        ) as p on p.platform = f.platform and p.night = f.night and p.sha256 = f.sha256
        order by f.platform, f.severity, f."check", f.words
        """,
        {"night": night, "platform": platform, "sha256": sha256},
    ).fetchall()
    return [(slug, Finding(check, severity, json.loads(words))) for slug, check, severity, words in rows]


def _refused(con: duckdb.DuckDBPyConnection, slug: str, night: date | None, speak: Language) -> _Refused:
    """The last export that came from a platform, at all or on one night, if it was refused."""
    rows = con.execute(
        """
        select night, sha256, source, status, message from landed.pull
        where platform = $slug and sha256 <> '' and night = coalesce($night, night)
        order by night desc, turn desc limit 1
        """,
        {"slug": slug, "night": night},
    ).fetchall()
    if not rows or rows[0][3] not in ("refused", "unreadable"):
        when = night or (rows[0][0] if rows else say("gate_never", speak))
        raise NothingToAccept(say("gate_nothing", speak, slug=slug, night=when))
    night, sha256, source, _, message = rows[0]
    assert night is not None
    return _Refused(night, sha256, source, message, _against(con, night, slug, sha256))


def _against(con: duckdb.DuckDBPyConnection, night: date, slug: str, sha256: str) -> tuple[Finding, ...]:
    """What stands against an export."""
    return tuple(one for _, one in findings(con, night, slug, sha256) if one.severity == "critical")


def _counted(odd: Sequence[Finding], name: str) -> int | None:
    """A number that the findings about rows tell."""
    told: list[Mapping[str, Any]] = [one.words for one in odd if one.check.startswith("rows_")]
    return next((words[name] for words in told if words.get(name) is not None), None)
