"""An HTML table saved as .xls, as web platforms "export to Excel".

Belongs here: a plan written as tables with row and column spans, in the platform's charset.
Lives elsewhere: where title, headers and household blocks stand (`plan.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, text_of, unwritable
from connectors.write.plan import SheetPlan, plan

# Excel's own mark for "this cell is text": an ID number opened in a spreadsheet keeps its digits.
_STYLE = "<style>td{mso-number-format:'\\@'}</style>"


def write_html(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write the platform's page."""
    encoding = platform.export.encoding
    pieces = [
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
        f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">{_STYLE}</head><body>\n'
    ]
    for sheet in plan(platform, rows):
        pieces += ['<table border="1">\n', *_rows(platform, sheet), "</table>\n"]
    pieces.append("</body></html>\n")
    path.write_bytes("".join(pieces).encode(encoding, "xmlcharrefreplace"))


def _rows(platform: Platform, sheet: SheetPlan) -> Iterator[str]:
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in sheet.merges}
    covered = {
        (row, column)
        for top, left, bottom, right in sheet.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
        if (row, column) != (top, left)
    }
    for at, row in enumerate((*sheet.head, *sheet.body, *sheet.foot)):
        tag = "th" if at < sheet.body_at else "td"
        cells = [
            _cell(platform, sheet, at, column, cell, tag, spans.get((at, column)))
            for column, cell in enumerate(row)
            if (at, column) not in covered
        ]
        yield f"<tr>{''.join(cells)}</tr>\n"


def _cell(
    platform: Platform,
    sheet: SheetPlan,
    at: int,
    column: int,
    cell: Cell,
    tag: str,
    span: tuple[int, int] | None,
) -> str:
    text = text_of(cell)
    if unwritable(text):
        raise CannotWrite(platform.slug, sheet.columns[column], at - sheet.body_at + 1, "含有控制字符")
    attributes = "" if span is None else f' rowspan="{span[0]}" colspan="{span[1]}"'
    if isinstance(cell, int | float):
        attributes += f' x:num="{text}"'
    return f"<{tag}{attributes}>{escape(text)}</{tag}>"
