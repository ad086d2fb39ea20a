"""What the platform would refuse, found before it is sent.

Belongs here: why one cell cannot stand in the platform's file, in words a clerk can act on and without the value.
Lives elsewhere: which cells are meant to be written (`warehouse`), writing them (`outbox.py`).
"""

from __future__ import annotations

from connectors.platform import Column, Export
from connectors.write.cell import unwritable
from connectors.write.delimited import encodable

_FORMULA = ("=", "+", "-", "@", "\t")
_NO_TEXT_CELLS = ("csv", "text", "html")  # opened in a spreadsheet, these run what looks like a formula


def refusal(export: Export, header: str, column: Column | None, stated: str) -> str | None:
    """Why the platform would refuse this cell, or None. `column`: what its file says of the header, where it is a field."""
    if column is not None and column.max_length is not None and len(stated) > column.max_length:
        return f"超过平台限长 {column.max_length} 个字"
    if unwritable(stated):
        return "含有控制字符"
    if not encodable(stated, export.encoding):
        return f"有字符无法用 {export.encoding} 编码"
    width = export.widths.get(header) if export.format == "dbf" else None
    if width is not None and len(stated.encode(export.encoding)) > width:
        return f"超过该列宽度 {width} 字节"
    if export.format in _NO_TEXT_CELLS and stated.startswith(_FORMULA):
        return "以 = + - @ 开头，表格软件会当作公式执行"
    return None
