"""Values that contradict each other: seen side by side, settled by a word on what was seen, and undone."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from stewardship.accounts import add_account
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import CIVIL, MOVED, NEXT, PASSWORD, THIRD, Office, Visitor
from tests.stewardship.office import JIANGUO, PEOPLE, SECOND, night
from warehouse.ledger import open_ledger
from warehouse.pins import pins
from warehouse.site import Site, read_site
from warehouse.store import read_store

HUKOU = {**PEOPLE["hukou"], "brother": {**PEOPLE["hukou"]["brother"], "phone": NEXT}}


@pytest.fixture(scope="module")
def contested(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office in which the registry and the civil affairs both entered a new phone of one man, two different ones."""
    root: Path = tmp_path_factory.mktemp("contested") / "site"
    shutil.copytree(staffed, root, symlinks=True)
    night(read_site(root), SECOND, {"hukou": HUKOU, "civil": CIVIL})
    return root


@pytest.fixture
def site(contested: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(contested, tmp_path / "site", symlinks=True)))


def opened(office: Office, name: str = "wang") -> Visitor:
    one = office.at_work(name)
    one.get("/conflicts")
    return one


def action(one: Visitor) -> str:
    (found,) = {str(form.action) for form in one.tree.forms if "/conflicts/" in str(form.action)}
    return found


def settles(one: Visitor, platform: str, because: str = "打电话问过本人") -> int:
    """Fills in the reason and clicks beside the value of a platform."""
    (record,) = one.tree.xpath(f"//tr[contains(th, '{platform}')]//button/@value")
    key = one.tree.xpath("//input[@name='form_key']/@value")[0]
    said = {"form_key": key, "conflict": action(one).rpartition("/")[2], "record": record, "because": because}
    one.page = one.client.post(action(one), data=said)
    return one.page.status_code


def settled(office: Office) -> list[tuple[str, str, str, str | None]]:
    with open_ledger(office.site) as ledger:
        return [(one.record_id, one.field, one.by, one.because) for one in pins(ledger)]


def test_both_values_stand_side_by_side_masked_with_their_differences_and_are_counted(office: Office) -> None:
    wang = opened(office)
    assert "1 处值有矛盾" in wang.text and "户籍" in wang.text and "民政" in wang.text
    assert "139****0099" in wang.text and "139****0088" in wang.text
    assert not {MOVED, NEXT, JIANGUO["name"]} & set(wang.text.split())
    assert [str(mark) for mark in wang.tree.xpath("//mark/text()")] in (["99", "88"], ["88", "99"])
    wang.submit("/values", why="电话核实")
    assert MOVED in wang.text and NEXT in wang.text
    for page in ("/", "/tonight"):
        wang.get(page)
        assert wang.tree.xpath("//a[@href='/conflicts']/b/text()") == ["1"]


def test_a_steward_settles_one_it_is_golden_on_the_next_night_and_can_be_taken_back(office: Office) -> None:
    wang = opened(office)
    with read_store(office.book.snapshot) as con:
        ((golden,),) = con.execute("select value from golden.conflict").fetchall()
    rival, record, phone = ("户籍", "brother", NEXT) if golden == MOVED else ("民政", "brother_too", MOVED)
    settles(wang, rival)
    assert "下一夜起以它为准" in wang.text and "0 处值有矛盾" in wang.text
    assert settled(office) == [(record, "phone", "wang", "打电话问过本人")]
    night(office.site, THIRD, {})
    office.current.turn()
    with read_store(office.book.snapshot) as con:
        golden = "select v.value, v.rule from golden.value as v join resolved.record as r using (resident_id)"
        found = con.execute(f"{golden} where r.record_id = 'brother' and v.field = 'phone'").fetchall()
    assert found == [(phone, "pin")]
    wang.get("/conflicts")
    wang.submit("/pins/undo", because="看错了")
    assert "已撤回" in wang.text and settled(office) == []
    assert [kind for kind, _ in office.noted() if "pinned" in kind] == ["pinned", "unpinned"]


def test_what_was_taken_back_waits_again_at_once(office: Office) -> None:
    wang = opened(office)
    settles(wang, "民政")
    wang.submit("/pins/undo", because="看错了")
    wang.get("/conflicts")
    assert "1 处值有矛盾" in wang.text


def test_enter_in_the_reason_settles_nothing(office: Office) -> None:
    wang = opened(office)
    name = action(wang)
    (first, *answers) = wang.tree.xpath(
        f"//form[@action='{name}']//button[@disabled] | //button[@form=//form[@action='{name}']/@id]"
    )
    assert first.get("disabled") is not None and first.get("name") is None  # a browser presses the first one
    assert [one.get("name") for one in answers] == ["record", "record"]


@pytest.mark.parametrize("because", ["", "  "])
def test_no_reason_saves_nothing(office: Office, because: str) -> None:
    wang = opened(office)
    assert settles(wang, "民政", because) == 409
    assert "请写明理由" in wang.text and settled(office) == []


def test_who_comes_second_and_who_looked_at_other_values_are_told_and_nothing_is_saved(
    office: Office,
) -> None:
    wang, li = opened(office), opened(office, "li")
    settles(wang, "民政")
    assert settles(li, "户籍") == 409
    assert "已经有人定过" in li.text and len(settled(office)) == 1
    wang.submit("/pins/undo", because="看错了")
    li.get("/conflicts")
    night(office.site, THIRD, {"civil": {**CIVIL, "brother_too": {**JIANGUO, "phone": "13900000077"}}})
    office.current.turn()
    assert settles(li, "民政") == 409 and settled(office) == []


def test_what_is_put_off_comes_back(office: Office) -> None:
    wang = opened(office)
    wang.page = wang.client.post(
        action(wang), data={"form_key": wang.tree.xpath("//input[@name='form_key']/@value")[0], "days": "7"}
    )
    assert "已推迟" in wang.text and "0 处值有矛盾" in wang.text
    office.clock.now += timedelta(days=8)
    assert "1 处值有矛盾" in opened(office).text


def test_an_analyst_only_looks_nobody_sees_other_areas_and_only_an_approver_undoes_for_others(
    office: Office,
) -> None:
    zhao = opened(office, "zhao")
    assert "1 处值有矛盾" in zhao.text and not zhao.tree.xpath("//td//button")
    with open_desk(office.site) as con:
        add_account(con, "sun", "steward", PASSWORD, office.clock())
        con.execute("insert into area values ('sun', '别的社区')")
    assert "0 处值有矛盾" in opened(office, "sun").text
    wang, li = opened(office), opened(office, "li")
    settles(wang, "民政")
    li.get("/conflicts")
    assert not li.tree.xpath("//form[@action='/pins/undo']")
    zhou = opened(office, "zhou")
    zhou.submit("/pins/undo", because="本人来电更正")
    assert settled(office) == []
