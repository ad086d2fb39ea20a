"""A notice to a platform that two of its records are one person, or two after all: a sheet of its own.

Belongs here: the sheet, as `[receive.notices]` of the platform's file says. Two keys of the platform's own and a code: no value
of a person.
Lives elsewhere: which notices there are and who agreed to them (`warehouse/notices.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from connectors.platform import Export, Platform
from connectors.write import CannotWrite, write_export
from warehouse.notices import Notice


def write_notices(platform: Platform, notices: Iterable[Notice], folder: Path) -> Path:
    """Write `<slug>-notices.xlsx` into the folder, readable by its owner only; its path.

    Raises:
        CannotWrite: a key that no cell can hold; then no file lies there.
    """
    facts = platform.receive.notices
    assert facts is not None, f"{platform.slug} takes no notices"
    codes = {"merged": facts.merged, "split": facts.split}
    rows = [
        {facts.kept: one.kept_key, facts.other: one.other_key, facts.reason: codes[one.kind]}
        for one in notices
    ]
    export = Export("xlsx", "*.xlsx", (facts.kept, facts.other, facts.reason), sheet=facts.sheet)
    path = folder / f"{platform.slug}-notices.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    try:
        write_export(replace(platform, export=export), rows, path)
    except CannotWrite:
        path.unlink()  # half a file might be taken for the whole
        raise
    return path
