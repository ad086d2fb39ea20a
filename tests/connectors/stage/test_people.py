"""Several people in one cell: told apart, or put aside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.platform import Platform
from connectors.stage import Staged
from connectors.stage.people import split_names

Stage = Callable[..., Staged]
Make = Callable[..., Platform]

EXPORT = """
[export]
format = "xlsx"
file = "*"
split_people = "姓名"
columns = ["姓名", "身份证号", "出生日期", "电话", "地址"]
[fields]
name = "姓名"
id_number = "身份证号"
birth_date = "出生日期"
phone = "电话"
address = "地址"
"""
HEADER = ["姓名", "身份证号", "出生日期", "电话", "地址"]


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("张三、李四", ["张三", "李四"]),
        ("张三;李四；王五", ["张三", "李四", "王五"]),
        ("张三\n李四", ["张三", "李四"]),
        ("张三/李四", ["张三", "李四"]),
        ("张三(户主、党员)、李四（租）", ["张三(户主、党员)", "李四（租）"]),
        ("张三 李四光", ["张三", "李四光"]),
        ("阿卜杜热合曼·买买提、李四", ["阿卜杜热合曼·买买提", "李四"]),
        ("王 伟", ["王 伟"]),
        ("欧阳 建国", ["欧阳 建国"]),
        ("Mary Ann", ["Mary Ann"]),
        ("张三、", ["张三、"]),
        ("", [""]),
    ],
)
def test_m11_names_in_one_cell(stated: str, names: list[str]) -> None:
    assert split_names(stated) == names


@pytest.mark.parametrize("stated", ["张三等3人", "张三一家", "王芳夫妇", "张三、李", "张三、13800138000"])
def test_m11_people_that_cannot_be_told_apart(platform: Make, staged: Stage, stated: str) -> None:
    found = staged(platform(EXPORT), [HEADER, [stated, "", "", "", ""], ["王磊", "", "", "", ""]])
    (row,) = found.quarantine.to_pylist()
    assert (row["row"], row["column"], row["reason"], row["stated"]) == (
        2,
        "姓名",
        "unsplittable_people",
        stated,
    )
    assert "一人一行" in row["message"] and (found.rows_in, found.staged) == (2, 1)


def said(staged: Staged, field: str) -> list[tuple[int, str, str]]:
    part = {r["record_id"]: r["part"] for r in staged.records.to_pylist()}
    return [
        (part[c["record_id"]], c["stated"], c["quality"])
        for c in staged.claims.to_pylist()
        if c["field"] == field
    ]


def test_m11_cells_with_as_many_pieces_are_dealt_out_in_order(platform: Make, staged: Stage) -> None:
    ids = "330106198001011232、330106198202024563"
    found = staged(
        platform(EXPORT),
        [HEADER, ["张三、李四", ids, "1980/1/1、1982/2/2", "13800138000/13900139000", "近江家园"]],
    )
    assert (found.rows_in, found.staged, found.records["part"].to_pylist()) == (1, 1, [1, 2])
    assert [stated for _, stated, _ in said(found, "id_number")] == ids.split("、")
    assert [stated for _, stated, _ in said(found, "birth_date")] == ["1980/1/1", "1982/2/2"]
    assert [stated for _, stated, _ in said(found, "phone")] == ["13800138000", "13900139000"]
    # They live at one door.
    assert [stated for _, stated, _ in said(found, "address")] == ["近江家园", "近江家园"]


def test_m11_a_value_for_one_of_two_goes_to_the_first_and_never_counts_as_good(
    platform: Make, staged: Stage
) -> None:
    found = staged(platform(EXPORT), [HEADER, ["张三、李四", "330106198001011232", "", "无", ""]])
    assert said(found, "id_number") == [(1, "330106198001011232", "several")]
    assert said(found, "phone") == [(1, "无", "none")]
