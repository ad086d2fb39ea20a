"""Reading what the last night published: commands look at the snapshot and never at the working warehouse.

Belongs here: opening the snapshot, and saying what to do where there is none.
Lives elsewhere: making snapshots (`warehouse/snapshot.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.messages import Language, say
from warehouse.site import read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store


class NoWarehouse(ValueError):
    """No night has run at this site yet."""


@contextmanager
def published(root: Path, speak: Language) -> Iterator[duckdb.DuckDBPyConnection]:
    """The last published snapshot of a site, for reading.

    Raises:
        NoWarehouse: says what to run first.
    """
    with read_store(published_file(root, speak)) as con:
        yield con


def published_file(root: Path, speak: Language) -> Path:
    """The file of the last published snapshot of a site.

    Raises:
        NoWarehouse: says what to run first.
    """
    snapshot = current_snapshot(read_site(root))
    if snapshot is None:
        raise NoWarehouse(say("no_warehouse", speak, site=root))
    return snapshot
