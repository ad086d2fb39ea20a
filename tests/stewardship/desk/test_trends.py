"""The figures over the nights, and a steward's own work, as pages."""

from __future__ import annotations

from tests.stewardship.desk.conftest import Office


def test_the_figures_of_the_nights_stand_as_lines_and_as_a_table(office: Office) -> None:
    clerk = office.at_work("lin")
    assert clerk.get("/trends").status_code == 200
    (reports,) = {len(clerk.tree.xpath("//section[2]//tbody/tr"))}
    assert reports == len(list(office.site.reports.glob("????-??-??.json")))


def test_a_steward_sees_own_verdicts_and_a_clerk_has_no_such_page(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/own-work")
    assert "最近三十天没有裁定" in wang.text
    case = office.book.cases[0]
    for visitor in (wang, li):
        visitor.get(f"/cases/{case.id}")
    wang.judges("different")
    wang.get("/own-work")
    assert [cell.text for cell in wang.tree.xpath("//tbody/tr[1]/td[@class='number']")] == ["1", "0", "0"]
    li.get("/own-work")
    assert "最近三十天没有裁定" in li.text
    assert office.at_work("lin").get("/own-work").status_code == 403
