"""Looking somebody up, and a resident's page."""

from __future__ import annotations

import sqlite3

from stewardship.store import open_desk
from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import HTML_NAME, JIANGUO, SECOND
from warehouse.golden import build_golden
from warehouse.snapshot import publish_snapshot
from warehouse.store import open_store


def test_looking_up_leads_to_a_resident_and_back_to_the_cases(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    wang.submit("/search", asked="lijian")
    assert "“lijian”：找到 2 位" in wang.text
    assert "李**" in wang.text and JIANGUO["name"] not in wang.text
    links = wang.tree.xpath("//table//a/@href")
    for link in links:
        wang.get(link)
        if "2 条记录" in wang.text:
            break
    assert "户籍" in wang.text and "主管部门" in wang.text and JIANGUO["name"] not in wang.text
    wang.submit("/values", why="电话核实")
    assert JIANGUO["name"] in wang.text and JIANGUO["phone"] in wang.text
    (case,) = wang.tree.xpath("//ul[@class='siblings']//a/@href")
    wang.get(case)
    assert wang.case == office.case("brother", "twin")
    assert set(links) == {str(one) for one in wang.tree.xpath("//a[@class='letter']/@href")}
    wang.judges("different")
    wang.get(links[0])
    assert "不是同一人 brothe twin 现在有效" in wang.text


def test_what_is_looked_for_is_in_the_audit_beside_the_chain_and_in_no_address(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    wang.submit("/search", asked="李建国")
    assert wang.page is not None and wang.page.url.query == b""
    assert office.noted() == [("searched", "wang")]
    with sqlite3.connect(office.site.audit) as con:
        assert "李建国" not in str(con.execute("select * from line").fetchall())
        assert con.execute("select text from value").fetchall() == [("李建国",)]


def test_an_analyst_looks_up_masked_and_an_admin_not_at_all(office: Office) -> None:
    zhao, admin = office.at_work("zhao"), office.at_work("admin")
    zhao.get("/")
    zhao.submit("/search", asked="李建国")
    assert "李**" in zhao.text and zhao.tree.xpath("//form[@action='/values']") == []
    admin.get("/search")
    assert admin.page is not None and admin.page.status_code == 403


def test_nobody_is_nobody_and_html_is_a_name(office: Office) -> None:
    wang = office.at_work("wang")
    assert wang.get("/residents/R0000000000000000").status_code == 404
    assert wang.get("/residents/..%2fsecret.key").status_code == 404
    wang.get("/")
    wang.submit("/search", asked="script")
    wang.submit("/values", why="x")
    wang.submit("/search", asked="<script")
    assert HTML_NAME in wang.text and wang.tree.xpath("//script[not(@src)]") == []


def test_a_household_and_a_dwelling_lead_to_their_members_masked_and_to_nobody_elses(office: Office) -> None:
    with open_store(office.site) as con:
        con.execute(
            "update resolved.record set household_living_id = 'H1', household_registered_id = 'H2', dwelling_id = 'D1'"
            " where record_id in ('brother', 'brother_too', 'twin')"
        )
        build_golden(con)
        ((brother,),) = con.execute(
            "select resident_id from resolved.record where record_id = 'brother'"
        ).fetchall()
    publish_snapshot(office.site, SECOND)
    office.current.turn()
    wang = office.at_work("wang")
    wang.get(f"/residents/{brother}")
    homes = {str(one) for one in wang.tree.xpath("//aside//h2/a/@href")}
    assert homes == {"/household/H1", "/household/H2", "/dwelling/D1"}
    for home in homes:
        wang.get(home)
        assert "2 人" in wang.text and "李**" in wang.text and JIANGUO["name"] not in wang.text
        assert f"/residents/{brother}" in wang.tree.xpath("//ul[@class='siblings']//a/@href")
    assert office.noted()[-1] == ("viewed", "wang")
    assert wang.get("/household/H9").status_code == 404
    beside = f"/cases/{office.case('brother', 'twin')}/homes"
    wang.get(beside)
    assert [one.text_content().split()[0] for one in wang.tree.xpath("//main//h2")] == ["甲", "乙"]
    assert (
        len(wang.tree.xpath("//main//h3[contains(., '两人共有')]")) == 6 and JIANGUO["name"] not in wang.text
    )
    marked = [str(one) for one in wang.tree.xpath("//ul[@class='siblings']/li/b/text()")]
    assert sorted(marked) == ["乙"] * 6 + ["甲"] * 6
    with open_desk(office.site) as con:
        con.execute("insert into area values ('li', '别的社区')")
    li = office.at_work("li")
    assert li.get("/household/H1").status_code == li.get(beside).status_code == 404


def test_the_picture_of_the_links_is_drawn_without_a_script_and_says_the_same_in_a_table(
    office: Office,
) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    case = office.case("brother", "twin")
    wang.get(f"/cases/{case}")
    (beside,) = wang.tree.xpath("//details[@id='links']//a/@href")
    wang.get(beside)
    assert len(wang.tree.xpath("//svg//circle")) == 3 and len(wang.tree.xpath("//ol/li")) == 3
    drawn = wang.tree.xpath("//div[@role='region']/svg/path")
    assert len(drawn) == len(wang.tree.xpath("//table/tbody/tr")) > 0
    assert wang.tree.xpath("//main//*[@style]") == [] and JIANGUO["name"] not in wang.text
    (person,) = {str(one) for one in office.book.case(case).residents[:1]}  # type: ignore[union-attr]
    wang.get(f"/residents/{person}/links")
    assert "连为一人" in wang.text
    assert office.noted()[-1] == ("viewed", "wang")
    with open_desk(office.site) as con:
        con.execute("insert into area values ('li', '别的社区')")
    li = office.at_work("li")
    for address in (beside, f"/residents/{person}/links", "/residents/R0000000000000000/links"):
        assert li.get(address).status_code == 404
