"""Who is kept to some grids works on the cases of their people, and sees nobody else's; nor pages about a whole platform."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import PEOPLE, SECOND, TWIN, night
from warehouse.ledger import open_ledger
from warehouse.site import Site, read_site

FIRST_GRID, OTHER_GRID = "近江社区第1网格", "近江社区第2网格"


@pytest.fixture(scope="module")
def placed(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office after a night on which the grid says where the twin and another live."""
    root: Path = tmp_path_factory.mktemp("placed") / "site"
    shutil.copytree(staffed, root, symlinks=True)
    grid = PEOPLE["grid"]
    child = {**grid["child"], "grid": OTHER_GRID}
    night(read_site(root), SECOND, {"grid": {**grid, "twin": {**TWIN, "grid": FIRST_GRID}, "child": child}})
    with open_desk(read_site(root)) as con:
        keep_to(con, "wang", [FIRST_GRID])
        keep_to(con, "lin", [FIRST_GRID])
    return root


@pytest.fixture
def site(placed: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(placed, tmp_path / "site", symlinks=True)))


def test_the_queue_holds_the_cases_of_ones_own_people_only(office: Office) -> None:
    mine = [one for one in office.book.cases if FIRST_GRID in one.areas]
    assert 0 < len(mine) < len(office.book.cases)
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/")
    assert f"{len(mine)} 案待裁定" in wang.text
    li.get("/")
    assert f"{len(office.book.cases)} 案待裁定" in li.text
    for _ in mine:
        wang.get("/next")
        assert wang.case in {one.id for one in mine}
        wang.judges("unsure")
    wang.get("/next")
    assert "没有待裁定的案子" in wang.text or wang.tree.xpath("//*[@data-case]") == []


def test_one_works_through_the_cases_of_one_grid(office: Office) -> None:
    there = {one.id for one in office.book.cases if FIRST_GRID in one.areas}
    li, wang = office.at_work("li"), office.at_work("wang")
    li.get("/", params={"area": FIRST_GRID})
    assert f"{len(there)} 案待裁定" in li.text
    (begin,) = li.tree.xpath("//a[@rel='next']/@href")
    li.get(str(begin))
    for _ in there:
        assert li.case in there
        li.judges("unsure")
    assert li.tree.xpath("//*[@data-case]") == [] and "没有等您裁定的案件了" in li.text
    wang.get("/", params={"area": OTHER_GRID})
    offered = {str(one) for one in wang.tree.xpath("//select[@id='area']/option/@value")}
    assert "0 案待裁定" in wang.text and offered <= {"", FIRST_GRID}


def test_anothers_case_is_none_whoever_has_opened_it(office: Office) -> None:
    (other, *_) = [one.id for one in office.book.cases if FIRST_GRID not in one.areas]
    office.at_work("li").get(f"/cases/{other}")
    wang = office.at_work("wang")
    wang.get("/tonight")
    key = wang.form("/language")["form_key"]
    assert wang.get(f"/cases/{other}").status_code == wang.get(f"/cases/{other}/reach").status_code == 404
    said = {"form_key": key, "verdict": "same", "knew": "0", "seen": office.book.cases[0].seen}
    assert wang.client.post(f"/cases/{other}/verdict", data=said).status_code == 404
    assert wang.client.post(f"/cases/{other}/defer", data={"form_key": key, "days": "7"}).status_code == 404
    assert office.lines() == []


def test_nobody_elses_people_are_found_or_shown(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    found = {}
    for one, name in ((wang, "wang"), (li, "li")):
        one.get("/tonight")
        for asked in ("李建军", "欧阳明泽"):
            one.submit("/search", asked=asked)
            found[name, asked] = [str(link) for link in one.tree.xpath("//table//a/@href")]
    assert found["wang", "李建军"] == found["li", "李建军"] != []
    assert found["wang", "欧阳明泽"] == [] != found["li", "欧阳明泽"]
    assert wang.get(found["li", "欧阳明泽"][0]).status_code == 404
    assert wang.get(found["li", "李建军"][0]).status_code == 200


def test_whose_twin_lives_elsewhere_hears_nothing_of_them_while_typing(office: Office) -> None:
    found = {}
    for name in ("lin", "mei"):  # lin is kept to the first grid
        one = office.at_work(name)
        one.get("/enter")
        for asked in (TWIN["name"], PEOPLE["grid"]["child"]["name"]):
            typed = {"form_key": one.form("/enter")["form_key"], "name": asked}
            found[name, asked] = "同名" in one.client.post("/enter/alike", data=typed).text
    assert [found[one, TWIN["name"]] for one in ("lin", "mei")] == [True, True]
    assert [found[one, PEOPLE["grid"]["child"]["name"]] for one in ("lin", "mei")] == [False, True]


def test_an_approver_who_is_kept_to_an_area_takes_back_others_verdicts_there_and_nowhere_else(
    office: Office,
) -> None:
    with open_desk(office.site) as con:
        keep_to(con, "zhou", [FIRST_GRID])
    there, elsewhere = (
        next(one for one in office.book.cases if (FIRST_GRID in one.areas) is inside)
        for inside in (True, False)
    )
    with open_ledger(office.site) as ledger:
        lines = {
            one.id: ledger.judge(one.left, one.right, "different", by="li", because="见过", seen=one.seen)
            for one in (there, elsewhere)
        }
    zhou = office.at_work("zhou")
    zhou.get("/tonight")
    key = zhou.form("/language")["form_key"]
    for one in (there, elsewhere):
        zhou.client.post("/undo", data={"form_key": key, "line": str(lines[one.id]), "because": "不对"})
    assert [line.body["of"] for line in office.lines() if line.kind == "undo"] == [lines[there.id]]


def test_going_live_concerns_everybodys_areas_and_is_for_nobody_who_is_kept_to_some(office: Office) -> None:
    with open_desk(office.site) as con:
        keep_to(con, "zhou", [FIRST_GRID])
    zhou = office.at_work("zhou")
    assert zhou.get("/platforms").status_code == 200
    assert zhou.tree.xpath("//form[starts-with(@action, '/platforms/')]") == []
    said = {"form_key": zhou.form("/language")["form_key"], "say": "live", "because": "发文"}
    assert zhou.client.post("/platforms/grid", data=said).status_code == 403
    assert office.lines() == []


def test_pages_about_whole_platforms_are_for_who_has_no_such_limit(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    for address in ("/approvals", "/approvals/hukou", "/refused", "/intake"):
        assert (wang.get(address).status_code, li.get(address).status_code) == (403, 200)
    wang.get("/tonight")
    assert wang.tree.xpath("//nav[@class='pages']/a[@href='/approvals']") == []
    assert [
        str(one).strip() for one in wang.tree.xpath("//ul[@class='tiles']//a/text()") if str(one).strip()
    ] == ["案待裁定", "处值有矛盾", "处户口有矛盾", "人的记录等第二人看"]


def test_an_administrator_keeps_somebody_to_an_area_from_the_next_click_on(office: Office) -> None:
    admin, li = office.at_work("admin"), office.at_work("li")
    admin.get("/accounts")
    admin.submit("/accounts/li/areas", areas=f"{OTHER_GRID}、 近江社区")
    assert "区域已改" in admin.text and admin.form("/accounts/li/areas")["areas"] == f"近江社区、{OTHER_GRID}"
    assert li.get("/approvals").status_code == 403
    admin.submit("/accounts/li/areas", areas="")
    assert li.get("/approvals").status_code == 200
