"""A data file in a zip, as platforms take their data packages.

Belongs here: the archive, with the same bytes for the same rows.
Lives elsewhere: the data file (one module per format), opening such an archive (`connectors/read/packed.py`).
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

# Of what is written into an archive: the time of writing would change the bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(path: Path, name: str, write: Callable[[Path], None]) -> None:
    """Write an archive with one file of that name, which `write` writes."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / name
        write(data)
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 0
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(entry, data.read_bytes(), zipfile.ZIP_DEFLATED, 6)
