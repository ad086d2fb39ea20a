"""The pages beside the cases in a real Chromium: on an office's screen, by keyboard, without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import MOVED
from tests.stewardship.desk.shop import Shop, log_in, needs_chromium, opened
from tests.stewardship.office import JIANGUO
from warehouse.approvals import approvals
from warehouse.entries import entries
from warehouse.ledger import open_ledger

pytestmark = needs_chromium

PAGES = {
    "zhou": (
        "/tonight", "/conflicts", "/approvals", "/approvals/hukou?field=phone&why=one_source&kind=correct", "/refused", "/intake",
        "/platforms", "/enter", "/password",
    ),
    "admin": ("/accounts", "/audit?prove=1"),
}  # fmt: skip
NAMELESS = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary, table')]
    .filter(one => !one.hidden && one.getAttribute('aria-hidden') !== 'true')
    .filter(one => !(one.textContent.trim() || one.getAttribute('aria-label')
        || one.labels?.length || one.querySelector?.('caption')))
    .map(one => one.outerHTML)"""


@pytest.fixture
def shop(told: Path, tmp_path: Path, browser: Browser, clock: Clock) -> Iterator[Shop]:
    shutil.copytree(told, tmp_path / "site", symlinks=True)
    with opened(tmp_path / "site", clock, browser) as made:
        yield made


@pytest.mark.parametrize("zoom", [1, 2])
def test_every_page_fits_an_office_screen_and_everything_on_it_has_a_name(shop: Shop, zoom: int) -> None:
    for name, pages in PAGES.items():
        page = shop.page(zoom=zoom)
        page.goto(shop.address)
        log_in(page, name)
        expect(page.get_by_role("link", name="今夜", exact=True)).to_have_attribute("aria-current", "page")
        for address in pages:
            page.goto(shop.address + address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert page.evaluate(NAMELESS) == [], address
            assert page.get_by_role("heading", level=1).count() == 1
            for value in (JIANGUO["name"], JIANGUO["phone"], MOVED):
                assert value not in page.content()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_approver_sees_why_shows_the_values_and_approves(shop: Shop, scripts: bool) -> None:
    page = shop.page(scripts=scripts)
    page.goto(shop.address)
    log_in(page, "zhou")
    page.get_by_role("link", name="格等批准").click()
    page.get_by_role("link", name="打开").first.click()
    page.get_by_label("为什么要看原值").fill("电话核实")
    page.get_by_role("button", name="显示原值").click()
    expect(page.locator("td.new")).to_contain_text(MOVED)
    if scripts:
        page.get_by_label("全选本页").check()
        expect(page.locator("tbody input[type=checkbox]")).to_be_checked()
    else:
        page.locator("tbody input[type=checkbox]").check()
    page.get_by_label("理由", exact=True).fill("问过本人")
    page.keyboard.press("Enter")  # gives no answer
    page.get_by_role("button", name="同意所选").click()
    expect(page.get_by_role("status")).to_contain_text("已同意 1 格")
    with open_ledger(shop.site) as ledger:
        assert len(ledger.lines("approved", "declined")) == 1
        assert [one.word for one in approvals(ledger)] == ["approved"]


def test_who_may_be_meant_is_shown_while_one_types_and_a_look_comes_before_saving(shop: Shop) -> None:
    page = shop.page()
    page.goto(shop.address)
    log_in(page, "lin")
    page.get_by_role("link", name="录入").click()
    page.get_by_label("姓名").fill(JIANGUO["name"])
    page.get_by_label("出生日期").fill("1990-05-06")
    page.get_by_label("联系电话").click()
    expect(page.locator("#alike")).to_contain_text("同名同生日")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_contain_text("可能已经有这个人")
    expect(page.get_by_label("姓名")).to_have_value(JIANGUO["name"])
    page.get_by_role("button", name="仍要录入").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    with open_ledger(shop.site) as ledger:
        assert [one.row["name"] for one in entries(ledger)] == [JIANGUO["name"]]


def test_the_other_language_speaks_on_every_page(shop: Shop) -> None:
    page = shop.page()
    page.goto(shop.address)
    log_in(page, "zhou")
    page.get_by_role("button", name="English").click()
    for address in PAGES["zhou"]:
        page.goto(shop.address + address)
        heading = page.get_by_role("heading", level=1).inner_text()
        assert heading.isascii() or address.startswith("/approvals/"), heading  # a platform's name is its own
