"""Text in columns on a terminal.

Belongs here: how wide a text is, and setting rows side by side.
Lives elsewhere: what is in the rows (`summary.py`, `cli.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def side_by_side(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns side by side; figures stand on the right. A Chinese character is two columns wide."""
    lines = [list(header), *map(list, rows)]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(header))]
    return "\n".join(
        "  ".join(
            padded(cell, width, right=_is_figure(lines[1:], place))
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _is_figure(rows: Sequence[Sequence[str]], place: int) -> bool:
    return bool(rows) and all(row[place].replace(",", "").replace(".", "").isdigit() for row in rows)


def padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """How many columns of a terminal a text takes.

    >>> _width("平台 a")
    6
    """
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
