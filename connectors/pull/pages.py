"""Turning the pages of an interface until every row was there.

Belongs here: the five ways of paging, and refusing what would lose rows: a page that comes again, a total not reached.
Lives elsewhere: getting one page (`http.py`), how a platform's pages are described (`connectors/platform_pull.py`).

A page with fewer rows than were asked for is never taken for the last one: platforms cap the size without saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import Unreadable
from connectors.platform_pull import CursorPages, LinkedPages, NumberedPages, OffsetPages, OnePage, Pages

_MOVED = "数据可能在翻页时有变动；会在下一夜重取，也可现在再运行一次"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its bytes as they came, what they say, the rows in it, and the next page's address if it links one."""

    data: bytes
    document: Any
    rows: list[Any]
    link: str = ""


GetPage = Callable[[Mapping[str, str], str], Page]  # parameters, or the address that the page before linked


def turn(pages: Pages, get: GetPage) -> Iterator[Page]:
    """Every page that has rows, in order; the first one in any case.

    Raises:
        Unreadable: a page came again, or fewer rows came than the platform says it has.
    """
    received = 0
    last: Page | None = None
    for page in _turn(pages, get):
        if last is not None and page.rows and page.rows == last.rows:
            raise Unreadable(
                "翻页没有前进：接连两页内容相同",
                "请核对平台文件里 [pull.pages] 的参数名；平台最后一页会重复时，请写明 total",
            )
        last, received = page, received + len(page.rows)
        yield page
    total = _total(pages.total, last)
    if total is not None and received < total:
        raise Unreadable(f"平台说有 {total} 条，只取到 {received} 条", _MOVED)


def _turn(pages: Pages, get: GetPage) -> Iterator[Page]:
    match pages:
        case OnePage():
            yield get({}, "")
        case NumberedPages():
            yield from _counted(pages, lambda number, _: (pages.page, pages.first + number), get)
        case OffsetPages():
            yield from _counted(pages, lambda _, received: (pages.offset, received), get)
        case CursorPages():
            yield from _by_cursor(pages, get)
        case LinkedPages():
            yield from _by_link(get)


def _counted(
    pages: NumberedPages | OffsetPages, place: Callable[[int, int], tuple[str, int]], get: GetPage
) -> Iterator[Page]:
    """Pages found by counting; the end is the stated total, or a page without rows."""
    received = number = 0
    while True:
        name, value = place(number, received)
        page = get({name: str(value), pages.size: str(pages.rows)}, "")
        if page.rows or number == 0:
            yield page
        received, number = received + len(page.rows), number + 1
        total = _total(pages.total, page)
        if not page.rows or (total is not None and received >= total):
            return


def _by_cursor(pages: CursorPages, get: GetPage) -> Iterator[Page]:
    size = {pages.size: str(pages.rows)} if pages.size else {}
    seen = {""}
    cursor = ""
    while True:
        page = get({**size, pages.parameter: cursor} if cursor else size, "")
        yield page
        cursor = text_at(page.document, pages.next)
        if not cursor:
            return
        if cursor in seen:
            raise Unreadable("翻页没有前进：平台给出的游标重复", "请把这条消息告诉平台方的技术人员")
        seen.add(cursor)


def _by_link(get: GetPage) -> Iterator[Page]:
    seen: set[str] = set()
    page = get({}, "")
    yield page
    while page.link:
        if page.link in seen:
            raise Unreadable("翻页没有前进：下一页的链接重复", "请把这条消息告诉平台方的技术人员")
        seen.add(page.link)
        page = get({}, page.link)
        yield page


def _total(path: str, page: Page | None) -> int | None:
    """How many rows the platform says there are.

    Raises:
        Unreadable: the declared path says no number.
    """
    if not path or page is None:
        return None
    stated = text_at(page.document, path)
    if not stated.isdecimal():
        raise Unreadable(f"答复里的 {path} 不是总条数", "请核对平台文件里 [pull.pages] 的 total")
    return int(stated)


def text_at(document: Any, path: str) -> str:
    """What stands at a path of a document, as text; '' for nothing.

    >>> text_at({"data": {"total": 12}}, "data.total"), text_at({"data": None}, "data.next")
    ('12', '')
    """
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return "" if document is None or isinstance(document, dict | list) else str(document)
