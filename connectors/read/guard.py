"""What is checked of a hostile or broken file before any parser may touch it.

Belongs here: size, zip bombs, far cells, passwords, XML with a document type.
Lives elsewhere: the limits a parser runs under all the same (`connectors/sandbox.py`), because headers lie.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from connectors.errors import Unreadable

MAX_FILE = 1 << 30
MAX_ROWS = 5_000_000  # of one export: staging keeps a few bytes of each, whatever else it lets go
MAX_UNPACKED = 2 << 30
MAX_ENTRIES = 1_000
MAX_RATIO = 200
MAX_AREA = 60_000_000  # cells of the rectangle a sheet spans: a parser holds all of it
SPARSE = 40  # a rectangle this much larger than its cells is a trap, not a sheet

PASSWORD = ("文件有打开密码或已加密", "请在表格软件里去掉密码后另存，再放回收件箱")
_TOO_BIG = "请向平台要正常的导出文件；确属正常时请联系管理员调整上限"


def check_size(path: Path) -> None:
    """Refuse an empty file and one larger than any export."""
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("文件是空的（0 字节）", "请从平台重新导出")
    if size > MAX_FILE:
        raise Unreadable(f"文件超过上限（{size >> 20} MB，上限 {MAX_FILE >> 20} MB）", _TOO_BIG)


def check_rows(rows: int) -> None:
    """Refuse an export with more rows than any city has people."""
    if rows > MAX_ROWS:
        raise Unreadable(f"文件超过 {MAX_ROWS} 行", _TOO_BIG)


def check_zip(path: Path | IO[bytes]) -> None:
    """Refuse an archive that is broken, holds too many entries, or unpacks to far more than it weighs."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise Unreadable("文件已损坏或不完整（压缩包打不开）", "请从平台重新导出") from error
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"压缩包里有 {len(entries)} 个条目，超过上限 {MAX_ENTRIES}", _TOO_BIG)
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1 << 16):
        raise Unreadable(f"文件解压后有 {unpacked >> 20} MB，超过上限（疑似压缩炸弹）", _TOO_BIG)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable(*PASSWORD)


_WIDE_CELL = re.compile(rb'<c r="([A-Z]{2,})([0-9]+)"')
_ROW_NUMBER = re.compile(rb'<row [^>]*?r="([0-9]+)"')
_LAST_CELL = re.compile(rb'<c r="[A-Z]+([0-9]+)"')


@dataclass(slots=True)
class Extent:
    """How far a sheet reaches, while blocks of its XML go by.

    A workbook of 5 KB with a value in A1 and one in XFD1048576 aborts a parser's whole process.
    """

    cells: int = 0
    last: int = 0
    wide: set[bytes] = field(default_factory=set)

    def add(self, sheet: str, xml: bytes) -> None:
        """
        Raises:
            Unreadable: a column that no export has.
        """
        rows = _ROW_NUMBER.findall(xml) or _LAST_CELL.findall(xml)
        last = max(map(int, rows), default=0)
        wide = {column: int(row) for column, row in _WIDE_CELL.findall(xml)}
        self.reach(sheet, xml.count(b"<c "), last, wide)

    def reach(self, sheet: str, cells: int, last: int, columns: Mapping[bytes, int]) -> None:
        """The same of rows that were told already: how many cells, the last row, the letters of columns with a row of each.

        Raises:
            Unreadable: a column that no export has.
        """
        self.cells += cells
        self.last = max(self.last, last)
        self.wide.update(column for column in columns if len(column) > 1)
        if far := sorted(column for column in self.wide if len(column) > 2):
            raise far_cell(sheet, f"单元格 {far[0].decode('ascii')}{columns[far[0]]}")

    def check(self, sheet: str) -> None:
        """
        Raises:
            Unreadable: the last cell is so far out that the rectangle up to it cannot be held.
        """
        area = self.last * _widest(self.wide)
        if area > MAX_AREA or (area > 2_000_000 and area > SPARSE * max(self.cells, 1)):
            raise far_cell(sheet, f"第 {self.last} 行")


def _widest(wide: set[bytes]) -> int:
    """An upper bound of the columns used, to the next multiple of 26; `wide` are those of two letters.

    >>> _widest(set()), _widest({b"BA"})
    (26, 78)
    """
    return 26 * (max(column[0] for column in wide) - ord("A") + 2) if wide else 26


def far_cell(sheet: str, place: str) -> Unreadable:
    """What is said of a sheet with a cell that is far out."""
    return Unreadable(
        "有单元格远在数据区之外，文件超出可读取的范围",
        "请在表格软件里删去数据区以外的行和列后另存，再放回收件箱",
        sheet=sheet,
        place=place,
    )


def refuse_document_type(head: bytes) -> None:
    """Refuse XML with a document type: that is where entities, internal and external, are declared."""
    if re.search(rb"<!(?:DOCTYPE\s+(?!html)|ENTITY)", head, re.IGNORECASE):
        raise Unreadable("XML 里含有实体声明（DOCTYPE/ENTITY），可能有害，未读取", "请从平台重新导出")
