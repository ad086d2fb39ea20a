"""Encodings as they occur: which one, and what a broken line costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.read.decode import Line, decode, encoding_of, lines_of


def decode_lines(data: bytes, folder: Path) -> list[Line]:
    file = folder / "export.csv"
    file.write_bytes(data)
    return [line for lines in lines_of(file, encoding_of(file)) for line in lines]


LINES = "姓名,电话\n张𠮷,13800138000\n李四,\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "utf-16"],
    ids=["utf-8", "M02 BOM", "M01 GB18030 without BOM, with a four-byte character", "M02 Unicode text"],
)
def test_text_is_read_in_the_encoding_it_is_in(encoding: str) -> None:
    assert decode(LINES.encode(encoding)) == LINES


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: t[0] != "\ufeff")
)
def test_utf8_is_never_taken_for_something_else(text: str) -> None:
    assert decode(text.encode("utf-8")) == text


def test_a_line_that_cannot_be_decoded_costs_only_itself(tmp_path: Path) -> None:
    whole = ["姓名,电话", *(f"居民{n},1" for n in range(20))]
    data = "\n".join(whole).encode("gb18030").replace("居民7".encode("gb18030"), b"\xff\xff7")
    lines = decode_lines(data, tmp_path)
    assert [line.whole for line in lines].count(False) == 1
    assert not lines[8].whole and lines[9].text == "居民8,1"


def test_a_file_cut_inside_its_last_character_loses_one_line(tmp_path: Path) -> None:
    data = "\n".join(["姓名,地址", *(f"居民{n},近江路" for n in range(20))]).encode("utf-8")[:-1]
    assert [line.whole for line in decode_lines(data, tmp_path)] == [True] * 20 + [False]


def test_a_file_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="无法识别文件编码"):
        decode_lines(b"\xff\xff\xff\n" * 30, tmp_path)
