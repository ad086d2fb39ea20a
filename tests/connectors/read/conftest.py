"""Files as platforms send them, built byte by byte in the test's own folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.platform import Export, Format
from connectors.read import read_export
from connectors.read.sheet import Reading

Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read these bytes as an export of a declared format."""

    def read(
        data: bytes, declared: Format, columns: tuple[str, ...] = ("姓名", "电话"), **more: object
    ) -> Reading:
        path = tmp_path / f"export.{declared}"
        path.write_bytes(data)
        return read_export(path, Export(format=declared, file="*", columns=columns, **more))  # type: ignore[arg-type]

    return read
