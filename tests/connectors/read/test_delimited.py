"""CSV and tab text: quotes, delimiters, and a quote that is never closed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.read.decode import Line, decode
from connectors.read.delimited import rows_of
from connectors.read.sheet import Reading

Read = Callable[..., Reading]


def decode_lines(data: bytes) -> list[Line]:
    return [Line(line, True) for line in decode(data).split("\n")]


CELL = st.text(alphabet='张三,"\n 0x，', min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=150)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6))
def test_rows_are_what_the_writer_wrote(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["甲", "乙", "丙"], *rows])
    found = rows_of(decode_lines(out.getvalue().encode()))
    # A cell that looks like whole rows of its own may be set aside, but is never cut in two silently.
    broken = [row for row in found if row.types == "u"]
    assert broken or [row.cells for row in found[1:]] == rows


def test_a_quote_never_closed_costs_its_own_line() -> None:
    lines = ["编号,姓名,地址", '1,张三,"近江路', *(f"{n},李四,近江路" for n in range(2, 90))]
    rows = rows_of(decode_lines("\n".join(lines).encode()))
    assert len(rows) == 90
    assert [row.row for row in rows if row.types == "u"] == [2]


def test_a_cell_over_two_lines_stays_one_cell_and_later_rows_keep_their_line_numbers() -> None:
    rows = rows_of(decode_lines('编号,地址,备注\n1,"近江路\n12号",x\n2,y,z\n'.encode()))
    assert rows[1].cells == ["1", "近江路\n12号", "x"]
    assert [row.row for row in rows] == [1, 2, 4]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    text = f"编号{mark}姓名\n1{mark}张三\n"
    assert [row.cells for row in rows_of(decode_lines(text.encode()))] == [["编号", "姓名"], ["1", "张三"]]


def test_blank_lines_are_no_rows() -> None:
    assert len(rows_of(decode_lines("编号,姓名\n\n1,张三\n,,\n".encode()))) == 2


@pytest.mark.parametrize("end", ["3,李", '3,"李四'])
def test_a_file_that_ends_inside_a_row_is_refused_with_the_line(read: Read, end: str) -> None:
    whole = "编号,姓名,电话\r\n1,张三,13900000001\r\n2,王五,13900000002\r\n"
    with pytest.raises(Unreadable, match="最后一行没有写完") as refused:
        read((whole + end).encode("gb18030"), "csv")
    assert refused.value.place == "第 4 行"


@pytest.mark.parametrize("end", ["3,李四,13900000003", "制表人：某某", "3,李\r\n"])
def test_a_file_without_a_last_line_feed_or_with_a_closing_remark_is_whole(read: Read, end: str) -> None:
    whole = "编号,姓名,电话\r\n1,张三,13900000001\r\n2,王五,13900000002\r\n"
    assert read((whole + end).encode("gb18030"), "csv").rows == 4
