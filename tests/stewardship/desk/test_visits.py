"""A visit: asked for, out of the queue, on a sheet that betrays nobody, and back before all other cases."""

from __future__ import annotations

import sqlite3

from stewardship.staff import keep_to
from stewardship.store import open_desk
from stewardship.visits import OUT, questions
from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import HOME, JIANGUO
from warehouse.ledger import open_ledger

FOUND = "是双胞胎兄弟，手机号 13912345678 是哥哥的"


def test_a_case_goes_to_the_door_and_comes_back_first_with_what_was_found(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    last = str(wang.tree.xpath("//table//tr[last()]//a/@href")[-1])
    wang.get(last)
    case = wang.case
    wang.submit(f"/cases/{case}/visit")
    assert wang.tree.xpath("//ol/li") and case[:8] in wang.text
    wang.get("/")
    assert f"{len(office.book.cases) - 1} 案待裁定" in wang.text and "上门核实（1）" in wang.text
    wang.get("/visits")
    assert wang.tree.xpath("//main//ul//a/@href") == [f"/cases/{case}/visit"]
    wang.get(f"/cases/{case}/visit")
    wang.submit(f"/cases/{case}/visited")
    assert wang.page is not None and wang.page.status_code == 400
    wang.submit(f"/cases/{case}/visited", because=FOUND)
    assert "案件回到队列最前" in wang.text
    wang.get("/")
    assert wang.tree.xpath("//table//a/@href")[0] == last and "上门已回" in wang.text
    wang.get("/next")
    assert wang.case == case and FOUND in wang.text
    wang.judges("different")
    assert wang.case != case
    for kind in ("visit_asked", "visited"):
        assert (kind, "wang") in office.noted()
    with sqlite3.connect(office.site.desk) as con:
        assert FOUND not in str(con.execute("select * from visit").fetchall())
    with open_ledger(office.site) as ledger:
        (line,) = ledger.lines("visited")
        assert FOUND not in str(line.body) and ledger.recall(line.body["because"]) == FOUND


def test_the_sheet_holds_no_value_but_the_address_to_go_to(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("brother", "twin")
    wang.get(f"/cases/{case}")
    wang.submit(f"/cases/{case}/visit")
    assert "李**" in wang.text and HOME.split("|")[5] not in wang.text
    wang.submit("/values", why="上门核实")
    (left, right) = (one.text_content() for one in wang.tree.xpath("//main//section"))
    for part in (left, right):
        assert HOME.split("|")[5] in part and "李**" in part
        assert JIANGUO["name"] not in part and JIANGUO["phone"] not in part and "19900506" not in part
    assert "双胞胎" in left and "手机号" in left


def test_what_is_asked_comes_from_what_differs(office: Office) -> None:
    def asked(left: str, right: str) -> list[str]:
        case = office.book.case(office.case(left, right))
        assert case is not None
        return list(questions(case, office.book.sheet(case)))

    assert asked("brother", "twin") == ["relative", "name", "phone_shared"]
    assert "number_shared" in asked("one_name", "other_name")
    assert asked("between", "tied_one") == ["relative", "phone_shared"]


def test_a_sheet_that_was_lost_takes_no_case_with_it_and_nobody_sees_visits_elsewhere(office: Office) -> None:
    wang, case = office.at_work("wang"), office.case("brother", "twin")
    wang.get(f"/cases/{case}")
    assert wang.client.get(f"/cases/{case}/visit").status_code == 404  # nobody asked for one yet
    wang.submit(f"/cases/{case}/visit")
    office.clock.pass_by(days=OUT.days, minutes=2)
    wang = office.at_work("wang")
    wang.get("/")
    assert f"{len(office.book.cases)} 案待裁定" in wang.text
    with open_desk(office.site) as con:
        keep_to(con, "li", ["别的社区"])
    li = office.at_work("li")
    li.get("/visits")
    assert "0 案在外" in li.text and li.get(f"/cases/{case}/visit").status_code == 404
