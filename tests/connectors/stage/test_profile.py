"""What an export looks like as a whole: how full it is, codes that nobody knows, dates that change midway."""

from __future__ import annotations

import pytest

EXPORT = """
[export]
format = "xlsx"
file = "*.xlsx"
key = "编号"
columns = ["编号", "姓名", "出生日期", "婚姻状况"]
[fields]
name = "姓名"
birth_date = "出生日期"
marital = "婚姻状况"
"""
HEADER = ["编号", "姓名", "出生日期", "婚姻状况"]


def row(at: int, born: str = "1980-01-02", marital: str = "已婚") -> list[str]:
    return [f"P{at}", "王芳", born, marital]


@pytest.fixture
def stage_rows(staged, platform):
    return lambda rows: staged(platform(EXPORT), [HEADER, *rows])


def test_fullness_is_counted_per_column_the_key_included(stage_rows) -> None:
    rows = [row(1), row(2, born=""), row(3, born="不详"), ["", "王芳", "1980-13-45", "已婚"]]
    fills = {fill.field: fill[2:] for fill in stage_rows(rows).profile.fills}
    assert fills == {
        "name": (4, 4, 4),
        "birth_date": (4, 2, 1),
        "marital": (4, 4, 4),
        "key": (4, 3, 3),
    }


SAME, OTHER = "1980-01-{0:02d}", "{0}/3/1980"
DATES = {
    "one way of writing": ([SAME] * 40, None, 0),
    "another from the twenty-first row on": ([SAME] * 20 + ["1980/1/{0}"] * 20, 22, 0),
    "day first from there on": ([SAME] * 20 + [OTHER] * 20, 22, 11),
    "day first above": ([OTHER] * 30 + [SAME] * 10, 32, 20),
    "both ways all over": ([SAME, "1980/1/{0}"] * 20, None, 0),
    "too few to tell": ([SAME] * 8 + ["1980/1/{0}"] * 8, None, 0),
    "day first in all of them": ([OTHER] * 40, None, 0),
}


@pytest.mark.parametrize("case", DATES)
def test_a_date_column_that_changes_midway_is_told_with_its_row_and_what_is_ambiguous_put_aside(
    stage_rows, case
) -> None:
    ways, changes_at, ambiguous = DATES[case]
    found = stage_rows([row(at, way.format(at % 20 + 1)) for at, way in enumerate(ways)])
    assert [change.row for change in found.profile.dates] == ([changes_at] if changes_at else [])
    reasons = [one["reason"] for one in found.quarantine.to_pylist()]
    assert reasons == ["ambiguous_date"] * ambiguous
    assert found.rows_in == found.staged + found.quarantined == len(ways)


def test_codes_that_nobody_knows_are_counted_and_shown_when_they_are_surely_codes(stage_rows) -> None:
    rows = [row(at, marital="分居") for at in range(5)] + [row(9)]
    (one,) = stage_rows(rows).profile.codes
    assert (one.field, one.column, one.values, one.others) == ("marital", "婚姻状况", (("分居", 5),), 0)


@pytest.mark.parametrize(
    "slipped",
    [
        [row(at, marital="王芳") for at in range(9)],
        [row(at, marital="赵小明") for at in range(2)],
        [row(at, marital="13957100000") for at in range(9)],
        [row(at, marital=f"赵{word}{more}") for at, (word, more) in enumerate(zip("甲乙丙丁戊己庚" * 9, "子丑寅" * 21, strict=True))],
    ],
    ids=["a name of this export", "a value met twice", "a phone", "too many different ones"],
)  # fmt: skip
def test_what_slipped_into_a_code_column_is_counted_and_never_shown(stage_rows, slipped) -> None:
    (one,) = stage_rows(slipped).profile.codes
    assert (one.values, one.others) == ((), len(slipped))
