"""An export that comes in a zip: the one data file in it.

Belongs here: which entry of the archive is the data, entries that have no business there, unpacking within limits.
Lives elsewhere: archives that are bombs (`guard.py`), reading the data file (one module per format).
"""

from __future__ import annotations

import fnmatch
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import Unreadable
from connectors.read.guard import check_zip

_ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".tgz")
_ANEW = "请从平台重新导出"


@contextmanager
def unpacked(path: Path, beside: Sequence[str]) -> Iterator[Path]:
    """The data file of an archive, for as long as it is read.

    `beside`: globs of the files in the archive that are no data.

    Raises:
        Unreadable: no archive, one that is harmful, or not exactly one data file in it.
    """
    if not zipfile.is_zipfile(path):
        raise Unreadable("应为 zip 压缩包，收到的不是", "请按平台原来的格式重新导出，不要先解压")
    check_zip(path)
    # A file without a name: it may hold forbidden columns, and a worker that is killed removes nothing.
    with tempfile.TemporaryFile() as target:
        try:
            with zipfile.ZipFile(path) as archive:
                entry = _data_entry(archive.infolist(), beside)
                with archive.open(entry) as packed:
                    shutil.copyfileobj(packed, target)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError, ValueError) as error:
            raise Unreadable("压缩包已损坏或不完整", _ANEW) from error
        target.flush()
        yield Path(f"/dev/fd/{target.fileno()}")


def _data_entry(entries: Sequence[zipfile.ZipInfo], beside: Sequence[str]) -> zipfile.ZipInfo:
    files = [entry for entry in entries if not entry.is_dir()]
    for entry in files:
        _refuse_harmful(entry)
    data = [entry for entry in files if not _is_beside(entry_name(entry), beside)]
    if len(data) != 1:
        raise Unreadable(
            f"压缩包里应有一个数据文件，却有 {len(data)} 个（共 {len(files)} 个文件）",
            "请按平台原来的格式重新导出；附带的说明文件请管理员写进平台文件的 export.beside",
        )
    return data[0]


def _refuse_harmful(entry: zipfile.ZipInfo) -> None:
    """Paths that lead out, links, and archives in archives have no place in an export."""
    name = entry_name(entry).replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise Unreadable("压缩包里有指向包外的路径，可能有害，未读取", _ANEW)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Unreadable("压缩包里有链接，可能有害，未读取", _ANEW)
    if name.lower().endswith(_ARCHIVES):
        raise Unreadable("压缩包里还有压缩包，未读取", "请取出里层的压缩包，单独放入收件箱")


def _is_beside(name: str, beside: Sequence[str]) -> bool:
    last = name.replace("\\", "/").rpartition("/")[2]
    return any(fnmatch.fnmatchcase(last, pattern) for pattern in beside)


def entry_name(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: old programs write GBK and do not say so, which reads as code page 437.

    >>> entry_name(zipfile.ZipInfo("党员.xls".encode("gbk").decode("cp437")))
    '党员.xls'
    """
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename
