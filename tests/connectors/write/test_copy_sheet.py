"""A platform that takes no file gets a sheet to print and key from."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

from lxml import html

from connectors.platform import PLATFORMS, Platform, read_platform
from connectors.write.draft import draft
from connectors.write.manifest import Change
from connectors.write.outbox import write_outbox

NIGHT = date(2026, 11, 23)


def _by_hand() -> Platform:
    grid = read_platform(PLATFORMS / "grid.toml")
    return replace(grid, receive=replace(grid.receive, returns="copy_sheet"))


def _sheet(folder: Path, name: str = "王<b>伟") -> Path:
    changes = [
        Change("r1", "WG1", "marital", "40", "correct"),
        Change("r1", "WG1", "phone", "13800138000;13900139000", "fill"),
        Change("r2", "WG2", "education", "20", "fill"),
    ]
    held = {"r1": {"name": name, "address": "近江家园5幢"}, "r2": {"name": "李四", "address": "近江家园6幢"}}
    manifest = write_outbox(
        folder, draft(_by_hand(), changes, held), NIGHT, batch="grid-20261116-1", live=False
    )
    assert manifest is not None and manifest.file == "grid.html"
    return folder / manifest.file


def test_each_person_has_the_cells_to_key_in_the_platforms_own_order_and_words(tmp_path: Path) -> None:
    page = html.fromstring(_sheet(tmp_path).read_text(encoding="utf-8"))
    tables = [
        [[cell.text for cell in row.iter("td", "th")] for row in table.iter("tr")]
        for table in page.iter("table")
    ]
    assert tables == [
        [["☐", "补空", "联系电话", "13800138000;13900139000"], ["☐", "更正", "婚姻状况", "离异"]],
        [["☐", "补空", "文化程度", "大学本科教育"]],
    ]
    assert [h2.text for h2 in page.iter("h2")][1] == "2. 人员编号：WG2　姓名：李四　门牌地址：近江家园6幢"


def test_people_whom_the_platform_does_not_have_stand_last_with_a_line_for_their_number(
    tmp_path: Path,
) -> None:
    told = {
        "name": "孙小满",
        "id_number": "330102199505061120",
        "address": "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301",
    }
    new = [Change("+r0", "", field, value, "insert") for field, value in told.items()]
    drafted = draft(
        _by_hand(),
        [*new, Change("r1", "WG1", "education", "20", "fill")],
        {"r1": {"name": "李四", "address": "近江"}},
    )
    assert not drafted.left_out
    write_outbox(tmp_path, drafted, NIGHT, batch="grid-20261116-1", live=False)
    page = html.fromstring((tmp_path / "grid.html").read_text(encoding="utf-8"))
    assert [one.text for one in page.iter("h2")] == [
        "1. 人员编号：WG1　姓名：李四　门牌地址：近江",
        "2. 新增：孙小满",
    ]
    lines = [[cell.text for cell in row.iter("td", "th")] for row in list(page.iter("table"))[1].iter("tr")]
    assert [line[:3] for line in lines] == [
        ["☐", "新增", "姓名"],
        ["☐", "新增", "身份证号"],
        ["☐", "新增", "门牌地址"],
        ["☐", "记下", "平台给的「人员编号」"],
    ]
    assert "先按证件号码查一遍" in page.text_content()


def test_it_runs_and_loads_nothing_whatever_a_cell_says_and_only_its_owner_may_read_it(
    tmp_path: Path,
) -> None:
    file = _sheet(tmp_path, '<script src="http://x">王伟</script>')
    page = html.fromstring(file.read_text(encoding="utf-8"))
    assert not list(page.iter("script", "img", "link", "iframe", "b"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_changes_give_the_same_sheet_and_none_left_takes_it_away(tmp_path: Path) -> None:
    assert _sheet(tmp_path).read_bytes() == _sheet(tmp_path).read_bytes()
    assert (
        write_outbox(tmp_path, draft(_by_hand(), [], {}), NIGHT, batch="grid-20261116-1", live=False) is None
    )
    assert list(tmp_path.iterdir()) == []
