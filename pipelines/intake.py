"""Taking landed exports into the warehouse, one platform and one night after the other.

Belongs here: what is done with each pull (staged, unchanged, refused, unreadable, missing), and whose fault stays his.
Lives elsewhere: which pulls (`replay.py`), reading one (`connectors/stage`), merging it (`warehouse/staged.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import duckdb

from connectors.errors import ExportRefused
from connectors.land import Pull, cells_path
from connectors.stage import refuse_shrunken, stage
from pipelines.doors import check_landed, note_door, refusal
from pipelines.fingerprint import platform_digests, remember, remembered
from pipelines.night import Night
from pipelines.replay import Taken, plan
from pipelines.seal import note_fault
from warehouse.staged import PullStatus, absorb, in_force, note_pull


def take_in(night: Night, manifest: Sequence[Pull]) -> int:
    """Bring the warehouse up to everything that was ever landed; how many pulls were taken in."""
    digests = platform_digests(night.platforms, night.site.area)
    known = remembered(night.con)
    changed = [slug for slug, digest in digests.items() if known.get(f"stage {slug}") != digest]
    usable = [pull for pull in manifest if pull.platform in night.platforms and pull.night <= night.date]
    todo = plan(usable, taken(night.con), changed)
    for slug in todo.forget:
        forget(night.con, slug)
    # Noted before the first pull and not after the last: what a killed night took in is read under this digest.
    for slug in changed:
        remember(night.con, f"stage {slug}", digests[slug])
    rows = {pull.sha256: pull.rows for pull in usable}
    for _, pulls in groupby(todo.todo, key=lambda pull: pull.night):
        _take_in_one_night(night, list(pulls), rows)
    return len(todo.todo)


def taken(con: duckdb.DuckDBPyConnection) -> dict[str, list[Taken]]:
    """What the warehouse has taken in so far, per platform, in order."""
    found: dict[str, list[Taken]] = {}
    for slug, night, sha256, status in con.execute(
        "select platform, night, sha256, status from landed.pull order by platform, night, turn"
    ).fetchall():
        usable, stated = status not in ("missing", "unreadable"), status in ("staged", "unchanged")
        found.setdefault(slug, []).append(Taken(night, sha256, usable, stated))
    return found


def forget(con: duckdb.DuckDBPyConnection, slug: str) -> None:
    """Take everything of a platform out of the staged tables: its landings are read again."""
    con.execute("begin")
    for table in ("landed.pull", "staged.record", "staged.claim", "staged.quarantine"):
        con.execute(f"delete from {table} where platform = ?", [slug])
    con.execute("commit")


def _take_in_one_night(night: Night, pulls: Sequence[Pull], rows: dict[str, int]) -> None:
    arrived: list[Pull] = []
    before: dict[str, int] = {}
    for pull in pulls:
        last = in_force(night.con, pull.platform)
        if pull.status in ("missing", "unreadable"):
            _note(night, pull, pull.status, pull.message)
        elif last is not None and last.sha256 == pull.sha256:
            _note(night, pull, "unchanged", "")
        else:
            arrived.append(pull)
            before[pull.platform] = rows.get(last.sha256, 0) if last else 0
    door = check_landed(night, arrived, before)
    if any(pull.night == night.date for pull in arrived):
        note_door(night, door)
    for pull in arrived:
        if pull.platform in door.stopped:
            _note(
                night, pull, "refused", f"{pull.platform}：文件 {pull.source}：{refusal(door, pull.platform)}"
            )
        else:
            _take_in_one(night, pull)


def _take_in_one(night: Night, pull: Pull) -> None:
    """Stage and merge one export. Whatever goes wrong with it is this platform's alone."""
    platform = night.platforms[pull.platform]
    try:
        staged = stage(
            platform,
            cells_path(night.site, pull),
            area=night.site.area,
            key=night.site.key,
            source=pull.source,
            night=pull.night,
        )
        last = in_force(night.con, pull.platform)
        refuse_shrunken(platform, staged.rows_in, last.rows_in if last else None, source=pull.source)
        absorb(night.con, pull.night, pull.platform, pull.sha256, pull.source, staged)
    except ExportRefused as refused:
        _note(night, pull, "refused", str(refused))
    except Exception as fault:
        log = note_fault(night.site, pull.night, f"stage {pull.platform}", fault)
        message = (
            f"{pull.platform}：文件 {pull.source}：程序出错（{type(fault).__name__}）。请把 {log} 报给开发者"
        )
        _note(night, pull, "refused", message)


def _note(night: Night, pull: Pull, status: PullStatus, message: str) -> None:
    note_pull(
        night.con,
        pull.night,
        pull.platform,
        status,
        sha256=pull.sha256,
        source=pull.source,
        message=message,
    )
