"""Moves that wait for a second person at the desk: the list, looking without knowing, agreeing, differing, deciding."""

from __future__ import annotations

import pytest

from stewardship.cases import fingerprints
from stewardship.four_eyes import Tier
from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import Office, Visitor
from tests.stewardship.office import JIANGUO
from tests.stewardship.test_moves import APART, WHOSE, says
from warehouse.ledger import open_ledger
from warehouse.store import read_store
from warehouse.words import Word

WHY = "上门看过"


@pytest.fixture(autouse=True)
def everything_needs_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """What platforms would be told takes long to find out and is looked at by `test_moving.py`."""
    monkeypatch.setattr("stewardship.four_eyes.tier", lambda: Tier(0, {}))
    monkeypatch.setattr("stewardship.desk.moving.what_would_be_told", lambda *_: ({}, {}))


@pytest.fixture
def resident(office: Office) -> str:
    """The brother, of whom there are two records."""
    case = office.book.case(office.case("brother", "twin"))
    assert case is not None
    return case.residents[0]


def moves(one: Visitor, resident: str, record: str = "brother_too", to: str = "lijianjun") -> str:
    """Tick a record, look, and save; what the page says then."""
    address = f"/residents/{resident}/move"
    one.get(address)
    one.submit(address, **{f"record-{record}": "1", "to": to}, say="look")
    assert "须两人裁定" in one.text
    one.submit(address, say="save", because=f"{one_name(one)} {WHY}")
    return one.text


def wang_moves(office: Office) -> None:
    """Wang moves the other record of the brother to the twin."""
    words: list[tuple[tuple[str, str], Word]] = [(APART, "different"), (WHOSE, "same")]
    says(office.site, "wang", *words, going=["brother_too"], because=f"wang {WHY}")


def stays(one: Visitor, resident: str) -> str:
    """Say that all records are the resident's; what the page says then."""
    one.get(f"/residents/{resident}/move")
    one.submit(f"/residents/{resident}/stay", because=f"{one_name(one)} {WHY}")
    return one.text


def one_name(one: Visitor) -> str:
    return str(one.tree.xpath("string(//a[@class='who'])"))


def listed(one: Visitor) -> list[tuple[str, str]]:
    """Who stands in the list, each with what it is to who looks."""
    assert one.get("/moves").status_code == 200
    return [
        (str(row.xpath("string(.//a/@href)")).split("/")[2], row.xpath("string(td[5])").strip())
        for row in one.tree.xpath("//table/tbody/tr")
    ]


def standing(office: Office) -> dict[tuple[str, str], Word]:
    with open_ledger(office.site) as ledger:
        return {(one.left, one.right): one.verdict for one in ledger.verdicts()}


def test_who_is_moved_by_one_stands_in_the_list_of_the_other_until_they_move_the_same(
    office: Office, resident: str
) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    assert listed(wang) == [] and "没有人的记录等您看" in wang.text
    for _ in range(2):  # saying it twice does not make two people of one
        assert "还没有生效" in moves(wang, resident) and standing(office) == {}
    assert listed(wang) == [(resident, "等一位同事看")] and "0 人的记录等您看" in wang.text
    assert listed(li) == [(resident, "等您看")] and "2 条中的 1 条" in li.text
    for first in ("wang", JIANGUO["name"], "twin", "是同一人"):
        assert first not in li.tree.xpath("string(//main)")
    li.get("/tonight")
    assert li.tree.xpath("//ul[@class='tiles']//a[@href='/moves']/b/text()") == ["1"]
    li.get("/")
    assert li.tree.xpath("//nav[@class='also']/a[@href='/moves']/b/text()") == ["1"]
    li.get(f"/residents/{resident}/move")
    assert "有同事认为" in li.text and "wang" not in li.text and li.tree.xpath("//*[@id='told']") == []
    assert "下一夜起生效" in moves(li, resident)
    assert standing(office) == {APART: "different", WHOSE: "same"}
    assert listed(wang) == listed(li) == []
    assert ("viewed", "li") in office.noted()


def test_looking_shows_the_second_what_they_ticked_and_nothing_of_the_first(
    office: Office, resident: str
) -> None:
    """The preview is the same to the letter as that of somebody whom nobody was before, but for what the page says at its head."""
    li, address = office.at_work("li"), f"/residents/{resident}/move"
    shown = []
    for before in (lambda: None, lambda: wang_moves(office)):
        before()
        li.get(address)
        li.submit(address, **{"record-brother": "1", "to": ""}, say="look")
        shown.append(
            [" ".join(one.text_content().split()) for one in li.tree.xpath("//form//ul | //form//h2")]
        )
    assert shown[0] == shown[1] != []


@pytest.mark.parametrize("otherwise", ["all stay", "the other record"])
def test_where_the_second_says_otherwise_an_approver_sees_both_and_decides(
    office: Office, resident: str, otherwise: str
) -> None:
    wang, li, zhou = (office.at_work(name) for name in ("wang", "li", "zhou"))
    wang_moves(office)
    told = stays(li, resident) if otherwise == "all stay" else moves(li, resident, "brother")
    assert "与另一人的意见不同" in told
    both_say: dict[tuple[str, str], Word] = {APART: "different"} if otherwise != "all stay" else {}
    assert standing(office) == both_say
    for one in (wang, li):
        assert listed(one) == [(resident, "意见不同，等批准人决定")]
    assert listed(zhou) == [(resident, "意见不同，等您决定")]
    zhou.get(f"/residents/{resident}/move")
    assert f"wang {WHY}" in zhou.text and f"li {WHY}" in zhou.text
    assert "下一夜起生效" in stays(zhou, resident)
    assert standing(office) == {APART: "same", WHOSE: "different"} | both_say
    assert listed(zhou) == listed(wang) == []


def test_who_differs_is_shown_to_no_third_who_does_not_decide(office: Office, resident: str) -> None:
    wang_moves(office)
    stays(office.at_work("li"), resident)
    with open_desk(office.site) as con:
        con.execute("update account set role = 'steward' where name = 'zhou'")
    zhou = office.at_work("zhou")
    assert listed(zhou) == []
    zhou.get(f"/residents/{resident}/move")
    assert WHY not in zhou.text and zhou.tree.xpath("//form[contains(@action, '/stay')]") == []


def test_what_was_looked_at_before_the_first_spoke_is_shown_anew_and_nothing_is_said_twice(
    office: Office, resident: str
) -> None:
    li, address = office.at_work("li"), f"/residents/{resident}/move"
    li.get(address)
    li.submit(address, **{"record-brother": "1", "to": ""}, say="look")
    wang_moves(office)
    said = len(office.lines())
    li.submit(address, say="save", because=WHY)
    assert li.page is not None and li.page.status_code == 409 and "有同事认为" in li.text
    li.get(address)
    kept = li.form(f"/residents/{resident}/stay")
    li.submit(f"/residents/{resident}/stay")
    assert li.page.status_code == 400 and len(office.lines()) == said
    for status in (200, 409):  # a double click
        answer = li.client.post(f"/residents/{resident}/stay", data={**kept, "because": WHY})
        assert answer.status_code == status
        assert len(office.lines()) == said + 3


def test_the_first_takes_it_back_from_the_page_and_nobody_is_asked_any_more(
    office: Office, resident: str
) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang_moves(office)
    wang.get(f"/residents/{resident}/move")
    assert f"wang {WHY}" in wang.text
    wang.submit("/undo")
    assert listed(li) == listed(wang) == []


def test_a_word_on_a_case_that_is_none_any_more_is_told_its_author_as_the_pair(
    office: Office, resident: str
) -> None:
    with read_store(office.book.snapshot) as con:
        seen = fingerprints(con, office.site.key, [APART])[APART]
    with open_ledger(office.site) as ledger:
        ledger.judge(*APART, "different", by="wang", because="", seen=seen, needs=2)
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get(f"/residents/{resident}/move")
    assert "户籍 brothe 不是同一人 民政 brothe" in wang.text
    assert listed(li) == [(resident, "等您看")] and "2 条中的 2 条" in li.text


def test_nobody_kept_to_another_area_and_nobody_who_does_not_judge_is_told(
    office: Office, resident: str
) -> None:
    wang_moves(office)
    with open_desk(office.site) as con:
        keep_to(con, "li", ["别的社区"])
    li = office.at_work("li")
    assert listed(li) == []
    li.get("/tonight")
    assert li.tree.xpath("//ul[@class='tiles']//a[@href='/moves']/b/text()") == ["0"]
    assert li.client.post(f"/residents/{resident}/stay", data=li.form("/logout")).status_code == 404
    zhao = office.at_work("zhao")
    assert zhao.get("/moves").status_code == 403
    zhao.get("/tonight")
    assert zhao.tree.xpath("//a[@href='/moves']") == []
