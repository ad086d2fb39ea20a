"""XML packages: records in records, and packages that mean harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]

PACKAGE = """<?xml version="1.0" encoding="GB18030"?>
<n:DATA xmlns:n="urn:example"><HEAD><COUNT>2</COUNT></HEAD><ROWS>
<n:HU BH="H1"><DZ>近江路12号</DZ><RY><XM>张三</XM><DH>1</DH><DH>2</DH></RY><RY><XM>李四</XM></RY></n:HU>
<n:HU BH="H2"><DZ/></n:HU></ROWS></n:DATA>"""


def test_one_row_for_each_innermost_record_with_what_stands_around_it(read: Read) -> None:
    (sheet,) = read(PACKAGE.encode("gb18030"), "xml", records=("DATA.ROWS.HU", "RY")).sheets
    assert [row.cells for row in sheet.rows] == [
        ["@BH", "DZ", "RY.XM", "RY.DH"],
        ["H1", "近江路12号", "张三", "1;2"],
        ["H1", "近江路12号", "李四", ""],
        ["H2", "", "", ""],
    ]


def test_a_flat_package_in_any_encoding_it_does_not_declare(read: Read) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        package = "<A><R><XM>张三</XM></R></A>".encode(encoding)
        assert read(package, "xml", records=("A.R",)).sheets[0].rows[1].cells == ["张三"]


@pytest.mark.parametrize(
    ("package", "records", "named"),
    [
        (
            '<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;">]><A><R><XM>&m;</XM></R></A>',
            ("A.R",),
            "实体声明",
        ),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><A><R/></A>', ("A.R",), "实体声明"),
        ("<A><R><XM>张三</XM></R>", ("A.R",), "不是完整有效的 XML"),
        ("<A><ERROR>1</ERROR></A>", ("A.R",), "没有 A.R"),
        ("<html><body>登录</body></html>", ("A.R",), "登录页面"),
    ],
)
def test_a_package_that_is_harmful_broken_or_none_is_refused(
    read: Read, package: str, records: tuple[str, ...], named: str
) -> None:
    with pytest.raises(Unreadable, match=named) as refused:
        read(package.encode(), "xml", records=records)
    assert refused.value.next_move
    assert "张三" not in str(refused.value)


def test_a_package_nested_without_end_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="不是完整有效的 XML"):
        read(("<A>" * 100_000).encode(), "xml", records=("A.A",))
