"""Writing a file so that it is there as a whole or not at all, also after a power cut, readable by its owner only.

Belongs here: that, and nothing else.
Lives elsewhere: what is written (`connectors/land`, `connectors/pull/cursors.py`).
"""

from __future__ import annotations

import os
from pathlib import Path


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file atomically: it is there as a whole or not at all, and only its owner may read it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    part.write_bytes(data)
    settle(part, path)


def settle(part: Path, path: Path) -> None:
    """Make a finished file durable under its final name."""
    part.chmod(0o600)
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
