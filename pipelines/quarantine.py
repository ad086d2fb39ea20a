"""Rows in quarantine as a clerk reads them on a terminal: where they stand and why, values masked.

Belongs here: reading them from the published snapshot, masking what they state.
Lives elsewhere: putting a row into quarantine (`connectors/stage`), keeping it (`warehouse/staged.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.messages import Language
from pipelines.published import published

_COLUMNS = ("night", "platform", "source", "sheet", "row", "column", "reason", "message", "stated")


def in_quarantine(root: Path, platform: str | None, limit: int, speak: Language) -> list[dict[str, Any]]:
    """The rows that stand in quarantine today.

    Raises:
        NoWarehouse: says what to run first.
    """
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with published(root, speak) as con:
        rows = con.execute(
            f"select {names} from staged.quarantine where until is null and platform = coalesce(?, platform)"
            ' order by platform, sheet, "row" limit ?',
            [platform, limit],
        ).fetchall()
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    return [{**row, "night": str(row["night"]), "stated": masked(row["stated"])} for row in found]


def masked(stated: str | None) -> str:
    """A stated value with all but its ends hidden: enough to find the cell, too little to know the person.

    >>> masked("33010219900101123X"), masked("张三"), masked(None)
    ('3****************X', '张*', '')
    """
    if not stated:
        return ""
    if len(stated) < 5:
        return stated[0] + "*" * (len(stated) - 1)
    return stated[0] + "*" * (len(stated) - 2) + stated[-1]
