"""Files that would kill or fool a parser are told before it sees them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
import xlwt

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]


def workbook(*places: str) -> bytes:
    book = openpyxl.Workbook()
    for place in places:
        book.active[place] = "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize("far", ["XFD1048576", "AAA1", "Z1048576"])
def test_a_small_workbook_with_a_far_cell_is_refused(read: Read, far: str) -> None:
    data = workbook("A1", far)
    assert len(data) < 10_000
    with pytest.raises(Unreadable, match="远在数据区之外") as refused:
        read(data, "xlsx")
    assert refused.value.sheet == "Sheet" and "另存" in refused.value.next_move


def test_a_long_and_a_wide_sheet_are_not_far(read: Read) -> None:
    assert read(workbook("A1", "A3000"), "xlsx").rows == 2
    assert read(workbook("A1", "BZ40"), "xlsx").rows == 2


def test_a_zip_bomb_is_refused(read: Read) -> None:
    bomb = with_part(workbook("A1"), "xl/media/image1.png", b"\0" * (64 << 20))
    with pytest.raises(Unreadable, match="解压后有 64 MB"):
        read(bomb, "xlsx")


def test_an_archive_of_thousands_of_entries_is_refused(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(1_001):
            archive.writestr(str(number), b"")
    with pytest.raises(Unreadable, match="1001 个条目"):
        read(out.getvalue(), "xlsx")


def test_a_workbook_with_entities_is_refused(read: Read) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook("A1"))) as archive:
        part = archive.read("xl/workbook.xml")
    laughs = re.sub(
        rb"^(<\?xml[^>]*\?>)?", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', part, count=1
    )
    with pytest.raises(Unreadable, match="实体声明"):
        read(with_part(workbook("A1"), "xl/workbook.xml", laughs), "xlsx")


def test_m05_a_workbook_with_a_password_is_refused(read: Read) -> None:
    # The container an encrypted workbook comes in names its only stream.
    book = xlwt.Workbook()
    book.add_sheet("x").write(0, 0, "x")
    out = io.BytesIO()
    book.save(out)
    locked = out.getvalue().replace("Workbook".encode("utf-16-le"), "Encrypte".encode("utf-16-le"))
    locked += "EncryptedPackage".encode("utf-16-le")
    for declared in ("xlsx", "xls"):
        with pytest.raises(Unreadable, match="密码") as refused:
            read(locked, declared)
        assert "去掉密码" in refused.value.next_move


def test_an_empty_file_is_refused(read: Read) -> None:
    for declared in ("xlsx", "xls", "html", "csv", "text", "dbf", "json", "xml"):
        with pytest.raises(Unreadable, match="文件是空的"):
            read(b"", declared)
