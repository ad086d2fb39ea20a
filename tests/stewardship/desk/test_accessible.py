"""Every page of the desk for people who do not see it, or see it at twice the size, or have no mouse: in a real Chromium.

axe-core looks at each page for what the guidelines of the web (WCAG 2, A and AA) ask for and a program can see. The browser's
driver puts it there, past the content policy, which stays as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from stewardship.casebook import open_casebook
from stewardship.desk.app import PAGES
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import PASSWORD
from tests.stewardship.desk.shop import Shop, log_in, needs_chromium, opened
from tests.stewardship.desk.test_households import BOOKS, FAMILY, PEOPLE_OF_BOOKS
from tests.stewardship.office import ALIKE, night
from warehouse.golden import build_golden
from warehouse.ledger import open_ledger
from warehouse.one_person import declare
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot, publish_snapshot
from warehouse.store import open_store, read_store

pytestmark = needs_chromium

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
OFFICE: ViewportSize = {"width": 1366, "height": 768}
FOURTH = date(2026, 11, 22)
TWICE: ViewportSize = {"width": 683, "height": 384}
AXE = Axe()


@pytest.fixture(scope="module")
def shop(told: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("accessible") / "site"
    shutil.copytree(told, root, symlinks=True)
    crowd(read_site(root))
    house(read_site(root))
    with opened(root, Clock(), browser) as made:
        yield made


def crowd(site: Site) -> None:
    """A night more: with cases that are the same question, households that contradict each other, numbers that were declared to
    be one person's, and a resident whose records wait for a second person."""
    people = {
        slug: {**ALIKE.get(slug, {}), **PEOPLE_OF_BOOKS.get(slug, {})} for slug in ("hukou", "grid", "civil")
    }
    night(site, FOURTH, people, books=BOOKS)
    one, other = (FAMILY[name]["id_number"] for name in ("a", "e"))
    with open_ledger(site) as ledger:
        declare(ledger, one, other, by="sun", because="更正", evidence="证明 12 号", needs=2)
        ledger.judge("brother", "brother_too", "different", by="sun", because="", seen="f", needs=2)


def house(site: Site) -> None:
    """Let two residents live together, so that there is a household to look at."""
    with open_store(site) as con:
        con.execute(
            "update resolved.record set household_living_id = 'H1', dwelling_id = 'D1' where record_id in ('brother', 'twin')"
        )
        build_golden(con)
    publish_snapshot(site, FOURTH)


def visitor(shop: Shop, name: str) -> Page:
    page = shop.page()
    page.goto(shop.address)
    log_in(page, name)
    expect(page.get_by_role("link", name="今夜", exact=True)).to_have_attribute("aria-current", "page")
    page.wait_for_load_state()  # before its script runs, a key is nobody's
    return page


def faults(page: Page) -> list[str]:
    """What is wrong with a page at both sizes: where, by which rule, with how much contrast and the like."""
    found = []
    if page.get_by_role("heading", level=1).count() != 1:
        found.append("it has not one heading")
    for size in (OFFICE, TWICE):
        page.set_viewport_size(size)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{size['width']} wide: the page has to be pushed aside")
        for rule in AXE.run(page, options=RULES).response["violations"]:
            for node in rule["nodes"]:
                found.append(
                    f"{size['width']} wide: {rule['id']}: {node['html'][:160]} {node['failureSummary']}"
                )
    page.set_viewport_size(OFFICE)
    return found


def addresses(shop: Shop) -> dict[str, str]:
    """Of every page with a part to fill in, one that is there."""
    snapshot = current_snapshot(shop.site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        query = "select resident_id from resolved.record where record_id = 'brother'"
        ((resident,),) = con.execute(query).fetchall()
    book = open_casebook(shop.site, snapshot, [])
    return {
        "/approvals/{platform}": "/approvals/hukou?field=phone&why=one_source&kind=correct",
        "/residents/{resident}": f"/residents/{resident}",
        "/residents/{resident}/move": f"/residents/{resident}/move",
        "/residents/{resident}/links": f"/residents/{resident}/links",
        "/groups/{group}": f"/groups/{max(book.patterns, key=lambda one: len(book.patterns[one]))}",
        "/household/{home}": "/household/H1",
        "/dwelling/{home}": "/dwelling/D1",
        "/audit": "/audit?prove=1",
    }


def test_every_page_keeps_to_the_guidelines_at_an_office_screen_and_at_twice_the_size(shop: Shop) -> None:
    page = shop.page()
    page.goto(shop.address)
    found = [f"/login {fault}" for fault in faults(page)]
    given = addresses(shop)
    people = {name: visitor(shop, name) for name in ("zhou", "admin")}
    people["zhou"].goto(f"{shop.address}/next")
    case = people["zhou"].locator("[data-case]").get_attribute("data-case")
    people["zhou"].locator("#visit summary").click()
    people["zhou"].get_by_role("button", name="派上门").click()
    expect(people["zhou"].get_by_role("heading", level=1)).to_have_text("上门核实单")
    people["zhou"].goto(f"{shop.address}/moves")
    expect(people["zhou"].get_by_role("row")).to_have_count(2)  # so that there is a list to look at
    for way in (way for module in PAGES for way in module.WAYS if way.method == "GET"):
        page = people["admin" if way.deed in ("audit", "accounts") else "zhou"]
        answer = page.goto(shop.address + given.get(way.address, way.address.replace("{case}", str(case))))
        assert answer is not None and answer.ok, way.address
        found += [f"{way.address} {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)


def test_the_list_of_keys_keeps_to_the_guidelines_where_it_lies_open(shop: Shop) -> None:
    page = visitor(shop, "wang")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []


def tab_to(page: Page, name: str) -> None:
    """Tab on until this link or button has the focus; whatever has it on the way is seen to have it, and is not covered."""
    for _ in range(60):
        page.keyboard.press("Tab")
        words, outlined, covered = page.evaluate(
            """() => {
                const one = document.activeElement, box = one.getBoundingClientRect();
                const top = document.elementFromPoint(box.x + Math.min(box.width, innerWidth - box.x) / 2, box.y + Math.min(box.height / 2, 20));
                const apart = one !== document.body && !(top && (one.contains(top) || top.contains(one)));
                return [one.textContent.trim(), one === document.body || getComputedStyle(one).outlineStyle !== 'none', apart];
            }"""
        )
        assert outlined, f"the focus on {words} cannot be seen"
        assert not covered, f"{words} has the focus and is covered"
        if words == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")


@pytest.mark.parametrize("size", [OFFICE, TWICE], ids=["office", "twice"])
def test_a_case_is_settled_with_the_keyboard_alone_and_the_verdict_is_read_out(
    shop: Shop, size: ViewportSize
) -> None:
    page = shop.page()
    page.set_viewport_size(size)
    page.goto(shop.address)
    expect(page.get_by_label("账号")).to_be_focused()  # of itself, once the page is drawn
    page.keyboard.type("wang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav [aria-current=page]")).to_have_text("今夜")
    tab_to(page, "裁定")
    page.keyboard.press("Enter")
    expect(page.locator("nav [aria-current=page]")).to_have_text("裁定")
    tab_to(page, "开始裁定 J")
    page.keyboard.press("Enter")
    case = page.locator("[data-case]").get_attribute("data-case")
    before = shop.lines()
    tab_to(page, "U 拿不准")
    page.keyboard.press("Enter")
    expect(page.locator("[data-case]")).not_to_have_attribute("data-case", str(case))
    expect(page.locator("#heard")).to_contain_text("已记入账本：拿不准")
    expect(page.locator("#heard")).to_contain_text("⇄")  # who the next case is about
    assert page.locator("#heard").get_attribute("aria-live") == "polite"
    assert page.evaluate("document.activeElement.id") == "main"
    assert [line.kind for line in shop.lines()[len(before) :]] == ["verdict"]
