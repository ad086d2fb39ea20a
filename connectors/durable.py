"""Writing a file so that it is there as a whole or not at all, also after a power cut, readable by its owner only.

Belongs here: that, and nothing else.
Lives elsewhere: what is written (`connectors/land`, `connectors/pull/cursors.py`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_PIECE = 1 << 20  # bytes


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file atomically: it is there as a whole or not at all, and only its owner may read it."""
    part = _part(path)
    part.write_bytes(data)
    settle(part, path)


def copy_file(source: Path, path: Path | None) -> str:
    """Copy a file atomically, a piece at a time, unless there is no place for it; the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        if path is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        part = _part(path)
        with part.open("wb") as copy:
            while piece := file.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
    settle(part, path)
    return digest.hexdigest()


def settle(part: Path, path: Path) -> None:
    """Make a finished file durable under its final name."""
    part.chmod(0o600)
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
