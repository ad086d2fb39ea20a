"""What a worker process does with one export: read it, blank what may not be kept, store it.

Belongs here: the one function that runs inside the sandbox.
Lives elsewhere: the sandbox (`connectors/sandbox.py`), the readers (`connectors/read`), the manifest (`manifest.py`).
"""

from __future__ import annotations

import gc
import hashlib
from pathlib import Path
from typing import Any

from connectors.durable import write_bytes
from connectors.errors import Unreadable
from connectors.land.cells import blank_forbidden, write_cells
from connectors.platform import Platform
from connectors.read import read_export


def parse(path: Path, sha256: str, platform: Platform, original: Path, cells: Path) -> dict[str, Any]:
    """Store an export's cells, and its bytes unless some may not be kept; the answer is small and has no values.

    The cells are written last: where they are, the landing is whole.
    """
    gc.disable()  # millions of cells and no cycles among them: the collector would walk through them in vain
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Unreadable("文件在读取时发生了变化", "请等文件传完后再运行一次")
        reading = blank_forbidden(read_export(path, platform.export), platform)
        if not platform.forbidden:
            write_bytes(data, original)
        write_cells(reading, cells)
        return {"rows": reading.rows, "notes": reading.notes}
    except Unreadable as error:
        return {"problem": [error.problem, error.next_move, error.sheet, error.place]}
    finally:
        gc.enable()
