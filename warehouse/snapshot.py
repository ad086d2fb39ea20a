"""Read-only copies of the warehouse for stewards and analysts, one file per publication.

Belongs here: copying the closed file, proving the copy, flipping `snapshots/current.duckdb`, keeping the last few.
Lives elsewhere: who may write the warehouse (`lock.py`).

A snapshot never replaces another under the same name: DuckDB hands a process that re-opens a path it has open the
old content. A symlink flip is safe, because the path is resolved on opening.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import date
from pathlib import Path

import duckdb

from warehouse.site import Site
from warehouse.store import read_store

KEEP = 5
CURRENT = "current.duckdb"


class SnapshotError(RuntimeError):
    """A copy that is not what the warehouse is; the snapshot before it stays the current one."""


def publish_snapshot(site: Site, night: date, *, keep: int = KEEP) -> Path:
    """Copy the closed warehouse, prove the copy, make it the current snapshot; its path.

    Call it under the site's lock, after the warehouse was closed.

    Raises:
        SnapshotError: the warehouse was not closed, or the copy differs; nothing is published.
    """
    if site.warehouse.with_name(site.warehouse.name + ".wal").exists():
        raise SnapshotError(f"{site.warehouse} 尚未关闭（仍有 .wal 文件）。请再运行一次 enter-once nightly")
    site.snapshots.mkdir(mode=0o700, exist_ok=True)
    final = site.snapshots / f"{night.isoformat()}-{_next_number(site.snapshots)}.duckdb"
    draft = final.with_suffix(".part")
    try:
        _copy_private(site.warehouse, draft)
        prove_copy(site.warehouse, draft)
        draft.rename(final)
    finally:
        draft.unlink(missing_ok=True)
    _flip(site.snapshots, final.name)
    for old in _published(site.snapshots)[:-keep]:
        old.unlink()
    return final


def current_snapshot(site: Site) -> Path | None:
    """The file that readers open now, fully resolved; None before the first publication."""
    link = site.snapshots / CURRENT
    return link.resolve() if link.exists() else None


def prove_copy(original: Path, copy: Path) -> None:
    """Raise unless every table of the copy has the same rows as the original's.

    Raises:
        SnapshotError: names the tables that differ, or what could not be read.
    """
    try:
        expected, found = _contents(original), _contents(copy)
    except duckdb.Error as error:
        raise SnapshotError(
            f"{copy} 无法读取（{type(error).__name__}），快照未发布。请检查磁盘后重试"
        ) from error
    differ = sorted(
        table for table in expected.keys() | found.keys() if expected.get(table) != found.get(table)
    )
    if differ:
        raise SnapshotError(f"{copy} 与数仓不一致：{'、'.join(differ)}，快照未发布。请检查磁盘后重试")


def _contents(file: Path) -> dict[str, tuple[int, int]]:
    """Rows and checksum of every table."""
    with read_store(file) as con:
        tables = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables order by 1"
        ).fetchall()
        return {
            name: con.execute(f"select count(*), coalesce(bit_xor(hash(t)), 0) from {name} as t").fetchall()[
                0
            ]
            for (name,) in tables
        }


def _copy_private(source: Path, target: Path) -> None:
    """A plain copy on disk for sure, readable by its owner only from its first byte on."""
    with (
        source.open("rb") as read,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as write,
    ):
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())


def _flip(folder: Path, name: str) -> None:
    aside = folder / (CURRENT + ".next")
    aside.unlink(missing_ok=True)
    aside.symlink_to(name)
    aside.replace(folder / CURRENT)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _published(folder: Path) -> list[Path]:
    """All snapshots, oldest first, by the number they were given: nights may be run again."""
    numbered = [
        (int(found[1]), path)
        for path in folder.glob("*.duckdb")
        if not path.is_symlink() and (found := re.search(r"-(\d+)\.duckdb$", path.name))
    ]
    return [path for _, path in sorted(numbered)]


def _next_number(folder: Path) -> int:
    published = _published(folder)
    return int(published[-1].stem.rsplit("-", 1)[1]) + 1 if published else 1
