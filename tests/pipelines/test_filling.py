"""`enter-once fill`: a form that nobody prepared for, filled from golden, and who may know of it afterwards."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from connectors.platform import read_platforms
from dedup.normalise.id_numbers import check_character
from warehouse.facts import write_facts
from warehouse.ids import potential_id
from warehouse.ledger import open_ledger
from warehouse.publish import find_wanted
from warehouse.site import Site
from warehouse.snapshot import publish_snapshot
from warehouse.store import open_store, rebuild

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

NIGHT = date(2026, 11, 19)
HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301"
OLD = ("--purpose", "elderly_benefits", "--as", "clerk")


def _number(born: str, serial: int) -> str:
    first17 = f"330102{born.replace('-', '')}{serial:03d}"
    return first17 + check_character(first17)


# record -> what is golden of its resident; nobody may pass on what the record `shut` says
PEOPLE: dict[str, dict[str, str]] = {
    "zhang": {"name": "张三", "sex": "1", "birth_date": "1944-01-01", "id_number": _number("1944-01-01", 11), "phone": "13800000001", "address": HOME, "marital": "20", "political": "01"},
    "li": {"name": "李四", "sex": "2", "birth_date": "1946-02-02", "id_number": _number("1946-02-02", 22), "address": HOME, "marital": "30"},
    "wang": {"name": "王五", "sex": "1", "birth_date": "1990-03-03", "id_number": _number("1990-03-03", 33)},
    "dead": {"name": "赵六", "birth_date": "1940-04-04", "id_number": _number("1940-04-04", 44), "death_flag": "1"},
    "shut": {"name": "钱七", "birth_date": "1941-05-05", "id_number": _number("1941-05-05", 55)},
}  # fmt: skip


def _settle(site: Site) -> dict[str, str]:
    """A published warehouse with these residents; the id of each."""
    ids = {record: potential_id(site.key, "resident", record) for record in PEOPLE}
    with open_store(site) as con:
        write_facts(con, read_platforms()[0].values())
        for record, told in PEOPLE.items():
            con.execute(
                "insert into staged.record by name select ? as record_id, 'grid' as platform, true as present, ?::date as first_night",
                [record, NIGHT],
            )
            con.execute(
                "insert into resolved.record by name select ? as record_id, ? as resident_id",
                [record, ids[record]],
            )
            con.executemany(
                "insert into golden.value by name select ? as resident_id, ? as field, ? as value, ? as taken_from,"
                " ? as shareable, 'ok' as quality, 'only' as rule, 1 as sources",
                [[ids[record], field, value, record, record != "shut"] for field, value in told.items()],
            )
        rebuild(con, "golden.resident")
        find_wanted(con, NIGHT)
    publish_snapshot(site, NIGHT)
    return ids


@pytest.fixture(scope="module")
def office(towns: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("office") / "site"
    return root, _settle(towns.town(root))


def _form(path: Path, *rows: list[Any], **more: Any) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["某街道高龄老人核实表"])
    sheet.append(
        ["序号", "姓名", "身份证号", "联系电话", "现住址", "婚姻状况", "政治面貌", "健康状况", "走访记录"]
    )
    sheet.merge_cells("A1:I1")
    for row in rows:
        sheet.append(row)
    for cell, value in more.items():
        sheet[cell] = value
    book.save(path)
    return path


def _sheet(path: Path) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(path).active.iter_rows(3, values_only=True)]


def test_a_blank_form_is_filled_for_whom_a_condition_holds(
    office: Any, enter_once: Any, tmp_path: Path
) -> None:
    root, ids = office
    form, out = _form(tmp_path / "核实.xlsx"), tmp_path / "filled.xlsx"
    ran = enter_once(
        "fill", form, "--out", out, *OLD, "--where", "age >= 80", "--site", root, "--json", "--lang", "zh"
    )
    assert (ran.status, ran.found["people"], ran.found["cells"]) == (0, 2, 9)
    home = "上城区望江街道近江社区近江路12号近江家园5幢2单元301室"
    zhang, li = PEOPLE["zhang"], PEOPLE["li"]
    assert _sheet(out) == [
        [1, "张三", zhang["id_number"], "13800000001", home, "已婚", None, None, None],
        [2, "李四", li["id_number"], None, home, "丧偶", None, None, None],
    ]
    states = {one["header"]: one["state"] for one in ran.found["columns"]}
    assert states["政治面貌"] == "not_for_purpose" and states["健康状况"] == "forbidden"
    assert states["走访记录"] == "unknown" and states["序号"] == "row_number"
    assert oct(out.stat().st_mode & 0o777) == "0o600"
    told = enter_once("told", ids["li"], "--site", root, "--json").found["told"]
    assert {one["field"] for one in told} == {"name", "id_number", "address", "marital"}
    assert {(one["title"], one["purpose"], one["receipt"]) for one in told} == {
        ("核实.xlsx", "老年人补贴与服务申报", "form")
    }
    assert PEOPLE["li"]["id_number"] not in enter_once("told", ids["li"], "--site", root).out


def test_a_list_that_already_stands_in_the_form_is_filled_in_its_rows(
    office: Any, enter_once: Any, tmp_path: Path
) -> None:
    root, _ = office
    zhang, li, wang = (PEOPLE[one] for one in ("zhang", "li", "wang"))
    form = _form(
        tmp_path / "下发.xlsx",
        [7, "李四", li["id_number"], "13999999999", None, "丧偶", None, None, None, "任务-7"],
        [8, "司马无名", None, None, None, None, None, None, None, "任务-8"],
        [9, "张三", zhang["id_number"], None, None, "离异", None, None, "不在家", "任务-9"],
        [10, "王五", zhang["id_number"], None, None, None, None, None, None, "任务-10"],
        [11, "赵六", PEOPLE["dead"]["id_number"], None, None, None, None, None, None, "任务-11"],
    )
    book = openpyxl.load_workbook(form)
    book.active.column_dimensions["J"].hidden = True
    book.active["B5"].font = Font(bold=True)
    book.save(form)
    out = tmp_path / "filled.xlsx"
    ran = enter_once("fill", form, "--out", out, *OLD, "--site", root, "--json")
    assert ran.status == 1 and ran.found["people"] == 2
    assert [(one["row"], one["reason"]) for one in ran.found["left_out"]] == [
        (4, "too_little"), (6, "another_name"), (7, "not_admitted"),
    ]  # fmt: skip
    rows = _sheet(out)
    assert [row[0] for row in rows] == [7, 8, 9, 10, 11] and [row[9] for row in rows] == [
        f"任务-{n}" for n in range(7, 12)
    ]
    assert rows[0][3] == "13999999999" and rows[0][4] is not None
    assert rows[2][3] == "13800000001" and rows[2][5] == "离异" and rows[2][8] == "不在家"
    assert ran.found["differences"] == ["F5"]
    assert rows[1][2:9] == [None] * 7 and rows[3][3] is None
    sheet = openpyxl.load_workbook(out).active
    assert sheet.column_dimensions["J"].hidden and sheet["B5"].font.b
    assert wang["id_number"] not in ran.out and "张三" not in ran.out


def test_a_list_in_a_file_of_its_own_names_people_by_number_or_by_our_id(
    office: Any, enter_once: Any, tmp_path: Path
) -> None:
    root, ids = office
    people = tmp_path / "people.csv"
    lines = [
        "居民编号,姓名,身份证号",
        f"{ids['wang']},,",
        f",张三,{PEOPLE['zhang']['id_number']}",
        ",钱七," + PEOPLE["shut"]["id_number"],
    ]
    people.write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "filled.xlsx"
    form = _form(tmp_path / "form.xlsx")
    ran = enter_once("fill", form, "--out", out, *OLD, "--list", people, "--site", root, "--json")
    assert [row[1] for row in _sheet(out)] == ["王五", "张三"]
    assert ran.status == 1 and ran.found["left_out"] == [{"row": 4, "reason": "not_admitted"}]


# story, arguments behind `fill FORM --site ROOT`, what is said
WRONG: list[tuple[str, list[str], str]] = [
    ("nobody asked for", [*OLD], "还没有说填哪些人。请加上 --list 名单文件，或 --where 条件"),
    ("an unknown purpose", ["--purpose", "随便", "--as", "clerk", "--where", "true"], "没有「随便」这个用途"),
    ("a role that sees no values", ["--purpose", "emergency", "--as", "analyst", "--where", "true"], "角色 analyst 不能填"),
    ("an unknown role", ["--purpose", "emergency", "--as", "mayor", "--where", "true"], "没有 mayor 这种角色"),
    ("a condition on what it may not have", [*OLD, "--where", "political = '01'"], "可用的列：age、name"),
    ("nobody found", [*OLD, "--where", "age > 200"], "没有一个居民符合 --where 的条件"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "said"), [pytest.param(*case[1:], id=case[0]) for case in WRONG])
def test_wrong_use_says_what_to_do_and_leaves_neither_file_nor_line(
    office: Any, enter_once: Any, tmp_path: Path, asked: list[str], said: str
) -> None:
    root, _ = office
    form, out = _form(tmp_path / "form.xlsx"), tmp_path / "filled.xlsx"
    before = _lines(root)
    ran = enter_once("fill", form, "--out", out, *asked, "--site", root)
    assert ran.status == 2 and said in ran.err
    assert [one.name for one in tmp_path.iterdir()] == ["form.xlsx"] and _lines(root) == before


def test_a_file_that_is_there_is_never_written_over(office: Any, enter_once: Any, tmp_path: Path) -> None:
    form = _form(tmp_path / "form.xlsx")
    before = form.read_bytes()
    ran = enter_once("fill", form, "--out", form, *OLD, "--where", "age >= 80", "--site", office[0])
    assert ran.status == 2 and "已经存在，不会覆盖" in ran.err
    assert form.read_bytes() == before


def test_a_form_that_cannot_be_written_is_not_noted(office: Any, enter_once: Any, tmp_path: Path) -> None:
    form = _form(tmp_path / "form.xlsx", F3='=IF(B3="","","已婚")')
    before = _lines(office[0])
    ran = enter_once(
        "fill", form, "--out", tmp_path / "o.xlsx", *OLD, "--where", "age >= 80", "--site", office[0]
    )
    assert ran.status == 2 and "F3：「婚姻状况」列在模板里是公式" in ran.err
    assert _lines(office[0]) == before and [one.name for one in tmp_path.iterdir()] == ["form.xlsx"]


def _lines(root: Path) -> int:
    from warehouse.site import read_site

    with open_ledger(read_site(root)) as ledger:
        return len(ledger.lines())
