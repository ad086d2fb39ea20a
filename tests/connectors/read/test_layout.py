"""The header is found by its names, wherever it stands; anything new, gone or double is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.platform import Export, TwoSheets
from connectors.read.layout import find_header, parts
from connectors.read.sheet import Row, text_row

COLUMNS = ("编号", "姓名", "身份证号", "性别", "地址")


def header(rows: list[list[str]], columns: tuple[str, ...] = COLUMNS, **more: object):  # type: ignore[no-untyped-def]
    export = Export(format="xlsx", file="*", columns=columns, **more)  # type: ignore[arg-type]
    found = [row if isinstance(row, Row) else text_row(at, row) for at, row in enumerate(rows, start=1)]
    return find_header("人员", found, parts(export)[0], export)


@given(st.permutations(COLUMNS), st.integers(0, 5))
def test_m06_order_and_titles_above_do_not_matter(order: list[str], titles: int) -> None:
    above = [["填表单位：近江社区"]] * titles
    found = header([*above, order, ["1", "张三", "", "", ""]])
    assert found.first == titles and found.body == titles + 1
    assert {order[index] for index in found.at.values()} == set(COLUMNS)
    assert all(order[index] == name for name, index in found.at.items())


def test_m06_spaces_and_full_width_letters_in_a_header_do_not_matter() -> None:
    found = header([["编号", " 姓　名 ", "身份证号\n", "性别", "地址"]])
    assert found.at["姓名"] == 1


def test_m06_a_header_over_two_rows_is_joined_also_without_merged_ranges() -> None:
    columns = ("序号", "基本/姓名", "基本/性别", "住址/现住址")
    merged = [Row(1, ["序号", "基本", "", "住址"], "sshs"), Row(2, ["", "姓名", "性别", "现住址"], "vsss")]
    plain = [["序号", "基本", "", "住址"], ["", "姓名", "性别", "现住址"]]
    for rows in (merged, plain):
        found = header(rows, columns, header_rows=2)  # type: ignore[arg-type]
        assert found.at == {name: at for at, name in enumerate(columns)} and found.body == 2


def test_m07_the_row_of_instructions_is_no_data() -> None:
    told = ["系统生成", "必填", "必填，18位", "男/女", "如1单元101室"]
    assert header([list(COLUMNS), told, ["1", "张三", "", "男", ""]]).body == 2
    # As declared, even where it has no word that all instructions have.
    told = ["甲", "乙", "", "", ""]
    assert header([list(COLUMNS), told], instructions={"编号": "甲", "姓名": "乙"}).body == 2


def test_m07_a_first_row_of_data_is_not_taken_for_instructions() -> None:
    assert header([list(COLUMNS), ["1", "如意", "330106198001011234", "男", "近江路"]]).body == 1


def test_an_unknown_column_is_refused_with_its_name_and_place() -> None:
    with pytest.raises(Unreadable, match="多出不认识的列「信仰」") as refused:
        header([["标题"], [*COLUMNS, "信仰"]])
    assert (refused.value.sheet, refused.value.place) == ("人员", "第 2 行（表头）")


@pytest.mark.parametrize("gone", COLUMNS)
def test_a_vanished_column_is_refused_with_its_name(gone: str) -> None:
    with pytest.raises(Unreadable, match=f"缺少列「{gone}」"):
        header([[name for name in COLUMNS if name != gone]])


def test_two_headers_equal_after_trimming_are_refused_naming_both() -> None:
    with pytest.raises(Unreadable, match="第 B 列「姓名」与第 F 列「姓 名」"):
        header([[*COLUMNS, " 姓 名"]])


ALSO = {"地址": ("现住址", "居住地址"), "身份证号": ("证件号码",)}


@given(st.permutations(COLUMNS), st.sampled_from(["地址", "现住址", " 居住 地址"]))
def test_a_renamed_header_is_found_by_what_it_is_also_called_wherever_it_stands(
    order: list[str], called: str
) -> None:
    found = header([[called if name == "地址" else name for name in order]], aliases=ALSO)
    assert all(order[index] == name for name, index in found.at.items())
    assert set(found.at) == set(COLUMNS)


def test_a_header_renamed_to_what_nobody_has_said_is_refused_with_the_line_to_add() -> None:
    with pytest.raises(Unreadable, match="多出不认识的列「住处」；缺少列「地址」") as refused:
        header([[*COLUMNS[:-1], "住处"]], aliases=ALSO)
    assert '"地址" = ["住处"]' in refused.value.next_move


def test_a_column_and_what_it_is_also_called_may_not_both_be_there() -> None:
    with pytest.raises(Unreadable, match="「地址」与「现住址」按别名是同一列"):
        header([[*COLUMNS, "现住址"]], aliases=ALSO)


def test_of_two_sheets_each_knows_the_other_names_of_its_own_columns() -> None:
    two = TwoSheets("家庭", "成员", "户号")
    columns = ("家庭/户号", "家庭/地址", "成员/户号", "成员/姓名")
    export = Export(
        "xlsx",
        "*",
        columns,
        two_sheets=two,
        aliases={"家庭/地址": ("家庭/住址",), "成员/姓名": ("成员/名字",)},
    )
    members, households = parts(export)
    assert members.known() == {"户号": "成员/户号", "姓名": "成员/姓名", "名字": "成员/姓名"}
    assert households.known() == {"户号": "家庭/户号", "地址": "家庭/地址", "住址": "家庭/地址"}


def test_a_sheet_without_the_header_is_refused() -> None:
    with pytest.raises(Unreadable, match="没有找到表头"):
        header([["楼栋", "单元"], ["1", "2"]])
