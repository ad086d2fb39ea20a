"""The desk in a real Chromium: by key, by mouse, without JavaScript, zoomed in, and when things go wrong in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stewardship.sessions import IDLE
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.shop import Shop, log_in, needs_chromium, opened
from tests.stewardship.office import HTML_NAME, JIANGUO
from warehouse.ledger import open_ledger

pytestmark = needs_chromium


@pytest.fixture
def shop(staffed: Path, tmp_path: Path, browser: Browser, clock: Clock) -> Iterator[Shop]:
    shutil.copytree(staffed, tmp_path / "site", symlinks=True)
    with opened(tmp_path / "site", clock, browser) as made:
        yield made


def case_of(page: Page) -> str:
    return page.locator("[data-case]").get_attribute("data-case") or ""


def press(page: Page, key: str) -> None:
    """Press a key and wait for another case."""
    before = case_of(page)
    page.keyboard.press(key)
    expect(page.locator("[data-case]")).not_to_have_attribute("data-case", before)


def begin(page: Page) -> str:
    page.keyboard.press("j")
    expect(page.locator("[data-case]")).to_be_visible()
    return case_of(page)


def test_a_night_of_verdicts_by_key_alone(shop: Shop) -> None:
    page = shop.at_work()
    first = begin(page)
    press(page, "y")
    expect(page.get_by_role("status")).to_contain_text("已记入账本：是同一人")
    second = case_of(page)
    press(page, "n")
    press(page, "u")
    fourth = case_of(page)
    assert [line.body["verdict"] for line in shop.lines()] == ["same", "different", "unsure"]
    page.keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("已撤销")
    press(page, "z")
    assert case_of(page) == second
    press(page, "z")
    assert case_of(page) == first
    assert [line.kind for line in shop.lines()] == ["verdict"] * 3 + ["undo"] * 3
    press(page, "j")
    assert case_of(page) == second
    press(page, "k")
    assert case_of(page) == first
    assert page.url.split("?")[0] == f"{shop.address}/cases/{first}"
    assert fourth not in (first, second)


def test_e_l_h_v_and_the_question_mark_open_what_they_name(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    page.keyboard.press("e")
    expect(page.locator("#reach")).to_contain_text("若判为同一人")
    page.keyboard.press("l")
    expect(page.locator("#homes")).to_contain_text("没有同住")
    page.keyboard.press("h")
    expect(page.locator("#history")).to_contain_text("还没有人裁定过")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("撤销自己上一条裁定")
    page.keyboard.press("y")  # of the list, not of the case
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert shop.lines() == []
    page.keyboard.press("v")
    page.keyboard.type("核对 yny")
    page.keyboard.press("Enter")
    expect(page.locator(".values")).to_contain_text("正在显示原值（理由：核对 yny）")
    assert shop.lines() == []


def test_keys_are_letters_in_a_field_where_enter_gives_no_answer_and_while_an_input_method_composes(
    shop: Shop,
) -> None:
    page = shop.at_work()
    case = begin(page)
    page.locator("#because").click()
    page.keyboard.type("yes, nobody, unsure, z")
    page.keyboard.press("Enter")
    expect(page.locator("#because")).to_have_value("yes, nobody, unsure, z")
    page.locator("h1").click()
    composing = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, isComposing: true}))"
    for key in "ynuz":
        page.evaluate(composing, key)
        page.keyboard.press(f"Control+{key}" if key != "n" else "Alt+x")
    assert case_of(page) == case
    assert shop.lines() == []


def test_slash_looks_somebody_up(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    page.keyboard.press("/")
    page.keyboard.type("zhouruohan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("找到 1 位")
    page.get_by_role("link", name="打开").click()
    expect(page.locator("main h1")).to_have_text("周**")
    expect(page.get_by_role("region", name="各平台所载")).to_contain_text("户籍")
    assert shop.lines() == []


def test_a_note_goes_with_the_verdict(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    page.get_by_label("备注").fill("双胞胎，见过面")
    page.get_by_role("button", name="不是同一人").click()
    expect(page.get_by_role("status")).to_contain_text("不是同一人")
    with open_ledger(shop.site) as ledger:
        assert [one.because for one in ledger.verdicts()] == ["双胞胎，见过面"]


def test_a_double_click_is_one_verdict(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    page.get_by_role("button", name="是同一人").first.dblclick(no_wait_after=True)
    expect(page.get_by_role("status")).to_contain_text("已记入账本")
    page.wait_for_load_state("networkidle")
    said = [(line.body["left"], line.body["right"]) for line in shop.lines()]
    assert len(said) == len(set(said)) == 1


def test_everything_works_without_javascript(shop: Shop) -> None:
    page = shop.at_work(scripts=False)
    page.get_by_role("link", name="开始裁定").click()
    first = case_of(page)
    page.get_by_label("为什么要看原值").fill("电话核实")
    page.get_by_role("button", name="显示原值").click()
    expect(page.locator(".values")).to_contain_text("正在显示原值")
    page.get_by_role("button", name="Y 是同一人").click()
    assert case_of(page) != first
    page.get_by_role("link", name="下一案").click()
    page.get_by_role("link", name="推算").click(force=True) if page.locator("#reach[open]").count() else None
    page.get_by_role("button", name="Z 撤销").click()
    assert case_of(page) == first
    page.locator("#days").select_option("7")
    page.get_by_role("button", name="推迟").click()
    assert case_of(page) != first
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("cases waiting")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    assert [line.kind for line in shop.lines()] == ["verdict", "undo"]


def test_a_session_that_ends_in_the_middle_of_a_verdict_loses_nothing(shop: Shop) -> None:
    page = shop.at_work()
    case = begin(page)
    page.get_by_label("备注").fill("见过面")
    page.locator("h1").click()
    shop.clock.now += IDLE
    shop.clock.pass_by(minutes=1)
    page.keyboard.press("n")
    expect(page.get_by_role("alert")).to_contain_text("登录已过期")
    log_in(page)
    expect(page.get_by_role("alert")).to_contain_text("还没有保存")
    assert case_of(page) == case and shop.lines() == []
    expect(page.get_by_label("备注")).to_have_value("见过面")
    press(page, "n")
    assert [line.body["verdict"] for line in shop.lines()] == ["different"]


def test_two_people_at_two_screens(shop: Shop) -> None:
    wang, li = shop.at_work("wang"), shop.at_work("li")
    case = begin(wang)
    assert begin(li) != case
    li.goto(f"{shop.address}/cases/{case}")
    expect(li.get_by_role("status")).to_contain_text("wang 正在处理")
    li.keyboard.press("y")
    expect(li.get_by_role("button", name="Y 是同一人")).to_be_disabled()
    assert shop.lines() == []
    press(wang, "y")
    li.reload()
    expect(li.locator("p.own")).to_contain_text("现有裁定：是同一人（wang")


def test_a_name_that_is_html_stays_a_name(shop: Shop) -> None:
    page = shop.at_work()
    page.goto(f"{shop.address}/next?kind=possible_match&platform=civil")
    page.keyboard.press("v")
    page.keyboard.type("核对")
    page.keyboard.press("Enter")
    expect(page.locator(".values")).to_contain_text("正在显示原值")
    while page.get_by_text(HTML_NAME).count() == 0:
        press(page, "j")
    expect(page).not_to_have_title("owned")


def test_values_are_masked_on_the_screen_until_asked_for(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    while page.get_by_text("李**").count() == 0:
        press(page, "j")
    assert JIANGUO["name"] not in page.content() and JIANGUO["phone"] not in page.content()


@pytest.mark.parametrize(("width", "zoom"), [(1366, 1), (1366, 2), (1920, 1)])
def test_it_fits_an_office_screen_also_at_twice_the_size(shop: Shop, width: int, zoom: int) -> None:
    page = shop.at_work(width=width, zoom=zoom)
    begin(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Y 是同一人", "N 不是同一人", "U 拿不准", "Z 撤销"):
        button = page.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()
    page.goto(shop.address)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_has_a_name_and_can_be_reached_by_tab(shop: Shop) -> None:
    page = shop.at_work()
    begin(page)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary, table')]
            .filter(one => !one.hidden && !(one.textContent.trim() || one.getAttribute('aria-label')
                || one.labels?.length || one.querySelector?.('caption')))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => [document.activeElement.textContent.trim(), document.activeElement === document.body
                || getComputedStyle(document.activeElement).outlineStyle !== 'none']"""
        )
        reached.add(seen[0])
        assert seen[1], "the focus cannot be seen"
    assert any("不是同一人" in name for name in reached) and any("撤销" in name for name in reached)
    tree = page.locator("main").aria_snapshot()
    for role in ("heading", "table", "columnheader", "rowheader", "button", "navigation"):
        assert role in tree
