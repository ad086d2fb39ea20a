"""The office's own form: what is typed is kept, who may be meant is shown first, and nobody else's row is touched."""

from __future__ import annotations

import os
import sqlite3

import duckdb
import pytest

from tests.stewardship.desk.conftest import Office, Visitor
from tests.stewardship.office import JIANGUO, PEOPLE, SECOND, number
from warehouse.entries import Entry, entries, note_left
from warehouse.ledger import open_ledger

NEWCOMER = {"name": "孙小满", "id_number": number("33010219950506112"), "phone": "13655556666", "sex": "女"}


def typed(office: Office) -> list[Entry]:
    with open_ledger(office.site) as ledger:
        return entries(ledger)


def types(office: Office, who: str, /, **row: str) -> Visitor:
    one = office.at_work(who)
    one.get("/enter")
    one.submit("/enter", **row)
    return one


def status(one: Visitor) -> int:
    assert one.page is not None
    return one.page.status_code


def test_what_nobody_knows_is_saved_at_once_as_it_was_typed(office: Office) -> None:
    lin = types(office, "lin", **NEWCOMER)
    assert "已保存" in lin.text and "孙**" in lin.text and NEWCOMER["phone"] not in lin.text
    (one,) = typed(office)
    assert (one.by, one.row) == ("lin", NEWCOMER)
    with open_ledger(office.site) as ledger:
        assert ledger.verify() is None
        assert NEWCOMER["name"] not in str([line.body for line in ledger.lines()])
    assert office.noted() == [("entered", "lin")]


@pytest.mark.parametrize(
    ("row", "because"),
    [
        ({"name": JIANGUO["name"], "birth_date": "1990-05-06"}, "同名同生日"),
        ({"name": "李健国", "id_number": number("33010219900506111")}, "证件号相同"),
        ({"name": "李见国", "birth_date": "1990-05-06", "phone": JIANGUO["phone"]}, "同电话同生日"),
        ({"name": PEOPLE["hukou"]["alone"]["name"]}, "同名"),
    ],
)
def test_who_may_be_meant_is_shown_masked_before_anything_is_saved(
    office: Office, row: dict[str, str], because: str
) -> None:
    lin = types(office, "lin", **row)
    assert status(lin) == 409 and because in lin.text and "可能已经有这个人" in lin.text
    shown = lin.tree.xpath("string(//ul[@class='found'])")
    assert JIANGUO["name"] not in shown and JIANGUO["phone"] not in shown and "**" in shown
    assert typed(office) == []
    lin.submit("/enter")  # as it stands, having looked
    assert "已保存" in lin.text and [one.row for one in typed(office)] == [row]


def test_somebody_else_who_is_alike_has_to_be_looked_at_anew(office: Office) -> None:
    lin = types(office, "lin", name=JIANGUO["name"])
    lin.submit("/enter", name=PEOPLE["hukou"]["alone"]["name"])
    assert status(lin) == 409 and typed(office) == []


@pytest.mark.parametrize(
    "row",
    [
        {"phone": "13655556666"},
        {"name": "孙小满", "id_number": NEWCOMER["id_number"][:-1] + "5"},
        {"name": "孙小满", "id_number": "330102********1234"},
        {"name": "孙小满", "birth_date": "1995-13-40"},
        {"name": "孙小满", "sex": "不详的"},
        {"name": "孙小满", "id_number": NEWCOMER["id_number"], "birth_date": "1971-02-05"},
        {"name": "孙小满", "id_number": NEWCOMER["id_number"], "sex": "男"},
    ],
)
def test_what_is_missing_unreadable_or_contradicts_the_number_is_marked_and_kept_in_the_form(
    office: Office, row: dict[str, str]
) -> None:
    lin = types(office, "lin", **row)
    assert status(lin) == 400 and typed(office) == []
    assert len(lin.tree.xpath("//div[@class='bad']")) == 1
    assert {name: text for name, text in lin.form("/enter").items() if name in row and name != "sex"} == {
        name: text for name, text in row.items() if name != "sex"
    }


def read_by_a_night(office: Office) -> None:
    """What a night does to the rows that stand, as far as the desk sees it."""
    with open_ledger(office.site) as ledger:
        note_left(ledger, SECOND, "these bytes", [one.line for one in entries(ledger)])
    with duckdb.connect(str(office.book.snapshot)) as con:
        con.execute(
            "insert into landed.pull by name"
            " select $1 as night, 'desk' as platform, 'these bytes' as sha256, 'staged' as status, 1 as turn",
            [SECOND],
        )


def test_a_row_can_be_taken_back_by_who_typed_it_before_and_after_a_night_has_read_it(office: Office) -> None:
    lin = types(office, "lin", **NEWCOMER)
    (one,) = typed(office)
    other = office.at_work("mei")
    other.get("/enter")
    assert "孙**" not in other.text
    key = other.form("/enter")["form_key"]
    assert other.client.post(f"/enter/{one.line}", data={"form_key": key}).status_code == 409
    lin.submit(f"/enter/{one.line}")
    assert "已撤回" in lin.text and typed(office) == []
    lin.submit("/enter", **NEWCOMER)
    (again,) = typed(office)
    assert "等下一夜的 1 条" in lin.text
    read_by_a_night(office)
    for name, may in (("mei", False), ("wang", False), ("zhou", True), ("lin", True)):
        colleague = office.at_work(name)
        colleague.get("/enter")
        assert ("已收下的 1 条" in colleague.text) is may and "等下一夜" not in colleague.text
    assert other.client.post(f"/enter/{again.line}", data={"form_key": key}).status_code == 409
    lin.get("/enter")
    lin.submit(f"/enter/{again.line}")
    assert "下一夜起不再算数" in lin.text and typed(office) == []


def test_whether_a_night_has_read_a_row_does_not_hang_on_when_a_file_was_copied(office: Office) -> None:
    lin = types(office, "lin", **NEWCOMER)
    later = office.clock().timestamp() + 3600
    os.utime(office.book.snapshot, (later, later))
    lin.get("/enter")
    assert "等下一夜的 1 条" in lin.text


def test_while_one_types_the_same_is_asked_and_the_audit_knows(office: Office) -> None:
    lin = office.at_work("lin")
    lin.get("/enter")
    asked = {"form_key": lin.form("/enter")["form_key"], "name": JIANGUO["name"]}
    answer = lin.client.post("/enter/alike", data=asked, headers={"X-Part": "1"})
    assert "同名" in answer.text and JIANGUO["name"] not in answer.text and "<html" not in answer.text
    assert office.noted() == [("searched", "lin")] and typed(office) == []
    assert "没有发现" in lin.client.post("/enter/alike", data={**asked, "name": ""}).text


def test_an_analyst_or_admin_enters_nobody_and_html_stays_text(office: Office) -> None:
    for name in ("zhao", "admin"):
        assert office.at_work(name).get("/enter").status_code == 403
    lin = types(office, "lin", name="<script>1</script>")
    assert lin.tree.xpath("//script[not(@src)]") == []


def test_what_was_typed_stays_in_the_form_when_the_ledger_cannot_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    lin = types(office, "lin", **NEWCOMER)
    monkeypatch.setattr("stewardship.desk.enter.take_back", full)
    (one,) = typed(office)
    lin.submit(f"/enter/{one.line}")
    assert status(lin) == 503 and "账本写不进去" in lin.text and typed(office) == [one]
    monkeypatch.setattr("stewardship.desk.enter.enter", full)
    lin.submit("/enter", name="周小雨")
    assert status(lin) == 503 and lin.form("/enter")["name"] == "周小雨"
