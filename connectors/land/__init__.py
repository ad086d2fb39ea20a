"""Landing: what each platform left in its inbox folder, or gave when asked, kept as it came, once for the same bytes.

Belongs here: finding the one file of a platform and a night, knowing bytes that were landed before, the pulls.
`parse.py` runs in the sandbox, `cells.py` has the stored shape, `manifest.py` the book of pulls.
Lives elsewhere: asking platforms (`connectors/pull`), reading formats (`connectors/read`), what the cells mean
(`connectors/stage`).
"""

from __future__ import annotations

import getpass
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from connectors.errors import ExportRefused
from connectors.land.manifest import Pull, Status, append_to_manifest, read_manifest
from connectors.land.parse import parse
from connectors.platform import Platform
from connectors.pull import Arrived, NotArrived, ask_all, connected
from connectors.pull.cursors import Cursor, keep_cursor, read_cursor
from connectors.sandbox import Limits, Outcome, run_all
from warehouse.site import Site

__all__ = ["Pull", "cells_path", "original_path", "pull_all", "pulls"]

_NOT_EXPORTS = (".", "~$")  # files of the system and of an open spreadsheet program
_TOO_HEAVY = "请不要用它；先在表格软件里打开检查，另存后重新放入收件箱"


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One file, from the inbox or fetched, and where its landing belongs."""

    platform: Platform
    path: Path
    sha256: str
    original: Path
    cells: Path
    changes: bool = False
    cursor: Cursor | None = None  # to keep once it is landed


def pull_all(
    site: Site,
    platforms: Mapping[str, Platform],
    night: Day,
    *,
    workers: int = 2,
    limits: Limits = Limits(),
    today: Day | None = None,
) -> list[Pull]:
    """Land what the platforms left for a night; one pull per platform, in the order of their slugs.

    What lies in a platform's inbox folder is taken. Where nothing does and the site has a connection, the platform is
    asked, but only for a night that is not over (`today`, or the day before): it can only say what is true now.
    A file that cannot be read or fetched, or kills its parser, costs its own platform this night and nobody else.
    Doing it again lands nothing more and adds no line to the manifest.
    """
    known = read_manifest(_manifest(site))
    found: dict[str, Pull] = {}
    arrived: list[_Arrival] = []
    cursors: dict[str, Cursor] = {}
    try:
        for slug, arrival in _arrivals(site, platforms, night, today or Day.today(), known):
            if isinstance(arrival, _Arrival) and arrival.cursor is not None:
                cursors[slug] = arrival.cursor
            if isinstance(arrival, Pull):
                found[slug] = arrival
            elif (before := _landed_before(arrival, known)) is not None:
                found[slug] = _pull(arrival, night, "unchanged", rows=before.rows, message=before.message)
            else:
                arrived.append(arrival)
        for arrival in arrived:
            arrival.cells.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        jobs = [(a.path, a.sha256, a.platform, a.original, a.cells) for a in arrived]
        for at, outcome in run_all(parse, jobs, workers=workers, limits=limits):
            found[arrived[at].platform.slug] = _judge(arrived[at], night, outcome)
    finally:
        shutil.rmtree(site.pulling, ignore_errors=True)
    pulled = [found[slug] for slug in sorted(found)]
    append_to_manifest(_manifest(site), pulled)
    for slug, cursor in cursors.items():
        if found[slug].usable:
            keep_cursor(site, slug, cursor)
    return pulled


def pulls(site: Site) -> list[Pull]:
    """Every pull of every night, in the order they happened."""
    return read_manifest(_manifest(site))


def cells_path(site: Site, pull: Pull) -> Path:
    """Where the cells of a pull are kept."""
    return _cells(site, pull.platform, pull.sha256)


def original_path(site: Site, pull: Pull) -> Path:
    """Where the bytes of a pull are kept, unless some of them may not be."""
    return _original(site, pull.platform, pull.sha256, Path(pull.source))


def _manifest(site: Site) -> Path:
    return site.landing / "manifest.jsonl"


def _original(site: Site, slug: str, sha256: str, file: Path) -> Path:
    return site.landing / slug / f"{sha256}{file.suffix.lower()}"


def _cells(site: Site, slug: str, sha256: str) -> Path:
    return site.landing / slug / f"{sha256}.cells.parquet"


def _arrivals(
    site: Site, platforms: Mapping[str, Platform], night: Day, today: Day, known: list[Pull]
) -> Iterator[tuple[str, _Arrival | Pull]]:
    """What came of each platform: first of those with something in the inbox, then of those that are asked."""
    ask: list[Platform] = []
    for slug, platform in platforms.items():
        left = _look(site, platform, night)
        if isinstance(left, Pull) and left.status == "missing" and connected(site, platform):
            ask.append(platform)
        else:
            yield slug, left
    if night < today - timedelta(days=1):
        for platform in ask:
            message = f"{platform.slug}：{night} 已经过去，平台只能说出现在的数据，未去取"
            yield platform.slug, _nothing(platform, night, "missing", message)
        return
    shutil.rmtree(site.pulling, ignore_errors=True)  # of a night that was killed
    ask.sort(key=lambda platform: _failed_last(platform.slug, known))
    for slug, answer in ask_all(site, ask, night, site.pulling):
        yield slug, _fetched(site, platforms[slug], night, answer, known)


def _failed_last(slug: str, known: list[Pull]) -> bool:
    """Whether a platform failed when it was last asked: it may hang again, and is asked after the others."""
    told = (pull for pull in reversed(known) if pull.platform == slug and pull.status != "missing")
    return any(not pull.usable for pull in islice(told, 1))


def _fetched(
    site: Site, platform: Platform, night: Day, answer: Arrived | NotArrived, known: list[Pull]
) -> _Arrival | Pull:
    """A file that was fetched, or the pull that says why there is none; no change is the last pull again."""
    if isinstance(answer, NotArrived):
        return _nothing(platform, night, "unreadable" if answer.fault else "missing", answer.message)
    last = [pull for pull in known if pull.platform == platform.slug and pull.usable]
    if answer.changes and not answer.rows and last:
        return replace(last[-1], night=night, status="unchanged", at=_now(), by=getpass.getuser())
    before = read_cursor(site, platform.slug) if answer.changes else None
    cursor = Cursor(answer.cursor, before.whole_on if before else night) if answer.cursor else None
    return _arrival(site, platform, answer.file, changes=answer.changes, cursor=cursor)


def _arrival(
    site: Site, platform: Platform, path: Path, *, changes: bool = False, cursor: Cursor | None = None
) -> _Arrival:
    slug, sha256 = platform.slug, _digest(path)
    original = _original(site, slug, sha256, path)
    return _Arrival(platform, path, sha256, original, _cells(site, slug, sha256), changes, cursor)


def _look(site: Site, platform: Platform, night: Day) -> _Arrival | Pull:
    """The one file a platform left for a night, or the pull that says why there is none."""
    slug, folder = platform.slug, site.inbox / night.isoformat() / platform.slug
    files = [path for path in sorted(folder.glob("*")) if not path.name.startswith(_NOT_EXPORTS)]
    if not files:
        message = f"{slug}：{night} 没有收到文件。请从平台导出后放入 {folder}"
        return _nothing(platform, night, "missing", message)
    fitting = [path for path in files if path.match(platform.export.file) and path.is_file()]
    if len(fitting) != 1:
        met = "、".join(path.name for path in (fitting or files)[:5])
        problem = f"有 {len(fitting)} 个文件符合 {platform.export.file}，应当恰有一个（{met}）"
        refused = ExportRefused(slug, folder.name + "/", "", "", problem, "请只留下这一晚要用的那个文件")
        return _nothing(platform, night, "unreadable", str(refused))
    return _arrival(site, platform, fitting[0])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _landed_before(arrival: _Arrival, known: list[Pull]) -> Pull | None:
    """The pull that landed the same bytes, if it left out all that is forbidden today and its cells are whole."""
    same = [
        p for p in known if p.platform == arrival.platform.slug and p.sha256 == arrival.sha256 and p.usable
    ]
    if not same or set(arrival.platform.forbidden) - set(same[-1].forbidden) or not arrival.cells.exists():
        return None
    try:
        pq.ParquetFile(arrival.cells).close()
    except (OSError, ValueError):
        return None
    return same[-1]


def _judge(arrival: _Arrival, night: Day, outcome: Outcome) -> Pull:
    answer = outcome.answer or {}
    if outcome.fate == "done" and "rows" in answer:
        if arrival.platform.forbidden:
            # Kept from before a column became forbidden: it may not stay.
            arrival.original.unlink(missing_ok=True)
        return _pull(arrival, night, "landed", rows=answer["rows"], message=answer["notes"])
    if not arrival.cells.exists():
        arrival.original.unlink(missing_ok=True)
    died = (outcome.problem, _NEXT.get(outcome.fate, _TELL), "", "")
    problem, next_move, sheet, place = answer.get("problem") or died
    refused = ExportRefused(arrival.platform.slug, arrival.path.name, sheet, place, problem, next_move)
    return _pull(arrival, night, "unreadable", message=str(refused))


_TELL = "请把文件名和这条消息告诉管理员"
_NEXT = {"crashed": _TOO_HEAVY, "memory": _TOO_HEAVY, "timeout": _TOO_HEAVY, "unstarted": "请再运行一次"}


def _pull(arrival: _Arrival, night: Day, status: Status, *, rows: int = 0, message: str = "") -> Pull:
    return Pull(
        night=night,
        platform=arrival.platform.slug,
        sha256=arrival.sha256,
        source=arrival.path.name,
        bytes=arrival.path.stat().st_size,
        rows=rows,
        status=status,
        message=message,
        at=_now(),
        by=getpass.getuser(),
        forbidden=tuple(arrival.platform.forbidden) if status in ("landed", "unchanged") else (),
        changes=arrival.changes,
    )


def _nothing(platform: Platform, night: Day, status: Status, message: str) -> Pull:
    return Pull(night, platform.slug, "", "", 0, 0, status, message, _now(), getpass.getuser(), ())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
