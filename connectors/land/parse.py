"""What a worker process does with one export: read it, blank what may not be kept, store it.

Belongs here: the one function that runs inside the sandbox.
Lives elsewhere: the sandbox (`connectors/sandbox.py`), the readers (`connectors/read`), the manifest (`manifest.py`).
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from connectors.durable import copy_file
from connectors.errors import Unreadable
from connectors.land.cells import keep_cells
from connectors.platform import Platform


def parse(path: Path, sha256: str, platform: Platform, original: Path, cells: Path) -> dict[str, Any]:
    """Store an export's cells, and its bytes unless some may not be kept; the answer is small and has no values.

    The cells are written last: where they are, the landing is whole. Where there are none, whoever asked takes the
    bytes away again.
    """
    gc.disable()  # millions of cells and no cycles among them: the collector would walk through them in vain
    try:
        if copy_file(path, None if platform.forbidden else original) != sha256:
            raise Unreadable("文件在读取时发生了变化", "请等文件传完后再运行一次")
        rows, notes = keep_cells(path, platform, cells)
        return {"rows": rows, "notes": notes}
    except Unreadable as error:
        return {"problem": [error.problem, error.next_move, error.sheet, error.place]}
    finally:
        gc.enable()
