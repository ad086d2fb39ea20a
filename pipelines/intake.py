"""Taking landed exports into the warehouse, one platform and one night after the other.

Belongs here: what is done with each pull (staged, unchanged, refused, unreadable, missing), and whose fault stays his.
Lives elsewhere: which pulls (`replay.py`), reading one (`connectors/stage`), merging it (`warehouse/staged.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import duckdb

from connectors.errors import ExportRefused
from connectors.land import Pull, cells_path
from connectors.stage import how_to_accept, refuse_shrunken, stage
from pipelines.doors import check_landed, note_door, refusal
from pipelines.fingerprint import platform_digests, remember, remembered
from pipelines.gate import accepted, of_any_size
from pipelines.night import Night
from pipelines.replay import Taken, plan
from pipelines.seal import note_fault
from warehouse.ledger import open_ledger
from warehouse.staged import PullStatus, absorb, in_force, note_pull


def take_in(night: Night, manifest: Sequence[Pull]) -> int:
    """Bring the warehouse up to everything that was ever landed; how many pulls were taken in."""
    with open_ledger(night.site) as ledger:
        gates = accepted(ledger)
    # An acceptance changes how a platform's history reads, so it is read again.
    digests = {
        slug: " ".join([digest, *sorted(gates.get(slug, ()))])
        for slug, digest in platform_digests(night.platforms, night.site.area).items()
    }
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
        _take_in_one_night(night, list(pulls), rows, gates)
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


def _take_in_one_night(
    night: Night, pulls: Sequence[Pull], rows: Mapping[str, int], gates: Mapping[str, frozenset[str]]
) -> None:
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
    # The landed door asks about sizes only; what a person answered is not asked again.
    passed = {pull.platform for pull in arrived if pull.sha256 in gates.get(pull.platform, ())}
    door = check_landed(night, [pull for pull in arrived if pull.platform not in passed], before)
    if any(pull.night == night.date for pull in arrived):
        note_door(night, door)
    for pull in arrived:
        if pull.platform in door.stopped and pull.platform not in passed:
            _note(night, pull, "refused", _stopped(night, pull, refusal(door, pull.platform)))
        else:
            _take_in_one(night, pull, any_size=pull.platform in passed)


def _stopped(night: Night, pull: Pull, reason: str) -> str:
    message = f"{pull.platform}：文件 {pull.source}：{reason}"
    if pull.rows > night.platforms[pull.platform].export.rows[1]:
        message += f"；只有这一份确属如此时运行 {how_to_accept(pull.platform)}"
    return message


def _take_in_one(night: Night, pull: Pull, *, any_size: bool) -> None:
    """Stage and merge one export. Whatever goes wrong with it is this platform's alone."""
    platform = night.platforms[pull.platform]
    try:
        staged = stage(
            of_any_size(platform) if any_size else platform,
            cells_path(night.site, pull),
            area=night.site.area,
            key=night.site.key,
            source=pull.source,
            night=pull.night,
        )
        last = in_force(night.con, pull.platform)
        if last is not None and not any_size:
            refuse_shrunken(platform, staged.rows_in, last.rows_in, source=pull.source)
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
