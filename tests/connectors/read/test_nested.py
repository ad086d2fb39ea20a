"""JSON of households with their members inside."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]
RECORDS = ("data.list", "members")


def export(*households: object) -> bytes:
    return json.dumps({"code": 0, "data": {"list": households}}, ensure_ascii=False).encode()


def test_each_member_is_a_row_with_the_household_before_it(read: Read) -> None:
    data = export(
        {
            "hh": "1",
            "addr": {"road": "近江路"},
            "members": [{"xm": "张三"}, {"xm": "李四", "tags": ["a", "b"]}],
        }
    )
    rows = read(data, "json", records=RECORDS).sheets[0].rows
    assert [row.cells for row in rows] == [
        ["hh", "addr.road", "members.xm", "members.tags"],
        ["1", "近江路", "张三", ""],
        ["1", "近江路", "李四", "a;b"],
    ]


def test_numbers_keep_their_digits_and_nulls_are_empty(read: Read) -> None:
    data = b'[{"id": 330106198001011234, "x": null, "y": true, "z": 1.50}]'
    row = read(data, "json").sheets[0].rows[1]
    assert (row.cells, row.types) == (["330106198001011234", "", "true", "1.50"], "n.bn")


def test_a_household_without_members_keeps_its_row(read: Read) -> None:
    rows = read(
        export({"hh": "1", "members": [{"xm": "张三"}]}, {"hh": "2", "members": []}), "json", records=RECORDS
    )
    assert [row.cells for row in rows.sheets[0].rows[1:]] == [["1", "张三"], ["2", ""]]


def test_a_truncated_file_is_refused_with_the_place(read: Read) -> None:
    with pytest.raises(Unreadable, match="不是完整有效的 JSON") as refused:
        read(export({"hh": "1", "members": []})[:-5], "json", records=RECORDS)
    assert refused.value.place.startswith("第 1 行第")


def test_an_error_answer_instead_of_data_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match=r"data\.list 不是列表"):
        read(b'{"code": 401, "msg": "token expired"}', "json", records=RECORDS)


def test_nesting_without_end_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable):
        read(b"[" * 100_000, "json")


def test_documents_one_after_the_other_are_one_export(read: Read) -> None:
    first = export({"hh": "1", "members": [{"xm": "张三"}]})
    second = export({"hh": "2", "addr": "x", "members": [{"xm": "李四"}, {"xm": "王五"}]})
    rows = read(first + b"\n" + second + b"  \n" + export(), "json", records=RECORDS).sheets[0].rows
    assert [row.cells for row in rows] == [
        ["hh", "members.xm", "addr"],
        ["1", "张三", ""],
        ["2", "李四", "x"],
        ["2", "王五", "x"],
    ]


def test_what_is_no_json_after_a_whole_document_is_refused_with_the_place(read: Read) -> None:
    with pytest.raises(Unreadable, match="不是完整有效的 JSON") as refused:
        read(export({"hh": "1"}) + b"\n<html>", "json", records=RECORDS)
    assert refused.value.place.startswith("第 2 行第 1 个")
