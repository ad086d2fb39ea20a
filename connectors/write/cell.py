"""One cell of a file to be written, and the refusal to write one.

Belongs here: the type of a cell, its text, the error that names platform, column and row but never the value.
Lives elsewhere: what a value means and how a platform wants it (`render.py`).
"""

from __future__ import annotations

import re
from decimal import Decimal

Cell = str | int | float | None  # a str becomes a text cell, a number a number cell

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class CannotWrite(ValueError):
    """A cell that the platform's file cannot hold; nothing is ever cut or changed silently."""

    def __init__(self, platform: str, column: str, row: int, problem: str) -> None:
        super().__init__(
            f"平台 {platform}：第 {row} 条记录的「{column}」无法写出：{problem}。请改正该值或平台文件后重试"
        )
        self.platform = platform
        self.column = column
        self.row = row
        self.problem = problem


def text_of(cell: Cell) -> str:
    """The text of a cell in a format that knows only text: a number as a spreadsheet would have saved it.

    >>> text_of(None), text_of(13800138000.0), text_of("001"), text_of(330102198001011234)
    ('', '13800138000', '001', '330102198001011000')
    """
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else f"{Decimal(f'{cell:.15g}'):f}"


def unwritable(text: str) -> bool:
    """Whether the text holds control characters or halves of characters, which no format keeps.

    >>> unwritable("近江路\\n12号"), unwritable("张\\x00三")
    (False, True)
    """
    return _ILLEGAL.search(text) is not None
