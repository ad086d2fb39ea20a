"""The old binary workbook (BIFF8) that social assistance and family planning still ask for.

Belongs here: a plan written with xlwt; the limits of the format.
Lives elsewhere: where title, headers and household blocks stand (`plan.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlwt

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, unwritable
from connectors.write.plan import SheetPlan, plan

_MOST_ROWS = 65_536
_LONGEST = 32_767


def write_xls(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write the platform's workbook; text cells carry the text format, so that typing over them keeps them text."""
    book = xlwt.Workbook(encoding="utf-8")
    styles = xlwt.easyxf("font: bold on; align: horiz centre, vert centre", num_format_str="@")
    text = xlwt.easyxf("align: vert centre", num_format_str="@")
    for sheet in plan(platform, rows):
        _write(platform, book.add_sheet(sheet.name), sheet, styles, text)
    with path.open("wb") as file:
        book.save(file)


def _write(platform: Platform, target: xlwt.Worksheet, sheet: SheetPlan, bold: object, plain: object) -> None:
    number = xlwt.XFStyle()
    merged = {(top, left): (bottom, right) for top, left, bottom, right in sheet.merges}
    for at, row in enumerate((*sheet.head, *sheet.body, *sheet.foot)):
        in_head = at < sheet.body_at
        if at >= _MOST_ROWS:
            raise CannotWrite(
                platform.slug, sheet.name, at - sheet.body_at + 1, f"xls 一张表最多 {_MOST_ROWS} 行"
            )
        for column, cell in enumerate(row):
            block = merged.get((at, column))
            if cell is None or cell == "":
                cell = ""
                if block is None:
                    continue
            if isinstance(cell, str) and (unwritable(cell) or len(cell) > _LONGEST):
                raise CannotWrite(
                    platform.slug, sheet.columns[column], at - sheet.body_at + 1, "含有控制字符或过长"
                )
            style = bold if in_head else plain if isinstance(cell, str) else number
            if block is None:
                target.write(at, column, cell, style)
            else:
                target.write_merge(at, block[0], column, block[1], cell, style)
