"""Values that stand above: only where a merged range, or 同上, says so."""

from __future__ import annotations

from collections.abc import Callable

from connectors.platform import Platform
from connectors.read.sheet import Row
from connectors.stage import Staged

Stage = Callable[..., Staged]
Make = Callable[..., Platform]

HOUSEHOLDS = """
[export]
format = "xls"
file = "*"
merge_down = ["户号", "户主"]
columns = ["户号", "户主", "姓名", "电话"]
[fields]
household_number = "户号"
head_name = "户主"
name = "姓名"
phone = "电话"
"""
HEADER = ["户号", "户主", "姓名", "电话"]


def stated(staged: Staged, field: str) -> list[str | None]:
    by_record = {c["record_id"]: c["stated"] for c in staged.claims.to_pylist() if c["field"] == field}
    return [by_record.get(record) for record in staged.records["record_id"].to_pylist()]


def test_m09_a_household_written_once_is_filled_inside_its_block_only(platform: Make, staged: Stage) -> None:
    rows = [
        HEADER,
        ["H1", "张伟", "张伟", "1"],
        Row(3, ["", "", "王芳", ""], "vvs."),
        Row(4, ["", "", "李静", ""], "..s."),
    ]
    found = staged(platform(HOUSEHOLDS), rows)
    assert stated(found, "household_number") == ["H1", "H1", None]
    assert stated(found, "head_name") == ["张伟", "张伟", None]


def test_m09_a_merged_name_never_makes_two_people_of_one(platform: Make, staged: Stage) -> None:
    rows = [HEADER, ["H1", "张伟", "张伟", "13800138000"], Row(3, ["", "", "", "13900139000"], "vvvs")]
    found = staged(platform(HOUSEHOLDS), rows)
    assert [(row["row"], row["reason"]) for row in found.quarantine.to_pylist()] == [(3, "no_identity")]


def test_m09_a_row_that_is_only_covered_states_nothing(platform: Make, staged: Stage) -> None:
    rows = [HEADER, ["H1", "张伟", "张伟", ""], Row(3, ["", "", "", ""], "vv..")]
    assert staged(platform(HOUSEHOLDS), rows).rows_in == 1


DITTO = """
[export]
format = "xlsx"
file = "*"
ditto = true
columns = ["姓名", "电话", "地址"]
[fields]
name = "姓名"
phone = "电话"
address = "地址"
"""


def test_m63_ditto_means_the_value_above_through_any_number_of_rows(platform: Make, staged: Stage) -> None:
    rows = [
        ["姓名", "电话", "地址"],
        ["张伟", "1", "近江家园"],
        ["王芳", "2", "同上"],
        ["李静", "〃", "同上"],
    ]
    found = staged(platform(DITTO), rows)
    assert stated(found, "address") == ["近江家园"] * 3 and stated(found, "phone") == ["1", "2", "2"]


def test_m63_ditto_with_nothing_above_or_behind_a_gap_says_nothing(platform: Make, staged: Stage) -> None:
    rows = [["姓名", "电话", "地址"], ["张伟", "1", "同上"], Row(4, ["王芳", "2", "近江家园"], "sss")]
    rows.append(Row(7, ["李静", "3", "同上"], "sss"))
    found = staged(platform(DITTO), rows)
    assert [c["key"] for c in found.claims.to_pylist() if c["stated"] == "同上"] in ([], [None, None])
    assert stated(found, "address")[1] == "近江家园"


def test_m63_nobody_is_called_ditto(platform: Make, staged: Stage) -> None:
    found = staged(platform(DITTO), [["姓名", "电话", "地址"], ["张伟", "1", ""], ["同上", "2", ""]])
    assert found.staged == 1 and found.quarantine["reason"].to_pylist() == ["no_identity"]
