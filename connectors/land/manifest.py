"""The manifest: one line per pull, in the order they happened.

Belongs here: the shape of a line, reading and appending.
Lives elsewhere: deciding what a pull found (`connectors/land/__init__.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date as Day
from pathlib import Path
from typing import Literal

from connectors.durable import write_bytes

Status = Literal["landed", "unchanged", "unreadable", "missing"]


@dataclass(frozen=True, slots=True)
class Pull:
    """What one night found at one platform: which bytes, how many rows, by whom, and a sentence for the clerk."""

    night: Day
    platform: str
    sha256: str  # of the bytes as they came, also where these were not kept; empty when nothing came
    source: str
    bytes: int
    rows: int  # rows that state anything, header and title included
    status: Status
    message: str
    at: str
    by: str
    forbidden: tuple[str, ...]  # columns that were blanked before anything was written
    changes: bool = False  # only what changed since the pull before: what is not in it is not gone

    @property
    def usable(self) -> bool:
        """Whether its cells are there to be staged."""
        return self.status in ("landed", "unchanged")


def read_manifest(path: Path) -> list[Pull]:
    """All pulls so far."""
    if not path.exists():
        return []
    return [_pull(line) for line in path.read_text(encoding="utf-8").splitlines()]


def append_to_manifest(path: Path, pulls: Sequence[Pull]) -> None:
    """Add the lines that say something new: what a platform's last line of the night says already adds none.

    Of that night the last line counts: a good file that was spoiled and put back is found three times.
    """
    last = {(pull.night, pull.platform): _finding(pull) for pull in read_manifest(path)}
    new = [pull for pull in pulls if _finding(pull) != last.get((pull.night, pull.platform))]
    if new:
        before = path.read_bytes() if path.exists() else b""
        write_bytes(before + "".join(_line(pull) for pull in new).encode("utf-8"), path)


def _finding(pull: Pull) -> tuple[object, ...]:
    # Landed and unchanged are one finding: the bytes are there. A failure is told by its message.
    return (pull.sha256, pull.usable, "" if pull.usable else pull.message)


def _line(pull: Pull) -> str:
    return json.dumps({**asdict(pull), "night": pull.night.isoformat()}, ensure_ascii=False) + "\n"


def _pull(line: str) -> Pull:
    stated = json.loads(line)
    night, forbidden = Day.fromisoformat(stated.pop("night")), tuple(stated.pop("forbidden"))
    return Pull(night=night, forbidden=forbidden, **stated)
