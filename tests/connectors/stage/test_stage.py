"""An export becomes records and claims; every source row is staged or in the quarantine, with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date as Day

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.errors import ExportRefused
from connectors.platform import Platform
from connectors.read.sheet import Row
from connectors.stage import Staged

Stage = Callable[..., Staged]
Make = Callable[..., Platform]

HEADER = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
ZHANG = ["K1", "张伟", "330106198001011232", "1980-01-01", "13800138000", "近江家园5幢2单元301室"]
LI = ["K2", "李静", "", "1981年2月3日", "无", ""]


def claims(staged: Staged, field: str) -> list[tuple[str | None, str | None, str]]:
    return [(c["stated"], c["key"], c["quality"]) for c in staged.claims.to_pylist() if c["field"] == field]


def reasons(staged: Staged) -> list[tuple[int, str]]:
    return [(row["row"], row["reason"]) for row in staged.quarantine.to_pylist()]


def test_a_row_becomes_a_record_with_its_claims(platform: Make, staged: Stage) -> None:
    found = staged(platform(), [HEADER, ZHANG, LI])
    assert found.records.drop_columns("record_id").to_pylist() == [
        {"source_key": "K1", "sheet": "", "row": 2, "part": 1},
        {"source_key": "K2", "sheet": "", "row": 3, "part": 1},
    ]
    assert claims(found, "birth_date") == [
        ("1980-01-01", "1980-01-01", "ok"),
        ("1981年2月3日", "1981-02-03", "ok"),
    ]
    assert {c["column"] for c in found.claims.to_pylist() if c["field"] == "name"} == {"姓名"}
    assert (found.rows_in, found.staged, found.quarantined) == (2, 2, 0)


def test_m63_an_explicit_none_is_a_claim_and_a_blank_is_not(platform: Make, staged: Stage) -> None:
    found = staged(platform(), [HEADER, ZHANG, LI])
    assert claims(found, "phone")[1] == ("无", None, "none")
    assert len(claims(found, "id_number")) == len(claims(found, "address")) == 1


def test_m13_an_id_number_from_a_number_cell_is_truncated(platform: Make, staged: Stage) -> None:
    # The digits alone would pass: the same text in a text cell is a good number.
    number = "110101198001010010"
    found = staged(
        platform(),
        [HEADER, Row(2, ["K1", "张伟", number, "", "", ""], "ssn..."), ["K2", "李静", number, "", "", ""]],
    )
    (_, key, quality), (_, _, as_text) = claims(found, "id_number")
    assert (key, quality) == (number[:15], "truncated15") and as_text != "truncated15"


def test_m62_a_code_without_its_leading_zero_is_read(platform: Make, staged: Stage) -> None:
    export = '[export]\nformat = "xlsx"\nfile = "*"\ncolumns = ["姓名", "民族"]\n[fields]\nname = "姓名"\nethnic = "民族"'
    found = staged(platform(export), [["姓名", "民族"], Row(2, ["张伟", "1"], "sn")])
    assert claims(found, "ethnic") == [("1", "01", "ok")]


def test_m64_the_same_person_twice_in_one_file_is_two_records(platform: Make, staged: Stage) -> None:
    found = staged(platform(), [HEADER, ZHANG, [*ZHANG[:5], "近江家园6幢101室"]])
    keys = found.records["source_key"].to_pylist()
    assert found.staged == 2 and len(set(found.records["record_id"].to_pylist())) == 2
    assert [key[0] for key in keys] == ["#", "#"] and {key[-2:] for key in keys} == {"-1", "-2"}


def test_m65_a_row_says_itself_when_it_was_last_changed(platform: Make, staged: Stage) -> None:
    export = '[export]\nformat = "xlsx"\nfile = "*"\ncolumns = ["姓名", "更新"]\n[fields]\nname = "姓名"\nupdated_on = "更新"'
    found = staged(
        platform(export), [["姓名", "更新"], ["张伟", "20260102"], ["李静", "2026年1月"], ["王磊", ""]]
    )
    names = [c for c in found.claims.to_pylist() if c["field"] == "name"]
    assert [c["as_of"] for c in names] == [Day(2026, 1, 2), None, None]


CELLS = [
    st.sampled_from(["K1", "K2", "", "无", "K3"]),
    st.sampled_from(["张伟", "", "锟斤拷", "李静、王磊", "无", "张三等3人", "é‡‘å¼ "]),
    st.sampled_from(["330106198001011232", "", "无", "1"]),
    st.sampled_from(["1980-01-01", "", "x"]),
    st.sampled_from(["13800138000", "同上", "", "13800138000/13900139000"]),
    st.sampled_from(["近江家园5幢2单元301室", "同上", "", "〃"]),
]
ROW = st.one_of(
    st.tuples(*CELLS).map(list),
    st.tuples(*CELLS[:3]).map(list),
    st.tuples(*CELLS, st.just("多")).map(list),
    st.just(["合计", "", "", "", "", "6"]),
    st.just(["", "", "", "", "", ""]),
    st.just(HEADER),
)
SPLITTING = """
[export]
format = "xlsx"
file = "*"
key = "编号"
ditto = true
split_people = "姓名"
columns = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
rows = [0, 100]
[fields]
name = "姓名"
id_number = "身份证号"
birth_date = "出生日期"
phone = "联系电话"
address = "地址"
"""


@settings(max_examples=150)
@given(rows=st.lists(ROW, max_size=8))
def test_every_row_is_staged_or_put_aside(platform: Make, staged: Stage, rows: list[list[str]]) -> None:
    people = [row for row in rows if any(row) and row != HEADER and row[0] != "合计"]
    try:
        found = staged(platform(SPLITTING), [HEADER, *rows])
    except ExportRefused as refused:
        # Many rows with a seventh cell: then the header lost a column.
        assert "却没有表头" in str(refused) or "只有表头" in str(refused)
        return
    assert found.rows_in == len(people) == found.staged + found.quarantined
    assert found.quarantined == found.quarantine.num_rows
    staged_rows, aside = set(found.records["row"].to_pylist()), set(found.quarantine["row"].to_pylist())
    assert not staged_rows & aside
    ids = found.records["record_id"].to_pylist()
    assert len(ids) == len(set(ids)) and set(found.claims["record_id"].to_pylist()) <= set(ids)


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(*CELLS).map(list), min_size=1, max_size=6), order=st.permutations(range(6)))
def test_the_order_of_columns_changes_nothing(
    platform: Make, staged: Stage, rows: list[list[str]], order: list[int]
) -> None:
    plain = staged(platform(SPLITTING), [HEADER, *rows])
    moved = staged(platform(SPLITTING), [[row[at] for at in order] for row in [HEADER, *rows]])
    assert plain.records.equals(moved.records) and plain.claims.equals(moved.claims)
    columns = ["row", "column", "reason", "message"]
    assert plain.quarantine.select(columns).equals(moved.quarantine.select(columns))


@settings(max_examples=60)
@given(data=st.data(), rows=st.lists(st.tuples(*CELLS).map(list), min_size=2, max_size=6))
def test_the_order_of_rows_renames_no_record(
    platform: Make, staged: Stage, data: st.DataObject, rows: list[list[str]]
) -> None:
    # 同上 means another value in another place; every other row means the same.
    fixed = [["" if cell in ("同上", "〃") else cell for cell in row] for row in rows]
    assume(any(cell.strip() for row in fixed for cell in row))  # without data an export is refused
    shuffled = data.draw(st.permutations(fixed))

    def said(found: Staged) -> Counter[tuple[str, str, str]]:
        table: pa.Table = found.claims
        return Counter((c["record_id"], c["field"], c["stated"]) for c in table.to_pylist())

    assert said(staged(platform(SPLITTING), [HEADER, *fixed])) == said(
        staged(platform(SPLITTING), [HEADER, *shuffled])
    )


def test_staging_twice_is_the_same(platform: Make, staged: Stage) -> None:
    rows = [
        HEADER,
        ZHANG,
        LI,
        ["", "王磊", "", "", "", ""],
        ["", "王磊", "", "", "", ""],
        ["K9", "", "", "", "", ""],
    ]
    first, second = staged(platform(), rows), staged(platform(), rows)
    assert first.records.equals(second.records)
    assert first.claims.equals(second.claims) and first.quarantine.equals(second.quarantine)


def test_a_row_that_names_nobody_is_put_aside_with_file_row_and_next_move(
    platform: Make, staged: Stage
) -> None:
    found = staged(platform(), [HEADER, ZHANG, ["K3", "", "无", "1980-01-01", "", ""]])
    (row,) = found.quarantine.to_pylist()
    assert (row["row"], row["reason"]) == (3, "no_identity")
    assert row["message"].startswith("文件 export.xlsx，第 3 行：没有可用的姓名") and "补填" in row["message"]
    assert "1980-01-01" in row["stated"] and "1980" not in row["message"]


DWELLINGS = (
    'entities = ["dwelling"]',
    """
[export]
format = "csv"
file = "*"
key = "编码"
columns = ["编码", "地址"]
[fields]
address = "地址"
""",
)


def test_a_row_of_a_register_names_a_dwelling_or_is_put_aside(platform: Make, staged: Stage) -> None:
    entities, export = DWELLINGS
    rows = [
        ["编码", "地址"],
        ["D1", "近江家园5幢2单元301室"],
        ["D2", "无"],
        ["D3", "近江家园6幢101室"],
        ["D3", "近江家园7幢101室"],
    ]
    found = staged(platform(export, entities=entities), rows)
    assert reasons(found) == [(3, "no_place")]
    assert found.staged == 3
    # A key that stands twice names neither: they are called by their addresses.
    keys = found.records["source_key"].to_pylist()
    assert keys[0] == "D1" and len({key.split("-")[0] for key in keys[1:]}) == 2
    alone = staged(platform(export, entities=entities), [rows[0], *rows[3:]])
    assert alone.records["source_key"].to_pylist() == keys[1:]


@pytest.mark.parametrize(
    "garbled",
    [
        "锟斤拷",
        "烫烫烫",
        "å¼ ä¸‰",
        "张三".encode().decode("latin-1"),
        "张三丰".encode("gb18030").decode("latin-1"),
    ],
    ids=["lost", "uninitialised", "utf-8 as cp1252", "utf-8 as latin-1", "gb18030 as latin-1"],
)
def test_m03_garbled_text_is_put_aside_naming_the_column(platform: Make, staged: Stage, garbled: str) -> None:
    found = staged(platform(), [HEADER, ZHANG, ["K3", garbled, "", "", "", ""]])
    (row,) = found.quarantine.to_pylist()
    assert (row["row"], row["column"], row["reason"]) == (3, "姓名", "mojibake") and "「姓名」列" in row[
        "message"
    ]


@pytest.mark.parametrize("name", ["王锟", "阿卜杜热合曼·买买提", "René·Élie", "Ōno"])
def test_m03_a_rare_or_foreign_name_is_not_taken_for_garbled(
    platform: Make, staged: Stage, name: str
) -> None:
    found = staged(platform(), [HEADER, ZHANG, ["K3", name, "330106198001011232", "", "", ""]])
    assert found.quarantined == 0


def test_broken_short_and_long_rows_are_put_aside(platform: Make, staged: Stage) -> None:
    rows = [
        HEADER,
        ZHANG,
        Row(3, ["K2,\ufffd"], "u"),
        ["K3", "李静"],
        [*LI, "多出的"],
        ["K5", "王磊", "", "", "", ""],
    ]
    found = staged(platform(), rows)
    assert reasons(found) == [(3, "undecodable"), (4, "too_few_cells"), (5, "too_many_cells")]
    assert (found.rows_in, found.staged) == (5, 2)


def test_a_filled_column_without_a_header_is_refused(platform: Make, staged: Stage) -> None:
    rows = [[*row, "x"] for row in ([f"K{n}", f"张{n}", "", "", "", ""] for n in range(9))]
    with pytest.raises(ExportRefused, match="第 G 列有 9 行内容，却没有表头"):
        staged(platform(), [[*HEADER, ""], *rows])


def test_m08_closing_rows_are_no_data(platform: Make, staged: Stage) -> None:
    closing = [
        ["合计", "", "", "", "", "3"],
        ["小 计：", "", "", "", "", ""],
        ["制表人：王芳", "", "", "审核人：李娜", "", ""],
    ]
    closing += [["备注：数据截至月底", "", "", "", "", ""], ["共 3 人", "", "", "", "", ""]]
    found = staged(platform(), [["人员名单"], HEADER, ZHANG, closing[0], LI, *closing[1:]])
    assert (found.rows_in, found.staged) == (2, 2)


def test_m08_a_person_is_never_taken_for_a_closing_row(platform: Make, staged: Stage) -> None:
    note = ["备注：户主", "张伟", "330106198001011232", "1980-01-01", "13800138000", "近江家园"]
    assert staged(platform(), [HEADER, note]).staged == 1


def test_a_header_repeated_on_each_printed_page_is_no_data(platform: Make, staged: Stage) -> None:
    assert staged(platform(), [HEADER, ZHANG, HEADER, LI]).rows_in == 2


def test_m12_one_sheet_per_building_is_read_as_one_export(platform: Make, staged: Stage) -> None:
    found = staged(platform(), **{"1幢": [HEADER, ZHANG], "2幢": [["标题"], HEADER, LI], "说明": [["只读"]]})
    assert [(r["sheet"], r["row"]) for r in found.records.to_pylist()] == [("1幢", 2), ("2幢", 3)]


def test_a_declared_sheet_that_is_not_there_is_refused(platform: Make, staged: Stage) -> None:
    from_sheet = platform().export
    assert from_sheet.sheet is None
    named = platform(
        '[export]\nformat = "xlsx"\nfile = "*"\nsheet = "人员"\ncolumns = ["姓名"]\n[fields]\nname = "姓名"\n'
    )
    with pytest.raises(ExportRefused, match="没有名为「人员」的可见工作表，文件里有：Sheet1"):
        staged(named, Sheet1=[["姓名"], ["张伟"]])
