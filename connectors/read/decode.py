"""Bytes to text: which of the encodings seen in practice a file is in.

Belongs here: byte order marks, strict UTF-8, strict GB18030 (plain GBK cannot hold 𠮷), and lines that are in neither.
Lives elsewhere: splitting lines into cells (`delimited.py`), private-use characters (`dedup/normalise`).
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

from connectors.errors import Unreadable

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_STRICT = ("utf-8", "gb18030")
_MOST_BROKEN = 0.2  # of all lines; beyond it the encoding is simply not known

_UNKNOWN = ("无法识别文件编码（既不是 UTF-8，也不是 GB18030）", "请从平台重新导出，编码选 UTF-8 或 GB18030")


class Line(NamedTuple):
    """One physical line without its end, and whether all of it could be decoded."""

    text: str
    whole: bool


def decode(data: bytes) -> str:
    """All of a file, strictly.

    >>> decode("张三".encode("gb18030")), decode("张三".encode("utf-8-sig"))
    ('张三', '张三')

    Raises:
        Unreadable: the file is in none of the encodings known here.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data.removeprefix(mark), encoding)
    for encoding in _STRICT:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(*_UNKNOWN)


def decode_lines(data: bytes) -> list[Line]:
    """All lines of a file; where a few cannot be decoded, only these are marked.

    Raises:
        Unreadable: more than a fifth of the lines cannot be decoded.
    """
    try:
        return [Line(line, True) for line in _lines(decode(data))]
    except Unreadable:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise
    raw = (
        data.removeprefix(codecs.BOM_UTF8)
        .replace(b"\r\n", b"\n")
        .replace(b"\r", b"\n")
        .rstrip(b"\n")
        .split(b"\n")
    )
    # Neither encoding ever uses the byte of a line feed inside a character.
    lines = min(
        ([_line(line, encoding) for line in raw] for encoding in _STRICT),
        key=lambda lines: sum(not line.whole for line in lines),
    )
    broken = sum(not line.whole for line in lines)
    # A file of few lines may lose one of them: that is damage, not another encoding.
    if broken > max(1, _MOST_BROKEN * len(lines)) or not lines[0].whole:
        raise Unreadable(*_UNKNOWN)
    return lines


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"文件标明是 {encoding.upper()}，但有无法解码的内容", "请从平台重新导出") from error


def _line(raw: bytes, encoding: str) -> Line:
    try:
        return Line(raw.decode(encoding), True)
    except UnicodeDecodeError:
        return Line(raw.decode(encoding, errors="replace"), False)


def _lines(text: str) -> list[str]:
    # Not splitlines: a cell may hold a vertical tab or a line separator.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines
