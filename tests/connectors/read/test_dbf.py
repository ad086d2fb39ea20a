"""dBase files, built field by field."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]
FIELDS = (("XM", "C", 8), ("SFZH", "N", 18), ("CSRQ", "D", 8))


def dbf(records: Sequence[Sequence[bytes]]) -> bytes:
    head = 32 + 32 * len(FIELDS) + 1
    size = 1 + sum(width for _, _, width in FIELDS)
    data = struct.pack("<4BIHH20x", 3, 126, 11, 1, len(records), head, size)
    for name, kind, width in FIELDS:
        data += struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), width, 0)
    data += b"\r"
    for record in records:
        data += b" " + b"".join(
            cell.ljust(width)[:width] for cell, (_, _, width) in zip(record, FIELDS, strict=True)
        )
    return data + b"\x1a"


def test_a_dbf_is_read_with_exact_digits_and_dates(read: Read) -> None:
    rows = read(dbf([["张𠮷".encode("gb18030"), b"330106198001011234", b"19800101"]]), "dbf").sheets[0].rows
    assert [(row.row, row.cells, row.types) for row in rows] == [
        (1, ["XM", "SFZH", "CSRQ"], "sss"),
        (2, ["张𠮷", "330106198001011234", "1980-01-01"], "snd"),
    ]


def test_a_name_cut_inside_its_last_character_shows_that_something_is_lost(read: Read) -> None:
    name = "阿卜杜热合".encode("gb18030")[:7]
    assert read(dbf([[name, b"1", b""]]), "dbf").sheets[0].rows[1].cells[0] == "阿卜杜\ufffd"


def test_a_record_that_cannot_be_decoded_costs_only_itself(read: Read) -> None:
    rows = (
        read(dbf([[b"\xff\xffab", b"1", b""], ["李四".encode("gb18030"), b"2", b""]]), "dbf").sheets[0].rows
    )
    assert [row.types for row in rows[1:]] == ["u", "sn."]


def test_a_dbf_shorter_than_it_says_is_refused(read: Read) -> None:
    whole = dbf([[b"a", b"1", b""]] * 50)
    with pytest.raises(Unreadable, match="写明 50 条记录，实际不足"):
        read(whole[:-200], "dbf")


def test_text_where_a_dbf_was_declared_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="应为 dbf 格式，收到的却是纯文本"):
        read("姓名,电话\n".encode(), "dbf")
