"""HTML saved as .xls, as many web platforms "export to Excel".

Belongs here: tables with row and column spans as merged ranges; telling a login page from data.
Lives elsewhere: SpreadsheetML, which is XML (`spreadsheetml.py`).
"""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree, html

from connectors.errors import Unreadable
from connectors.read.decode import decode
from connectors.read.sheet import EMPTY, Merge, Reading, Row, Sheet, mark_merged

_LOGIN = re.compile(
    r"""type\s*=\s*["']?password|登录|登陆|请先登|统一身份认证|sign in|log ?in""", re.IGNORECASE
)
_ERROR = re.compile(
    r"bad gateway|gateway time-?out|service unavailable|internal server error|not found|forbidden|"
    r"系统(?:繁忙|错误|异常|维护)|服务器(?:错误|内部错误|繁忙)|无权限|没有权限|拒绝访问|会话(?:已)?(?:过期|失效)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_SPANNED = 5_000
_LOGIN_PAGE = (
    "收到的是登录页面，不是数据",
    "平台登录可能已过期：请重新登录平台后再导出",
)
_ERROR_PAGE = ("收到的是平台的出错页面，不是数据", "请稍后在平台重新导出；一再如此时请找平台的管理员")


def read_html(path: Path, known: frozenset[str]) -> Reading:
    """The tables of the page, each a sheet without a name. `known`: the headers that make a table one of data."""
    data = path.read_bytes()
    text = decode(data)
    tables = _tables(text)
    if not any(_is_data(table, known) for table in tables):
        if _LOGIN.search(text):
            raise Unreadable(*_LOGIN_PAGE)
        if _ERROR.search(text):
            raise Unreadable(*_ERROR_PAGE)
        if not tables:
            raise Unreadable("网页里没有表格", "请确认平台导出的是数据表，再重新导出")
    if text.lower().count("<table") > text.lower().count("</table"):
        raise Unreadable("文件不完整：表格没有结束标记 </table>", "请从平台重新导出")
    return Reading([Sheet("", rows) for rows in tables])


def _is_data(rows: list[Row], known: frozenset[str]) -> bool:
    return any(known.intersection(cell.strip() for cell in row.cells) for row in rows[:10])


def _tables(text: str) -> list[list[Row]]:
    # lxml refuses text that declares an encoding (ours is decoded already) and control characters.
    text = _CONTROL.sub("\ufffd", re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    parser = html.HTMLParser(no_network=True, huge_tree=True, remove_comments=True)
    try:
        root = html.document_fromstring(text, parser=parser)
    except etree.ParserError:  # nothing in it
        return []
    return [_rows(table) for table in root.iter("table") if table.find(".//table") is None]


def _rows(table: html.HtmlElement) -> list[Row]:
    """The rows of one table as a rectangle: a spanned cell stands once, the rest is marked as covered."""
    grid: list[dict[int, tuple[str, str]]] = []
    merges: list[Merge] = []
    taken: dict[int, set[int]] = {}  # row -> columns covered from above
    for at, line in enumerate(table.iter("tr")):
        cells: dict[int, tuple[str, str]] = {}
        column = 0
        for cell in line.iterchildren("td", "th"):
            while column in taken.get(at, ()):
                column += 1
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            cells[column] = _value(cell)
            if down > 1 or across > 1:
                merges.append(((at, column), (at + down - 1, column + across - 1)))
                for below in range(at + 1, at + down):
                    taken.setdefault(below, set()).update(range(column, column + across))
            column += across
        grid.append(cells)
    width = max((max(cells, default=-1) + 1 for cells in grid), default=0)
    width = max([width, *(right + 1 for (top, _), (_, right) in merges if top < len(grid))])
    rows = [_row(number, cells, width) for number, cells in enumerate(grid, start=1)]
    return [row for row in mark_merged(rows, merges) if not row.blank or "v" in row.types]


def _row(number: int, cells: dict[int, tuple[str, str]], width: int) -> Row:
    values = [cells.get(column, ("", EMPTY)) for column in range(width)]
    return Row(number, [text for text, _ in values], "".join(mark for _, mark in values))


def _value(cell: html.HtmlElement) -> tuple[str, str]:
    """Text and type of a cell. Excel writes a number cell with an `x:num` attribute; all else is text."""
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    text = "".join(cell.itertext()).replace("\xa0", " ").strip()
    if "x:num" in cell.attrib:
        return cell.attrib["x:num"] or text, "n"
    return text, "s" if text else EMPTY


def _span(cell: html.HtmlElement, name: str) -> int:
    stated = cell.get(name, "1").strip()
    return min(max(int(stated), 1), _MOST_SPANNED) if stated.isascii() and stated.isdigit() else 1
