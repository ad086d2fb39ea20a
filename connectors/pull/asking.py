"""What every transport is handed and hands back, and the one file it fetches into.

Belongs here: a line to a platform, a pull to be made, what it brought, and a file that is whole or not there, within its
size.
Lives elsewhere: choosing the transport (`connectors/pull/__init__.py`), landing the file (`connectors/land`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.pull.budget import Budget
from warehouse.connections import Connection


class NothingThere(Unreadable):
    """The platform answers, and has not exported yet."""


class Line(Protocol):
    """What it takes to reach one platform, whichever way something goes."""

    @property
    def connection(self) -> Connection: ...

    @property
    def root(self) -> Path:
        """Of the site: references to files are relative to it."""

    @property
    def known_hosts(self) -> Path: ...

    @property
    def budget(self) -> Budget: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """One platform to be asked, through one connection, for all there is or for what changed."""

    platform: Platform
    connection: Connection
    root: Path  # of the site: references to files are relative to it
    known_hosts: Path
    folder: Path  # where the export is put
    budget: Budget
    asked_from: str  # changes from here on; '' asks for everything
    cursor: str  # the newest change seen before
    sample: bool  # a first look: one page, or a few rows


@dataclass(frozen=True, slots=True)
class Fetched:
    """An export as a file. `rows` is None where only reading the file can tell."""

    file: Path
    rows: int | None = None
    cursor: str = ""


class Sink:
    """The file an export is fetched into; to be used in a `with` block, which takes it away again after an error."""

    def __init__(self, ask: Ask, suffix: str, name: str = "") -> None:
        pull = ask.platform.pull
        self._largest = (pull.largest_mb if pull else 0) << 20
        self._budget = ask.budget
        self.size = 0
        self.path = ask.folder / (name or f"{ask.platform.slug}{suffix}")
        self._file: BinaryIO | None = None

    def __enter__(self) -> Sink:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add to the file.

        Raises:
            Unreadable: it grows too large, or takes too long.
        """
        self._budget.check()
        self.size += len(data)
        if self.size > self._largest:
            raise Unreadable(
                f"导出超过上限（{self._largest >> 20} MB）", "确属正常时，请在平台文件里调大 pull.largest_mb"
            )
        assert self._file is not None
        self._file.write(data)

    def fetched(self, *, rows: int | None = None, cursor: str = "") -> Fetched:
        """The finished file."""
        return Fetched(self.path, rows, cursor)
