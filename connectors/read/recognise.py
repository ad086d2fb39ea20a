"""Which format a file really has, by its first bytes; its name is not asked.

Belongs here: the magic bytes, and which formats may stand in for a declared one.
Lives elsewhere: reading the format (one module each).
"""

from __future__ import annotations

import codecs
import re
import struct
from pathlib import Path
from typing import Literal

from connectors.errors import Unreadable
from connectors.platform import Format
from connectors.read.guard import PASSWORD

Met = Literal["xlsx", "xls", "html", "spreadsheetml", "xml", "json", "dbf", "text"]

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PAGE = re.compile(
    rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE
)  # packages of data have a HEAD and a BODY too
_DBF_VERSIONS = frozenset((0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x83, 0x8B, 0xCB, 0xF5, 0xFB))

# What a declared format may turn out to be: programs that "save as Excel" save many things as .xls.
STANDS_FOR: dict[Format, frozenset[Met]] = {
    "xlsx": frozenset(("xlsx", "xls")),
    "xls": frozenset(("xls", "xlsx", "html", "spreadsheetml", "text")),
    "html": frozenset(("html", "spreadsheetml", "text")),
    "csv": frozenset(("text",)),
    "text": frozenset(("text", "xls", "xlsx", "html")),
    "dbf": frozenset(("dbf",)),
    "json": frozenset(("json",)),
    "xml": frozenset(("xml",)),
}
_WORDS: dict[Met, str] = {
    "xlsx": "xlsx 工作簿",
    "xls": "xls 工作簿",
    "html": "网页（HTML）",
    "spreadsheetml": "XML 表格",
    "xml": "XML",
    "json": "JSON",
    "dbf": "DBF",
    "text": "纯文本",
}


def recognise(path: Path, declared: Format) -> Met:
    """The format met; one that does not stand for the declared one is refused.

    Raises:
        Unreadable: another format, or a password.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    met = _met(head, declared)
    if met == "xls" and _ENCRYPTED in path.read_bytes():
        raise Unreadable(*PASSWORD)
    # HTML is let through once more, so that a login page can be told by name.
    if met not in STANDS_FOR[declared] and met != "html":
        raise Unreadable(
            f"应为 {declared} 格式，收到的却是{_WORDS[met]}",
            "请按平台原来的格式重新导出；平台确已改格式时，请修改平台文件里的 export.format",
        )
    return met


def _met(head: bytes, declared: Format) -> Met:
    """
    >>> [_met(head, "csv") for head in (b"PK\\x03\\x04", b"  <html>", "\\ufeff[{}]".encode(), b"a,b")]
    ['xlsx', 'html', 'json', 'text']
    >>> [_met(head, "xml") for head in (b"<?xml version='1.0'?><DATA>", b"<!DOCTYPE html>")]
    ['xml', 'html']
    """
    if head.startswith(_OLE):
        return "xls"
    if head.startswith(b"PK"):
        return "xlsx"
    if _looks_like_dbf(head):
        return "dbf"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode()
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"<"):
        page = _PAGE.search(text) is not None
        if declared == "xml" and not page:
            return "xml"
        xml = b"urn:schemas-microsoft-com:office:spreadsheet" in head and not page
        return "spreadsheetml" if xml else "html"
    return "json" if text[:1] in (b"{", b"[") else "text"


def _looks_like_dbf(head: bytes) -> bool:
    """A known version, a date that exists, and a header whose length fits whole fields."""
    if len(head) < 32 or head[0] not in _DBF_VERSIONS:
        return False
    length, record = struct.unpack("<HH", head[8:12])
    return 1 <= head[2] <= 12 and 1 <= head[3] <= 31 and length >= 33 and record >= 2
