"""Households on one sheet, members on another; or members inside households."""

from __future__ import annotations

from collections.abc import Callable

from connectors.platform import Platform
from connectors.stage import Staged

Stage = Callable[..., Staged]
Make = Callable[..., Platform]

TWO = """
[export]
format = "xlsx"
file = "*"
key = "成员/编号"
columns = ["家庭/家庭编号", "家庭/住址", "成员/编号", "成员/家庭编号", "成员/姓名"]
two_sheets = { household = "家庭", members = "成员", link = "家庭编号" }
[fields]
address = "家庭/住址"
name = "成员/姓名"
household_number = "成员/家庭编号"
[ignore]
"家庭/家庭编号" = "已写在成员表里"
"""
FAMILY, MEMBER = ["家庭编号", "住址"], ["编号", "家庭编号", "姓名"]


def reasons(staged: Staged) -> list[tuple[str, int, str]]:
    return [(row["sheet"], row["row"], row["reason"]) for row in staged.quarantine.to_pylist()]


def test_members_take_what_their_household_states(platform: Make, staged: Stage) -> None:
    found = staged(
        platform(TWO),
        家庭=[FAMILY, ["H1", "近江家园1幢101室"], ["H2", "近江家园2幢201室"]],
        成员=[MEMBER, ["M1", "H2", "张伟"], ["M2", " H1", "李静"], ["M3", "H2", "王磊"]],
    )
    stated = [c["stated"] for c in found.claims.to_pylist() if c["field"] == "address"]
    assert stated == ["近江家园2幢201室", "近江家园1幢101室", "近江家园2幢201室"]
    assert found.records["source_key"].to_pylist() == ["M1", "M2", "M3"]
    # Both sheets' rows are source rows.
    assert (found.rows_in, found.staged, found.quarantined) == (5, 5, 0)


def test_what_has_no_partner_is_put_aside(platform: Make, staged: Stage) -> None:
    found = staged(
        platform(TWO),
        家庭=[FAMILY, ["H1", "a"], ["H9", "无人"], ["H1", "又一行"], ["", "没有编号"]],
        成员=[MEMBER, ["M1", "H1", "张伟"], ["M2", "H7", "李静"], ["M3", "", "王磊"]],
    )
    assert reasons(found) == [
        ("家庭", 3, "empty_household"),
        ("家庭", 4, "duplicate_household"),
        ("家庭", 5, "empty_household"),
        ("成员", 3, "orphan_member"),
        ("成员", 4, "orphan_member"),
    ]
    assert (found.rows_in, found.staged) == (7, 2)


def test_a_household_of_a_nested_export_without_members_is_put_aside(platform: Make, staged: Stage) -> None:
    export = """
[export]
format = "json"
file = "*"
records = ["data", "members"]
columns = ["hh", "members.xm"]
[fields]
household_number = "hh"
name = "members.xm"
"""
    found = staged(platform(export), [["hh", "members.xm"], ["H1", "张伟"], ["H2", ""]])
    assert reasons(found) == [("", 3, "empty_household")] and found.staged == 1
