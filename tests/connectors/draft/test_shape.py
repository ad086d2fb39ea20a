"""Where the table stands in a sheet that nothing is known of."""

from __future__ import annotations

import pytest

from connectors.draft.aliases import knowledge
from connectors.draft.shape import Table, find_tables
from connectors.draft.source import open_source
from connectors.errors import Unreadable

HEAD = ["姓名", "身份证号", "联系电话"]
ROW = ["张三", "11010519491231002X", "13812341234"]


def table(path) -> Table:
    return find_tables(open_source(path, path.name).reading, knowledge())[0]


def test_a_title_and_who_filled_it_in_stand_above_the_header(sheet):
    found = table(sheet(["近江社区居民表"], ["填表单位：近江社区", None, "填表日期：2026-10-01"], HEAD, ROW))

    assert (found.title, found.first, found.rows) == ("近江社区居民表", 3, 1)


def test_a_closing_row_is_kept_without_what_was_filled_in(sheet):
    found = table(sheet(HEAD, ROW, ROW, ["制表人：王小明"], ["合计", 2]))

    assert found.footer == "制表人："
    assert found.rows == 2


def test_a_closing_row_in_an_offices_own_words_is_known_by_its_labels(sheet):
    found = table(sheet(HEAD, ROW, ["安检员：李四　　负责人：王五　　日期："]))

    assert (found.rows, found.footer) == (1, "安检员：负责人：日期：")


def test_a_row_of_people_is_no_header(sheet):
    with pytest.raises(Unreadable, match="没有找到表头"):
        table(sheet(ROW, ROW, ROW))


def test_a_column_with_values_below_no_header_is_named(sheet):
    found = table(sheet([*HEAD, None], *[[*ROW, "某处"] for _ in range(3)]))

    assert found.nameless == ("D",)


def test_an_example_in_the_instruction_row_is_left_out(sheet):
    found = table(sheet(HEAD, ["必填", "18位，如 330102198001011234", "必填"], ROW))

    assert found.instructions == {"姓名": "必填", "联系电话": "必填"}


def test_headers_that_ask_who_filled_it_in_are_headers(sheet):
    found = table(sheet([*HEAD, "单位名称", "填表日期"], [*ROW, "某厂", "2026-01-01"]))

    assert found.headers == (*HEAD, "单位名称", "填表日期")
