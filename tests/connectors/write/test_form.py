"""A form that nobody prepared for: what its columns ask, who stands in it, and what a cell takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation

from connectors.write.form import (
    CannotFill,
    Form,
    Slot,
    examine_form,
    examine_people,
    read_form,
    read_people,
    said_in,
    write_form,
)
from connectors.write.splice import Place
from warehouse.fields import fields

HEADERS = (
    "序号",
    "姓名",
    "性别",
    "身份证号码",
    "出生年月",
    "详细地址",
    "所属社区",
    "姓名",
    "电话",
    "是否独居",
    "银行卡号",
    "签字",
)


def subsidy_form(path: Path, *people: tuple[Any, ...]) -> Path:
    """A street's own form: a title, a note, a header of two rows with groups, hints, a list, a hidden key, a closing row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "申报表"
    sheet.append(["望江街道老年人补贴申报汇总表"])
    sheet.append(["填报单位：            填报日期："])
    sheet.append(
        [
            "序号",
            "基本情况",
            None,
            None,
            None,
            "居住情况",
            None,
            "监护人",
            None,
            "是否独居",
            "银行卡号",
            "签字",
        ]
    )
    sheet.append([None, "姓名", "性别", "身份证号码", "出生年月", "详细地址", "所属社区", "姓名", "电话"])
    for span in ("A1:L1", "A3:A4", "B3:E3", "F3:G3", "H3:I3", "J3:J4", "K3:K4", "L3:L4"):
        sheet.merge_cells(span)
    sheet.append(["自动生成", "必填", "下拉选择", "必填，18位", "格式YYYY/MM/DD", "必填", "系统内社区名"])
    rule = DataValidation(type="list", formula1='"男性,女性"')
    rule.add("C6:C20")
    sheet.add_data_validation(rule)
    sheet.column_dimensions["M"].hidden = True
    for number, person in enumerate(people, start=1):
        sheet.append([number, *person, *[None] * (11 - len(person)), f"任务-{number}"])
    sheet.cell(6 + max(len(people), 4), 1, "制表人：")
    book.save(path)
    return path


def form_of(path: Path) -> Form:
    """As `read_form` gives it, without a worker process."""
    answer = examine_form(path)
    slots = tuple(Slot(**{**slot, "choices": tuple(slot["choices"])}) for slot in answer["slots"])
    return Form(path, Place(**answer["place"]), slots, ())


def test_each_column_is_known_by_its_header_and_its_group(tmp_path: Path) -> None:
    form = form_of(subsidy_form(tmp_path / "form.xlsx"))
    assert (form.place.body, form.place.foot) == (6, 10)
    asked = {slot.header: slot.field or slot.kind for slot in form.slots}
    assert asked["基本情况/姓名"] == "name" and asked["监护人/姓名"] == "guardian"
    assert (asked["序号"], asked["银行卡号"], asked["签字"]) == ("row_number", "forbidden", "")
    by_field = {slot.field: slot for slot in form.slots}
    assert by_field["sex"].choices == ("男性", "女性") and by_field["birth_date"].format == "%Y/%m/%d"


def test_who_stands_in_it_is_read_and_closing_rows_are_nobody(tmp_path: Path) -> None:
    answer = examine_form(subsidy_form(tmp_path / "form.xlsx", ("张三", None, None, "1945-01-01"), ("李四",)))
    assert [(row["row"], row["cells"][1]) for row in answer["rows"]] == [(6, "张三"), (7, "李四")]


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        pytest.param({"I7": "13800000001"}, "I7", id="somebody's phone"),
        pytest.param({"F6": "近江路12号"}, "F6", id="an address"),
        pytest.param({"M8": "任务-3"}, "M8", id="the hidden key of a task"),
        pytest.param({"A6": "逐户核对后填写"}, "A6", id="a note"),
        pytest.param({"A6": 1, "A7": 2, "A8": 3}, None, id="numbered beforehand"),
    ],
)
def test_what_stands_there_about_nobody_known_is_not_written_over(
    tmp_path: Path, cells: dict[str, Any], place: str | None
) -> None:
    form = subsidy_form(tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(form)
    for at, value in cells.items():
        book.active[at] = value
    book.save(form)
    problem = examine_form(form).get("problem")
    assert problem is None if place is None else f"{place}：表里没有一行写明姓名" in problem


def test_hidden_rows_under_the_header_or_its_hints_get_nobody(tmp_path: Path) -> None:
    for hidden, body in (((6,), 7), ((5, 6), 7), ((6, 7), 8)):
        form = subsidy_form(tmp_path / "form.xlsx")
        book = openpyxl.load_workbook(form)
        for row in hidden:
            book.active.row_dimensions[row].hidden = True
        book.active["B6"] = "xm"
        book.save(form)
        answer = examine_form(form)
        assert (answer["place"]["body"], answer["rows"]) == (body, [])


def test_rows_are_put_in_and_the_rest_of_the_form_stays(tmp_path: Path) -> None:
    form = form_of(subsidy_form(tmp_path / "form.xlsx"))
    write_form(form, tmp_path / "out.xlsx", [(6 + n, {0: n + 1, 1: f"张{n}", 2: "男性"}) for n in range(6)])
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [sheet.cell(row, 2).value for row in range(6, 12)] == [f"张{n}" for n in range(6)]
    assert sheet["A12"].value == "制表人：" and sheet["A1"].value == "望江街道老年人补贴申报汇总表"
    assert sheet.column_dimensions["M"].hidden and "B3:E3" in {str(one) for one in sheet.merged_cells.ranges}
    assert [str(one.sqref) for one in sheet.data_validations.dataValidation] == ["C6:C20"]


def test_a_value_that_no_cell_holds_is_named_by_its_cell(tmp_path: Path) -> None:
    form = form_of(subsidy_form(tmp_path / "form.xlsx"))
    with pytest.raises(CannotFill) as refused:
        write_form(form, tmp_path / "out.xlsx", [(6, {1: "张三"}), (7, {5: "近江路" * 20_000})])
    assert str(refused.value).startswith(
        "文件 form.xlsx，工作表「申报表」，F7：「居住情况/详细地址」无法写出：超过 32767 个字符"
    )


SAID = [
    ("a word of the list", Slot(2, "性别", "sex", "", ("男性", "女性")), "sex", "2", "女性"),
    ("no word of the list", Slot(2, "婚姻", "marital", "", ("未婚", "已婚")), "marital", "30", None),
    ("a date as the hint says", Slot(4, "出生", "birth_date", "", format="%Y%m%d"), "birth_date", "1980-01-02", "19800102"),
    ("a flag in words", Slot(4, "人户一致", "residence_flag", ""), "residence_flag", "1", "是"),
    ("two phones", Slot(4, "电话", "phone", ""), "phone", "13800000001;13800000002", "13800000001、13800000002"),
    ("too long", Slot(4, "单位", "employer", "", max_length=3), "employer", "市政工程公司", None),
    ("a control character", Slot(4, "单位", "employer", ""), "employer", "市政\x07", None),
    ("text that looks like a formula", Slot(4, "单位", "employer", ""), "employer", "=1+1", "=1+1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("slot", "field", "key", "said"), [pytest.param(*case[1:], id=case[0]) for case in SAID]
)
def test_a_value_is_said_as_the_column_takes_it_or_not_at_all(
    slot: Slot, field: str, key: str, said: str | None
) -> None:
    assert said_in(slot, fields()[field], key) == said


def _csv(path: Path) -> None:
    path.write_text(
        "姓名,身份证号,现住址\n张三,330102194501011215,近江\n李四,330102195002022328,近江\n",
        encoding="gb18030",
    )


def _ids(path: Path) -> None:
    path.write_text("居民编号,姓名\nR0123456789abcdef,张三\nR0123456789abcdee,李四\n", encoding="utf-8")


@pytest.mark.parametrize(("write", "told"), [(_csv, "id_number"), (_ids, "resident")])
def test_a_list_of_any_format_says_who_is_meant(
    tmp_path: Path, write: Callable[[Path], None], told: str
) -> None:
    write(tmp_path / "list.csv")
    people = examine_people(tmp_path / "list.csv")["people"]
    assert [one["row"] for one in people] == [2, 3]
    assert all(told in one["told"] and "address" not in one["told"] for one in people)


def test_a_row_of_a_list_that_says_nothing_of_use_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("居民编号,姓名,备注\n,张三,\nR01234,,急\n", encoding="utf-8")
    assert examine_people(tmp_path / "list.csv")["people"] == [
        {"row": 2, "told": {"name": "张三"}},
        {"row": 3, "told": {}},
    ]


def test_what_is_no_form_or_no_list_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "scan.xlsx").write_bytes(b"%PDF-1.7")
    with pytest.raises(CannotFill, match=r"scan\.xlsx"):
        read_form(tmp_path / "scan.xlsx")
    with pytest.raises(CannotFill, match="没有这个文件"):
        read_people(tmp_path / "gone.csv")
