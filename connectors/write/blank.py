"""A platform's import template: filled, or with nobody in it for a clerk to fill or to lay beside the real one.

Belongs here: which workbook rows are put into, the platform's own or our stand-in, and what may be chosen in its cells.
Lives elsewhere: the bytes of each format (one module each), which columns there are (the platform's TOML).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.write import write_export, written
from connectors.write.cell import Cell
from connectors.write.xlsx import Blank, stand_in, write_xlsx


def write_blank(platform: Platform, path: Path) -> None:
    """Write the empty template; a workbook offers the platform's own codes as lists to choose from."""
    write_filled(platform, [], path)


def write_filled(
    platform: Platform, rows: Sequence[Mapping[str, Cell]], path: Path, own: Blank | None = None
) -> None:
    """Write rows (header → cell) into the platform's import template: its own workbook, or what we believe it to be.

    Raises:
        CannotWrite: a cell that does not fit.
        ExportRefused: something in the platform's workbook is in the way.
    """
    if own is None and platform.export.format != "xlsx":
        write_export(platform, rows, path)
        return
    blank = own or stand_in(platform, choices(platform))
    try:
        written(platform, rows, path, partial(write_xlsx, blank=blank))
    except Unreadable as error:
        raise error.of(platform.slug, blank.name) from error


def choices(platform: Platform) -> dict[str, list[str]]:
    """What may be chosen in each column that has codes of its own, in the order of the platform's file."""
    return {
        column.column: [theirs for theirs in column.codes if theirs not in column.only_read]
        for column in platform.fields.values()
        if column.codes
    }
