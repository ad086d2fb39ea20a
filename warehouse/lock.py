"""One writer at a time: an OS lock on the site's lock file, or on a folder.

Belongs here: taking a lock or waiting for it, and saying who holds the site's.
Lives elsewhere: what is done under it (`pipelines`).

The lock is the kernel's, so it dies with its process however that ends; the file's text only tells a person
who holds it and is never consulted to decide.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from warehouse.site import Site


class AlreadyRunning(RuntimeError):
    """Another process works on this site."""

    def __init__(self, file: Path, pid: int | None, since: str | None) -> None:
        super().__init__(
            f"这个站点已有一次运行在进行（already running：进程 {pid or '不明'}，自 {since or '不明'} 起，"
            f"{file}）。请等它结束；如果它已经卡死，请结束该进程后再运行，锁会随之释放"
        )
        self.pid = pid
        self.since = since


@contextmanager
def only_writer(site: Site) -> Iterator[None]:
    """Hold the site's lock for as long as the block lasts.

    Raises:
        AlreadyRunning: another process, or another part of this one, holds it.
    """
    # Not inherited by children (PEP 446): a worker that outlives the night does not keep the lock.
    handle = os.open(site.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(site.lock, *_holder(site.lock)) from error
        os.ftruncate(handle, 0)
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Wait until no other process, or other part of this one, is in a block like this one on the same folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _holder(file: Path) -> tuple[int | None, str | None]:
    """Who says it holds the lock; nobody in the instant between locking and writing."""
    try:
        stated = json.loads(file.read_text(encoding="utf-8"))
        return int(stated["pid"]), str(stated["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
