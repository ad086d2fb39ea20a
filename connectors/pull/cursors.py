"""Up to where a platform was asked for changes: kept in the site, moved on only after what came is safely landed.

Belongs here: reading and writing a platform's cursor, what to ask for tonight, the newest change among rows.
Lives elsewhere: asking (`http.py`, `database.py`), landing (`connectors/land`).

A change is asked for again rather than missed: the cursor says "from here on", with an overlap, and what comes twice
is merged once. A date in the future does not move it past today, or nothing would ever come again. A cursor that is
lost, or an export that was refused, only means that everything is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from pathlib import Path

from connectors.durable import write_bytes
from connectors.platform_pull import Since
from warehouse.site import Site


@dataclass(frozen=True, slots=True)
class Cursor:
    """The newest change seen so far, as the platform writes it, and the night everything was last asked for."""

    value: str
    whole_on: Day


def read_cursor(site: Site, slug: str) -> Cursor | None:
    """A platform's cursor; one that cannot be read is none."""
    try:
        stated = json.loads(_file(site, slug).read_text(encoding="utf-8"))
        return Cursor(str(stated["value"]), Day.fromisoformat(stated["whole_on"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_cursor(site: Site, slug: str, cursor: Cursor) -> None:
    """Move a platform's cursor on. Only for what is landed, and noted in the manifest."""
    site.cursors.mkdir(mode=0o700, exist_ok=True)
    told = {**asdict(cursor), "whole_on": cursor.whole_on.isoformat()}
    write_bytes(json.dumps(told, ensure_ascii=False).encode("utf-8"), _file(site, slug))


def forget_cursor(site: Site, slug: str) -> None:
    """Ask for everything the next time: what came last was not taken in."""
    _file(site, slug).unlink(missing_ok=True)


def asked_from(since: Since | None, cursor: Cursor | None, night: Day) -> str:
    """From where on changes are asked for tonight, as the platform writes it; '' asks for everything.

    >>> since = Since("gxsj", format="%Y-%m-%d %H:%M:%S", overlap_minutes=60, whole_every=7)
    >>> asked_from(since, Cursor("2026-11-20 00:30:00", Day(2026, 11, 20)), Day(2026, 11, 21))
    '2026-11-19 23:30:00'
    >>> asked_from(since, Cursor("2026-11-20 00:30:00", Day(2026, 11, 14)), Day(2026, 11, 21))
    ''
    """
    if since is None or cursor is None or not 0 < (night - cursor.whole_on).days < since.whole_every:
        return ""
    if since.kind == "number":
        return cursor.value
    moment = _moment(cursor.value, since)
    return (
        "" if moment is None else (moment - timedelta(minutes=since.overlap_minutes)).strftime(since.format)
    )


def newest(values: Iterable[str], since: Since, now: datetime, before: str = "") -> str:
    """The newest of these changes, not older than `before`; '' when none can be read.

    >>> newest(["9", "10", "", "x"], Since("bh", kind="number"), datetime(2026, 11, 20))
    '10'
    >>> newest(["2026-11-19", "2099-01-01"], Since("gxrq", format="%Y-%m-%d"), datetime(2026, 11, 20))
    '2026-11-19'
    """
    best = before
    for value in values:
        place = _place(value, since, now)
        if place is not None and (not best or place > (_place(best, since, now) or (0.0,))):
            best = value
    return best


def _place(value: str, since: Since, now: datetime) -> tuple[float] | None:
    """Where a value stands among others; None when it says nothing, or something of the future."""
    if since.kind == "number":
        return (float(int(value)),) if value.strip().lstrip("-").isdecimal() else None
    moment = _moment(value, since)
    if moment is None or moment.replace(tzinfo=None) > now.replace(tzinfo=None) + timedelta(days=1):
        return None
    return (moment.replace(tzinfo=UTC).timestamp(),)


def _moment(value: str, since: Since) -> datetime | None:
    try:
        return datetime.strptime(value.strip(), since.format)
    except ValueError:
        return None


def _file(site: Site, slug: str) -> Path:
    return site.cursors / f"{slug}.json"
