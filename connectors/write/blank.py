"""A platform's template with nobody in it: for a clerk to fill, or to lay beside the platform's real one.

Belongs here: the empty file, and what may be chosen in its cells.
Lives elsewhere: the bytes of each format (one module each), which columns there are (the platform's TOML).
"""

from __future__ import annotations

from pathlib import Path

from connectors.platform import Platform
from connectors.write import write_export
from connectors.write.xlsx import write_xlsx


def write_blank(platform: Platform, path: Path) -> None:
    """Write the empty template; a workbook offers the platform's own codes as lists to choose from."""
    if platform.export.format == "xlsx" and platform.export.packed is None:
        write_xlsx(platform, [], path, choices(platform))
    else:
        write_export(platform, [], path)


def choices(platform: Platform) -> dict[str, list[str]]:
    """What may be chosen in each column that has codes of its own, in the order of the platform's file."""
    return {
        column.column: [theirs for theirs in column.codes if theirs not in column.only_read]
        for column in platform.fields.values()
        if column.codes
    }
