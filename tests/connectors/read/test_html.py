"""HTML saved as .xls, tab text saved as .xls, SpreadsheetML; and a login page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.read.html import _tables
from connectors.read.sheet import Reading

Read = Callable[..., Reading]

PAGE = """<html><head><meta charset="gb2312"></head><body><table>
<tr><td colspan=2>人员</td></tr><tr><th>姓名</th><th>电话</th></tr>
<tr><td rowspan="2">张𠮷</td><td>13800138000</td></tr><tr><td>13900139000<br>13700137000</td></tr>
</table></body></html>"""
LOGIN = '<html><body><form>统一身份认证<input name="u"><input type="password"></form></body></html>'
SHEET_ML = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="人员"><Table>
<Row><Cell><Data ss:Type="String">户</Data></Cell><Cell><Data ss:Type="String">姓名</Data></Cell></Row>
<Row><Cell ss:MergeDown="1"><Data ss:Type="Number">330106198001011234</Data></Cell><Cell><Data ss:Type="String">张三</Data></Cell></Row>
<Row><Cell ss:Index="2"><Data ss:Type="String">李四</Data></Cell></Row></Table></Worksheet></Workbook>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_m04_a_page_named_xls_is_read_whatever_charset_it_claims(read: Read, encoding: str) -> None:
    rows = read(PAGE.encode(encoding), "html").sheets[0].rows
    assert [(row.row, row.cells, row.types) for row in rows] == [
        (1, ["人员", ""], "sh"),
        (2, ["姓名", "电话"], "ss"),
        (3, ["张𠮷", "13800138000"], "ss"),
        (4, ["", "13900139000\n13700137000"], "vs"),
    ]


def test_m04_tab_text_named_xls_is_read(read: Read) -> None:
    rows = read("姓名\t电话\n张三\t1\n".encode("gb18030"), "xls").sheets[0].rows
    assert [row.cells for row in rows] == [["姓名", "电话"], ["张三", "1"]]


def test_m04_spreadsheetml_named_xls_is_read(read: Read) -> None:
    rows = read(SHEET_ML.encode(), "xls").sheets[0].rows
    assert [(row.cells, row.types) for row in rows[1:]] == [
        (["330106198001011000", "张三"], "ns"),
        (["", "李四"], "vs"),
    ]


def test_spreadsheetml_with_entities_is_refused(read: Read) -> None:
    laughs = SHEET_ML.replace("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
    with pytest.raises(Unreadable, match="实体声明"):
        read(laughs.encode(), "xls")


@pytest.mark.parametrize("declared", ["xlsx", "xls", "html", "csv"])
def test_a_login_page_is_told_by_name_whatever_was_expected(read: Read, declared: str) -> None:
    with pytest.raises(Unreadable, match="登录页面") as refused:
        read(LOGIN.encode(), declared)
    assert "重新登录" in refused.value.next_move


@pytest.mark.parametrize(
    "page",
    [
        "<html><h1>502 Bad Gateway</h1><hr>nginx</html>",
        "<html><title>404 Not Found</title></html>",
        "<html><body>系统繁忙，请稍后再试</body></html>",
        "<html><table><tr><td>您没有权限访问该页面</td></tr></table></html>",
    ],
)
@pytest.mark.parametrize("declared", ["xlsx", "html", "csv"])
def test_an_error_page_is_told_by_name_whatever_was_expected(read: Read, declared: str, page: str) -> None:
    with pytest.raises(Unreadable, match="出错页面") as refused:
        read(page.encode(), declared)
    assert "稍后" in refused.value.next_move


def test_data_with_the_words_of_an_error_in_a_cell_is_no_error_page(read: Read) -> None:
    assert read(PAGE.replace("张𠮷", "系统错误").encode(), "html").rows == 4


def test_data_with_the_word_login_in_a_cell_is_no_login_page(read: Read) -> None:
    page = PAGE.replace("张𠮷", "未登录")
    assert read(page.encode(), "html").rows == 4


def test_a_page_cut_off_in_its_table_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="不完整"):
        read(PAGE[: PAGE.index("13900139000")].encode(), "html")


def test_a_page_where_a_workbook_was_declared_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="应为 xlsx 格式，收到的却是网页"):
        read(PAGE.encode(), "xlsx")


@given(st.text(alphabet="<>/tabletrd =\"'rowspan9", max_size=60))
def test_no_page_makes_the_reader_fail(text: str) -> None:
    for rows in _tables(f"<table>{text}</table>"):
        assert all(len(row.cells) == len(row.types) for row in rows)
