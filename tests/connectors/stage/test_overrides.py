"""What people said of single rows holds for that row and that value, wherever the row stands, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.overrides import Override

HEADER = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
BAD = "锟斤拷"
ROWS = [
    ["P1", "王芳", "", "1980-01-01", "13800000001", "近江家园1幢"],
    ["P2", BAD, "", "1981-02-02", "13800000002", "近江家园2幢"],
    ["P3", "李娜", "", "1982-03-03", "13800000003", "近江家园3幢"],
]
KEYLESS = [["", *row[1:]] for row in ROWS]


def over(
    row: str, column: str = "姓名", *, line: int = 7, bad: str | None = BAD, value: str | None = "张伟"
) -> Override:
    action: Any = "drop" if value is None else "fix"
    return Override(line, "", "trial", row, column, action, bad, value, date(2027, 1, 1), "李主任", "查过")


@pytest.fixture(scope="session")
def told(staged: Callable[..., Any], platform: Callable[..., Any]) -> Callable[..., Any]:
    """Stage rows, a header above them, with overrides."""
    trial = platform()

    def told(rows: list[list[str]], *overrides: Override, header: list[str] = HEADER) -> Any:
        return staged(trial, [header, *rows], overrides=overrides)

    return told


def reference(told: Callable[..., Any], rows: list[list[str]]) -> str:
    (row,) = told(rows).quarantine.to_pylist()
    return str(row["reference"])


def names(found: Any) -> list[str]:
    return [claim["stated"] for claim in found.claims.to_pylist() if claim["field"] == "name"]


@pytest.mark.parametrize("rows", [ROWS, KEYLESS], ids=["with a key", "without a key"])
def test_a_mended_row_comes_in_with_its_value_and_says_by_which_line(told, rows) -> None:
    found = told(rows, over(reference(told, rows)))
    assert (found.rows_in, found.staged, found.quarantined) == (3, 3, 0)
    assert sorted(names(found)) == ["张伟", "李娜", "王芳"]
    (use,) = found.overridden.to_pylist()
    (record,) = [claim["record_id"] for claim in found.claims.to_pylist() if claim["stated"] == "张伟"]
    assert use == {"line": 7, "record_id": record, "column": "姓名"}


@pytest.mark.parametrize("rows", [ROWS, KEYLESS], ids=["with a key", "without a key"])
@settings(max_examples=20)
@given(order=st.permutations(range(3)), columns=st.permutations(range(6)))
def test_it_holds_wherever_the_row_stands_and_in_whatever_order_the_columns_are(
    told, rows, order, columns
) -> None:
    moved = [[rows[at][column] for column in columns] for at in order]
    found = told(moved, over(reference(told, rows)), header=[HEADER[column] for column in columns])
    assert (found.quarantined, sorted(names(found))) == (0, ["张伟", "李娜", "王芳"])


@settings(max_examples=30)
@given(
    key=st.sampled_from(["P2", "P9"]),
    column=st.sampled_from(["姓名", "联系电话"]),
    bad=st.sampled_from([BAD, "锟斤", "张伟 "]),
    sent=st.sampled_from([BAD, "锟斤", "周敏"]),
)
def test_it_applies_if_and_only_if_row_column_and_bad_value_are_the_ones_it_names(
    told, key, column, bad, sent
) -> None:
    said = over(reference(told, ROWS), column, bad=bad, value="张伟" if column == "姓名" else "13900000000")
    rows = [ROWS[0], [key, sent, *ROWS[1][2:]], ROWS[2]]
    found = told(rows, said)
    applies = (key, column) == ("P2", "姓名") and bad == sent
    assert bool(len(found.overridden)) == applies
    assert ("张伟" in names(found)) == applies
    assert found.rows_in == found.staged + found.quarantined == 3
    assert found.quarantined == (0 if applies or sent == "周敏" else 1)


@pytest.mark.parametrize("rows", [ROWS, KEYLESS], ids=["with a key", "without a key"])
def test_a_row_that_is_nothing_is_not_counted_and_nothing_else_is_lost(told, rows) -> None:
    found = told(rows, over(reference(told, rows), value=None))
    assert (found.rows_in, found.staged, found.quarantined) == (2, 2, 0)
    assert found.overridden.to_pylist() == [{"line": 7, "record_id": None, "column": ""}]


def test_a_row_said_to_be_nothing_counts_again_when_it_states_something_else(told) -> None:
    said = over(reference(told, ROWS), value=None)
    assert told([ROWS[0], ["P2", "周敏", *ROWS[1][2:]], ROWS[2]], said).rows_in == 3
    assert told([ROWS[0], ["P2", "锟斤", *ROWS[1][2:]], ROWS[2]], said).quarantined == 1


def test_a_key_that_stands_twice_names_no_row(told) -> None:
    twice = [ROWS[0], ROWS[1], ["P2", "周敏", *ROWS[2][2:]]]
    assert reference(told, twice) != reference(told, ROWS)


def test_an_erased_value_mends_nothing(told) -> None:
    row = reference(told, ROWS)
    assert told(ROWS, over(row, bad=None)).quarantined == 1
    assert told(ROWS, over(row, value="张伟"), over("elsewhere", value=None)).quarantined == 0


def test_a_number_typed_by_a_person_is_text(told, staged, platform) -> None:
    from connectors.read.sheet import Row

    bad = Row(2, ["P1", "锟斤拷", "330102198001011200", "1980-01-01", "", ""], "ssnd..")
    header = Row(1, HEADER, "ssssss")
    (row,) = staged(platform(), [header, bad]).quarantine.to_pylist()
    said = [
        over(row["reference"]),
        over(row["reference"], "身份证号", line=8, bad="330102198001011200", value="33010219800101123X"),
    ]
    found = staged(platform(), [header, bad], overrides=said)
    (number,) = [claim for claim in found.claims.to_pylist() if claim["field"] == "id_number"]
    assert number["stated"] == "33010219800101123X" and number["quality"] != "truncated15"
    assert {use["line"] for use in found.overridden.to_pylist()} == {7, 8}
