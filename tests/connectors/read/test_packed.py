"""An export in an archive: the one data file in it, and archives that mean harm."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Mapping

import pytest

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]
DATA = "姓名,电话\n张三,1\n".encode("gb18030")


def archive(files: Mapping[str, bytes], *, link: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            if name == link:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_the_one_data_file_is_read_wherever_it_lies(read: Read) -> None:
    data = archive({"数据/党员.csv": DATA, "数据/填报说明.txt": b"x", "logo.png": b"y"})
    (sheet,) = read(data, "csv", packed="zip", beside=("*说明*", "*.png")).sheets
    assert [row.cells for row in sheet.rows] == [["姓名", "电话"], ["张三", "1"]]


@pytest.mark.parametrize(
    ("files", "link", "named"),
    [
        ({"../../a.csv": DATA}, "", "指向包外"),
        ({"/etc/a.csv": DATA}, "", "指向包外"),
        ({"C:\\a.csv": DATA}, "", "指向包外"),
        ({"a.csv": b"/etc/passwd"}, "a.csv", "链接"),
        ({"a.csv": DATA, "b.csv": b"/etc/passwd"}, "b.csv", "链接"),
        ({"a.csv": DATA, "inner.zip": b"x"}, "", "还有压缩包"),
        ({"a.csv": DATA, "b.csv": DATA}, "", "有 2 个"),
        ({"说明.txt": b"x"}, "", "有 0 个"),
        ({"a.csv": b"\0" * (64 << 20)}, "", "压缩炸弹"),
    ],
)
def test_an_archive_that_is_harmful_or_unclear_is_refused(
    read: Read, files: dict[str, bytes], link: str, named: str
) -> None:
    with pytest.raises(Unreadable, match=named) as refused:
        read(archive(files, link=link), "csv", packed="zip", beside=("*说明*",))
    assert refused.value.next_move


def test_an_archive_in_the_data_files_place_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="xlsx 工作簿"):
        read(archive({"a.csv": archive({"b.csv": DATA})}), "csv", packed="zip")


def test_a_file_that_is_no_archive_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="应为 zip"):
        read(DATA, "csv", packed="zip")


def test_an_archive_that_breaks_off_is_refused(read: Read) -> None:
    whole = archive({"a.csv": DATA * 500})
    for cut in (len(whole) // 2, len(whole) - 4):
        with pytest.raises(Unreadable):
            read(whole[:cut], "csv", packed="zip")
    # The directory at the end is whole, the data before it is not.
    with pytest.raises(Unreadable, match="已损坏"):
        read(whole[:40] + bytes(20) + whole[60:], "csv", packed="zip")
