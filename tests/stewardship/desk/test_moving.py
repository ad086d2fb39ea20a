"""Taking records out of a resident at the desk: ticked, looked at, saved as one act, taken back as one."""

from __future__ import annotations

from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import Office, Visitor
from tests.stewardship.office import JIANGUO
from warehouse.ledger import open_ledger


def page_of(office: Office, visitor: Visitor) -> str:
    """The page on which records of the brother are ticked."""
    case = office.book.case(office.case("brother", "twin"))
    assert case is not None
    address = f"/residents/{case.residents[0]}/move"
    assert visitor.get(f"/residents/{case.residents[0]}").status_code == 200
    assert address in visitor.tree.xpath("//main//a/@href")
    visitor.get(address)
    return address


def test_records_are_ticked_looked_at_saved_at_once_and_taken_back_at_once(office: Office) -> None:
    wang = office.at_work("wang")
    address = page_of(office, wang)
    assert JIANGUO["name"] not in wang.text and wang.tree.xpath("//*[@id='staged']") == []
    ticked = {"record-brother_too": "1", "to": "lijianjun"}
    wang.submit(address, **ticked, say="look")
    assert "要写入账本的裁定：2 条" in wang.text and "户籍 brothe 不是同一人 民政 brothe" in wang.text
    assert "民政 brothe 是同一人 网格 twin" in wang.text and office.lines() == []
    wang.submit(address, say="save")
    assert wang.page is not None and wang.page.status_code == 400 and office.lines() == []
    shown = wang.form(address)
    wang.submit(address, say="save", because="上门看过")
    assert "已记入账本：2 条裁定" in wang.text
    assert [line.kind for line in office.lines()] == ["verdict", "verdict", "together"]
    again = wang.client.post(address, data={**shown, "say": "save", "because": "上门看过"})
    assert again.status_code == 409 and len(office.lines()) == 3  # a double click
    wang.submit("/undo")
    assert "已撤销同一次写入的全部裁定" in wang.text
    assert [line.body["of"] for line in office.lines()[3:]] == [1, 2]
    kinds = [kind for kind, _ in office.noted()]
    assert kinds.count("moved") == 1 and kinds[-1] == "undone"


def test_what_others_said_meanwhile_is_shown_and_nothing_is_saved(office: Office) -> None:
    wang = office.at_work("wang")
    address = page_of(office, wang)
    wang.submit(address, **{"record-brother_too": "1", "to": "李建军"}, say="look")
    with open_ledger(office.site) as ledger:
        ledger.judge("brother", "twin", "same", by="li", because="", seen="f")
    wang.submit(address, say="save", because="上门看过")
    assert wang.page is not None and wang.page.status_code == 409 and len(office.lines()) == 1
    assert "与现有裁定矛盾" in wang.text and wang.tree.xpath("//button[@value='save']") == []


def test_nobody_of_another_area_is_moved_or_found_and_an_analyst_moves_nobody(office: Office) -> None:
    zhao, wang = office.at_work("zhao"), office.at_work("wang")
    address = page_of(office, wang)
    assert zhao.get(address).status_code == 403
    with open_desk(office.site) as con:
        keep_to(con, "wang", ["别的社区"])
    assert wang.get(address).status_code == 404
