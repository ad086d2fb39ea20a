"""Laws of paging: however a platform cuts its rows into pages, all of them come, once and in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.platform_pull import CursorPages, LinkedPages, NumberedPages, OffsetPages, OnePage
from connectors.pull.pages import Page, turn

# Rows differ from each other, as records with keys do.
cut = st.lists(st.integers(1, 6), max_size=8).map(
    lambda sizes: [list(range(sum(sizes[:at]), sum(sizes[: at + 1]))) for at in range(len(sizes))]
)


def page(rows: Sequence[int], link: str = "", **more: Any) -> Page:
    return Page(repr(rows).encode(), {"rows": list(rows), **more}, list(rows), link)


def rows_of(pages: Any, get: Any) -> list[int]:
    return [row for one in turn(pages, get) for row in one.rows]


@given(cut, st.booleans())
def test_numbered_pages_of_any_sizes_bring_every_row(pages: list[list[int]], stated: bool) -> None:
    total = sum(map(len, pages))

    def get(parameters: Mapping[str, str], link: str) -> Page:
        at = int(parameters["page"]) - 1
        return page(pages[at] if at < len(pages) else [], total=total)

    kind = NumberedPages(rows=3, total="total" if stated else "")
    assert rows_of(kind, get) == list(range(total))


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9))
def test_offsets_bring_every_row_whatever_size_the_platform_really_gives(
    total: int, asked: int, given_: int
) -> None:
    def get(parameters: Mapping[str, str], link: str) -> Page:
        start = int(parameters["offset"])
        return page(range(start, min(start + given_, total)))

    assert rows_of(OffsetPages(rows=asked), get) == list(range(total))


@given(cut)
def test_cursors_and_links_bring_every_row(pages: list[list[int]]) -> None:
    chain = pages or [[]]

    def by_cursor(parameters: Mapping[str, str], link: str) -> Page:
        at = int(parameters.get("after", "0"))
        return page(chain[at], next=str(at + 1) if at + 1 < len(chain) else None)

    def by_link(parameters: Mapping[str, str], link: str) -> Page:
        at = int(link or "0")
        return page(chain[at], link=str(at + 1) if at + 1 < len(chain) else "")

    every = [row for rows in pages for row in rows]
    assert rows_of(CursorPages("after", "next"), by_cursor) == every
    assert rows_of(LinkedPages(), by_link) == every


@given(cut, st.integers(1, 5))
def test_fewer_rows_than_the_platform_says_it_has_are_never_taken(
    pages: list[list[int]], missing: int
) -> None:
    total = sum(map(len, pages)) + missing

    def get(parameters: Mapping[str, str], link: str) -> Page:
        at = int(parameters.get("page", "1")) - 1
        return page(pages[at] if at < len(pages) else [], total=total)

    for kind in (NumberedPages(total="total"), OnePage(total="total")):
        with pytest.raises(Unreadable, match=f"平台说有 {total} 条"):
            rows_of(kind, get)


@pytest.mark.parametrize(
    "kind", [NumberedPages(), OffsetPages(), CursorPages("after", "next"), LinkedPages()], ids=repr
)
def test_paging_that_does_not_move_on_ends_in_an_error(kind: Any) -> None:
    with pytest.raises(Unreadable, match="翻页没有前进"):
        rows_of(kind, lambda parameters, link: page([1, 2], link="same", next="same"))


def test_a_total_that_is_no_number_is_an_error_of_the_platform_file() -> None:
    with pytest.raises(Unreadable, match=r"\[pull.pages\] 的 total"):
        rows_of(OnePage(total="sum"), lambda parameters, link: page([1]))
