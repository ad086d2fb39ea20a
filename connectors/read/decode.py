"""Bytes to text: which of the encodings seen in practice a file is in.

Belongs here: byte order marks, strict UTF-8, strict GB18030 (plain GBK cannot hold 𠮷), and lines that are in neither.
Lives elsewhere: splitting lines into cells (`delimited.py`), private-use characters (`dedup/normalise`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import NamedTuple

from connectors.errors import Unreadable

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_STRICT = ("utf-8", "gb18030")
_MOST_BROKEN = 0.2  # of all lines; beyond it the encoding is simply not known
_HOPELESS = inf
BLOCK = 8 << 20  # bytes that are decoded at a time

_UNKNOWN = ("无法识别文件编码（既不是 UTF-8，也不是 GB18030）", "请从平台重新导出，编码选 UTF-8 或 GB18030")


class Encoding(NamedTuple):
    """How the bytes of a file become text: behind a mark of `start` bytes, all of them or all but a few lines."""

    name: str
    start: int
    whole: bool = True


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


def encoding_of(path: Path) -> Encoding:
    """How all of a file can be decoded or, where a few lines cannot, all but these.

    Raises:
        Unreadable: more than a fifth of the lines cannot be decoded.
    """
    with path.open("rb") as file:
        head = file.read(4)
    marked = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is not None and marked[1] != "utf-8":
        if not _fits(path, Encoding(marked[1], len(marked[0]))):
            raise _not_as_marked(marked[1])
        return Encoding(marked[1], len(marked[0]))
    start = len(marked[0]) if marked is not None else 0
    for name in _STRICT[:1] if marked else _STRICT:
        if _fits(path, Encoding(name, start)):
            return Encoding(name, start)
    damaged = [(_broken_lines(path, Encoding(name, start, whole=False)), name) for name in _STRICT]
    broken, name = min(damaged, key=lambda found: found[0])
    if broken == _HOPELESS:
        raise Unreadable(*_UNKNOWN)
    return Encoding(name, start, whole=False)


def texts_of(path: Path, encoding: Encoding) -> Iterator[bytes]:
    """The text of a file that can be decoded as a whole, in UTF-8: some `BLOCK` bytes at a time, cut where a line ends.

    Every line end is a line feed, whatever it was; the last of each block is left out.
    """
    rest = b""
    for block in _with_line_feeds(_in_utf8(path, encoding)):
        text, end, more = block.rpartition(b"\n")
        if end:
            yield rest + text
            rest = more
        else:
            rest += more
    if rest:
        yield rest


def lines_of(path: Path, encoding: Encoding) -> Iterator[list[Line]]:
    """All lines of a file, some `BLOCK` bytes of them at a time."""
    if encoding.whole:
        # Not splitlines: a cell may hold a vertical tab or a line separator.
        for text in texts_of(path, encoding):
            yield [Line(line, True) for line in text.decode("utf-8").split("\n")]
        return
    rest = b""
    for block, last in _blocks(path, encoding):
        # Neither encoding ever uses the byte of a line feed inside a character.
        raw, end, more = (rest + block).rpartition(b"\n")
        rest = more if end else raw + more
        if end:
            yield _damaged_lines(raw, encoding.name)
        if last and rest:
            yield _damaged_lines(rest, encoding.name)


def _damaged_lines(raw: bytes, encoding: str) -> list[Line]:
    lines = raw.replace(b"\r\n", b"\n").removesuffix(b"\r").replace(b"\r", b"\n").split(b"\n")
    return [_line(line, encoding) for line in lines]


def _blocks(path: Path, encoding: Encoding) -> Iterator[tuple[bytes, bool]]:
    """The bytes of a file behind its mark, in blocks, and an empty one that is the last."""
    with path.open("rb") as file:
        file.seek(encoding.start)
        while block := file.read(BLOCK):
            yield block, False
    yield b"", True


def _in_utf8(path: Path, encoding: Encoding) -> Iterator[tuple[bytes, bool]]:
    """The blocks of a file that can be decoded as a whole; in UTF-8 they are as they stand, cut anywhere."""
    if encoding.name == "utf-8":
        yield from _blocks(path, encoding)
        return
    decoder = codecs.getincrementaldecoder(encoding.name)()
    for block, last in _blocks(path, encoding):
        yield decoder.decode(block, last).encode("utf-8"), last


def _with_line_feeds(blocks: Iterable[tuple[bytes, bool]]) -> Iterator[bytes]:
    """Blocks in which every line end is a line feed.

    >>> list(_with_line_feeds([(b"a\\r", False), (b"\\nb\\rc\\r", False), (b"", True)]))
    [b'a', b'\\nb\\nc', b'\\n']
    """
    held = b""  # half of a line end, perhaps
    for block, last in blocks:
        text = held + block
        held = b"\r" if text.endswith(b"\r") and not last else b""
        yield text.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _fits(path: Path, encoding: Encoding) -> bool:
    decoder = codecs.getincrementaldecoder(encoding.name)()
    try:
        for block, last in _blocks(path, encoding):
            decoder.decode(block, last)
    except UnicodeDecodeError:
        return False
    return True


def _broken_lines(path: Path, encoding: Encoding) -> float:
    """How many lines cannot be decoded; without limit if they are too many, or the first is one of them."""
    broken = total = 0
    for lines in lines_of(path, encoding):
        if not total and not lines[0].whole:
            return _HOPELESS
        total += len(lines)
        broken += sum(not line.whole for line in lines)
    # A file of few lines may lose one of them: that is damage, not another encoding.
    return _HOPELESS if broken > max(1, _MOST_BROKEN * total) else broken


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_as_marked(encoding) from error


def _not_as_marked(encoding: str) -> Unreadable:
    return Unreadable(f"文件标明是 {encoding.upper()}，但有无法解码的内容", "请从平台重新导出")


def _line(raw: bytes, encoding: str) -> Line:
    try:
        return Line(raw.decode(encoding), True)
    except UnicodeDecodeError:
        return Line(raw.decode(encoding, errors="replace"), False)
