"""Many cases that are the same question at the desk: the sample case by case, the rest in one go, all of it taken back at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stewardship.accounts import Account
from stewardship.cases import Case
from stewardship.groups import Group, groups
from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.conftest import laid_out
from tests.stewardship.desk.conftest import Office, Visitor
from tests.stewardship.desk.shop import needs_chromium, opened
from tests.stewardship.office import SECOND, SURNAMES, alike_night
from warehouse.ledger import open_ledger
from warehouse.site import Site, read_site
from warehouse.words import Word

WANG = Account("wang", "steward")


@pytest.fixture(scope="module")
def alike(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(staffed, tmp_path_factory.mktemp("alike") / "site", symlinks=True))
    alike_night(read_site(root), SECOND)
    laid_out(read_site(root))
    return root


@pytest.fixture
def site(alike: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(alike, tmp_path / "site", symlinks=True)))


def group_of(office: Office) -> Group:
    with office.current.standing() as (_, standing):
        (group,) = groups(office.book, office.site.key, standing, WANG)
    return group


def answered(office: Office, word: Word = "same", leave: int = 0) -> Group:
    """The sample as wang answered it, but for the last few."""
    group = group_of(office)
    with open_ledger(office.site) as ledger:
        for case in group.sample[: group.drawn - leave]:
            say(ledger, case, word)
    return group_of(office)


def say(ledger: object, case: Case, word: Word, by: str = "wang") -> None:
    ledger.judge(case.left, case.right, word, by=by, because="", seen=case.seen)  # type: ignore[attr-defined]


def at(office: Office, name: str = "wang") -> Visitor:
    one = office.at_work(name)
    one.get(f"/groups/{group_of(office).pattern}")
    return one


def answers_rest(one: Visitor, group: Group, because: str = "抽查全是同一人") -> int:
    one.submit(f"/groups/{group.pattern}", because=because)
    assert one.page is not None
    return one.page.status_code


def test_the_sample_is_answered_case_by_case_the_rest_in_one_go_and_taken_back_at_once(
    office: Office,
) -> None:
    wang, group = office.at_work("wang"), group_of(office)
    wang.get("/")
    assert "1 组共 20 件情况完全相同" in wang.text
    wang.get("/groups")
    (address,) = wang.tree.xpath("//main//td/a/@href")
    wang.get(address)
    assert "这 20 件情况完全相同" in wang.text and "16 件（已答 0 件）" in wang.text
    assert not wang.tree.xpath("//main//button") and not any(f"{one}岚" in wang.text for one in SURNAMES)
    (begin,) = wang.tree.xpath("//main//a[@rel='next']/@href")
    wang.get(begin)
    asked = []
    while wang.tree.xpath("//*[@data-case]"):
        asked.append(wang.case)
        wang.judges("same")
    assert sorted(asked) == sorted(one.id for one in group.sample)
    assert "答案全是：是同一人" in wang.text and "其余 4 件一并裁定：是同一人" in wang.text
    assert answers_rest(wang, group) == 200
    assert "其余 4 件已一并裁定" in wang.text
    lines = office.lines()
    assert [line.kind for line in lines[16:]] == ["verdict"] * 4 + ["together"]
    assert {(line.body["verdict"], line.body["by"]) for line in lines[16:20]} == {("same", "wang")}
    seen = {(one.left, one.right): one.seen for one in group.cases[16:]}
    assert {(line.body["left"], line.body["right"]): line.body["seen"] for line in lines[16:20]} == seen
    with open_ledger(office.site) as ledger:
        assert ledger.recall(lines[16].body["because"]) == (
            "情况相同的 20 件，抽查 16 件全部一致，其余一并裁定：抽查全是同一人"
        )
    about = lines[20].body["group"]
    assert (about["cases"], about["sample"]) == (
        20,
        [group_of(office).said[one.id].seq for one in group.sample],
    )
    wang.submit("/undo")
    assert "已撤销同一次写入的全部裁定" in wang.text
    assert [line.body["of"] for line in office.lines()[21:]] == [17, 18, 19, 20]
    assert group_of(office).state == "agreed"
    assert [one for one in office.noted() if one[0] in ("judged", "undone")][-2:] == [
        ("judged", "wang"),
        ("undone", "wang"),
    ]


def test_one_other_answer_dissolves_the_group_and_its_cases_are_asked_one_by_one(office: Office) -> None:
    group = answered(office, leave=1)
    wang = office.at_work("wang")
    wang.get(f"/cases/{group.sample[-1].id}?group={group.pattern}")
    wang.judges("different")
    assert "这组的答案不一致" in wang.text and not wang.tree.xpath("//main//button")
    key = wang.tree.xpath("//input[@name='form_key']/@value")[0]
    said = {"form_key": key, "because": "都一样", "digest": ""}
    assert wang.client.post(f"/groups/{group.pattern}", data=said).status_code == 409
    assert len(office.lines()) == 16
    wang.get("/")
    assert "情况完全相同" not in wang.text
    wang.get(f"/cases/{group.cases[-1].id}")
    assert wang.case == group.cases[-1].id


@pytest.mark.parametrize("leave", [0, 1])
def test_nothing_is_said_of_the_rest_before_the_sample_is_whole_nor_without_a_reason(
    office: Office, leave: int
) -> None:
    group = answered(office, leave=leave)
    wang = at(office)
    if leave:
        assert "抽查答完并且全部一致之后" in wang.text and not wang.tree.xpath("//main//button")
    else:
        assert answers_rest(wang, group, because=" ") == 400 and "请写明理由" in wang.text
    assert len(office.lines()) == 16 - leave


def test_what_was_said_or_taken_back_since_one_looked_is_shown_and_nothing_is_saved(office: Office) -> None:
    group = answered(office)
    wang = at(office)
    with open_ledger(office.site) as ledger:
        say(ledger, group.cases[-1], "same", by="li")
    assert answers_rest(wang, group) == 409 and "有了变化" in wang.text and len(office.lines()) == 17
    with open_ledger(office.site) as ledger:
        ledger.undo(1, by="wang", because="")
    assert answers_rest(wang, group) == 409 and len(office.lines()) == 18


def test_a_case_that_a_colleague_holds_is_left_to_them(office: Office) -> None:
    group = answered(office)
    li = office.at_work("li")
    li.get(f"/cases/{group.cases[-1].id}")
    wang = at(office)
    assert "其余 3 件一并裁定" in wang.text
    assert answers_rest(wang, group) == 200
    assert group.cases[-1].id not in group_of(office).said


def test_an_analyst_only_looks_and_nobody_sees_a_group_of_other_areas(office: Office) -> None:
    group = answered(office)
    zhao = at(office, "zhao")
    assert "答案全是：是同一人" in zhao.text and not zhao.tree.xpath("//main//button")
    with open_desk(office.site) as con:
        keep_to(con, "li", ["别的社区"])
    assert office.at_work("li").get(f"/groups/{group.pattern}").status_code == 404


def test_when_the_sample_is_thought_over_what_was_answered_in_one_go_still_stands_there_to_be_taken_back(
    office: Office,
) -> None:
    group = answered(office)
    wang = at(office)
    answers_rest(wang, group)
    with open_ledger(office.site) as ledger:
        say(ledger, group.sample[0], "different")
    li, wang = at(office, "li"), at(office)
    assert "这组的答案不一致" in wang.text and "其余 4 件已由 wang" in wang.text
    assert not li.tree.xpath("//form[@action='/undo']")
    wang.submit("/undo")
    assert len(group_of(office).said) == 16


@needs_chromium
def test_in_a_browser_the_last_of_the_sample_lead_back_to_the_group_and_the_rest_goes_by_one_button(
    office: Office, browser: Browser
) -> None:
    group = answered(office, leave=3)
    with opened(office.site.root, office.clock, browser) as shop:
        page = shop.at_work()
        page.get_by_role("link", name="1 组共 20 件情况完全相同").click()
        page.get_by_role("link", name="打开").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("这 20 件情况完全相同")
        page.keyboard.press("j")
        for left in (2, 1, 0):
            case = page.locator("[data-case]").get_attribute("data-case") or ""
            page.keyboard.press("y")
            if left:
                expect(page.locator("[data-case]")).not_to_have_attribute("data-case", case)
        expect(page.get_by_role("heading", name="其余 4 件")).to_be_visible()
        assert page.url == f"{shop.address}/groups/{group.pattern}"
        page.get_by_label("理由").fill("抽查全是同一人")
        page.get_by_role("button", name="其余 4 件一并裁定：是同一人").click()
        expect(page.get_by_role("status")).to_contain_text("其余 4 件已一并裁定")
        page.get_by_role("button", name="一并撤销").click()
        expect(page.get_by_role("status")).to_contain_text("已撤销同一次写入的全部裁定")
        kinds = [line.kind for line in shop.lines()]
        assert kinds == ["verdict"] * 20 + ["together"] + ["undo"] * 4
