"""Households on one sheet, members on another; or members inside households."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.errors import ExportRefused
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


def claims(staged: Staged) -> list[tuple[str, str, str]]:
    return sorted((row["record_id"], row["field"], row["stated"]) for row in staged.claims.to_pylist())


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
        ("成员", 3, "orphan_member"),
        ("成员", 4, "orphan_member"),
        ("家庭", 3, "empty_household"),
        ("家庭", 4, "duplicate_household"),
        ("家庭", 5, "empty_household"),
    ]
    assert (found.rows_in, found.staged) == (7, 2)


def test_members_that_come_in_batches_find_their_household_all_the_same(
    platform: Make, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    households = [FAMILY, *([f"H{at}", f"近江家园{at}幢"] for at in (1, 2, 3, 3, 9))]
    members = [MEMBER, *([f"M{at}", f"H{at % 5}", f"王{chr(0x4E00 + at)}"] for at in range(20))]
    at_once = staged(platform(TWO), 成员=members, 家庭=households)
    monkeypatch.setattr("connectors.stage.cells.BATCH_ROWS", 3)
    in_batches = staged(platform(TWO), 成员=members, 家庭=households)
    assert sorted(reasons(in_batches)) == sorted(reasons(at_once))
    assert claims(in_batches) == claims(at_once)
    assert (in_batches.rows_in, in_batches.staged) == (at_once.rows_in, at_once.staged) == (25, 15)


def test_households_that_no_member_names_are_no_data(platform: Make, staged: Stage) -> None:
    with pytest.raises(ExportRefused, match="只有表头"):
        staged(platform(TWO), 家庭=[FAMILY, ["H1", "a"]], 成员=[MEMBER])


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
