"""What an .xlsx says of its sheets before any value is looked at, taken from their XML block by block.

Belongs here: which sheets there are and which are hidden, hidden rows, merged ranges, error cells, the check for far
cells, and whether a sheet is written so that it can be read row by row.
Lives elsewhere: where tags stand (`xlsx_tags.py`), the rows (`xlsx_rows.py`), what a cell says (`xlsx_values.py`), the
limits (`guard.py`).
"""

from __future__ import annotations

import errno
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import numpy as np
from lxml import etree

from connectors.errors import Unreadable
from connectors.read.guard import Extent, refuse_document_type
from connectors.read.sheet import Merge
from connectors.read.xlsx_tags import CELL, ROW_END, Bytes, Tags, standing, tags_of

BLOCK = 8 << 20  # bytes of a sheet's XML that are looked at at a time
SHEET_DATA = b"<sheetData>"
_DATA_END = b"</sheetData>"
_ALWAYS = ("[Content_Types].xml", "_rels/.rels")  # without them no program takes an archive for a workbook
_TALLEST = 2_000  # rows that hang together by merged ranges and are still read as one batch
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ENCODING = re.compile(rb"""^[^>]*\bencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_ROW = re.compile(
    rb'(?:\s*<row\s[^<>]*/>)*\s*<row\s(?:[^<>]*?\s)?r="([0-9]+)"(?:[^<>]*[^<>/])?>\s*(?:<c r="|\Z)'
)
_CLOSED = re.compile(rb"(?:\s*<row\s[^<>]*/>)*\s*")  # rows without cells
_HIDDEN_ROW = re.compile(rb'<row (?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="([0-9]+)"')
_MERGE = re.compile(rb'<mergeCell\s[^>]*?\bref="([A-Z]+)([0-9]+)(?::([A-Z]+)([0-9]+))?"')
_ERROR_CELL = re.compile(
    rb'<c r="([A-Z]+)([0-9]+)"[^>]*\bt="e"[^>]*>(?:(?!</c>).)*?<v>([^<]*)</v>', re.DOTALL
)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    KeyError,
    etree.XMLSyntaxError,
    EOFError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One worksheet: its name, its part of the archive, and whether it is shown."""

    name: str
    part: str
    visible: bool


@dataclass(slots=True)
class SheetFacts:
    """Of one sheet: numbers of hidden rows and of the last one that states anything, counted from 1, and its merged
    ranges. `by_rows`: it is written the way all known programs write, so that rows can be told without a parser."""

    hidden: frozenset[int] = frozenset()
    merges: Sequence[Merge] = ()
    last: int = 0
    by_rows: bool = False
    whole: Sequence[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        """Stretches of rows, first and last, that hang together by merged ranges; in order, none touching another."""
        found: list[tuple[int, int]] = []
        for top, bottom in sorted((top + 1, bottom + 1) for (top, _), (bottom, _) in self.merges):
            if found and top <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], bottom))
            else:
                found.append((top, bottom))
        self.whole = found


class Unpacked(NamedTuple):
    """A sheet whose XML was unpacked: where it begins among others, in bytes, its size, and what is known of it."""

    name: str
    start: int
    size: int
    facts: SheetFacts


@contextmanager
def damage() -> Iterator[None]:
    """Errors of an archive or of its XML, in words for a clerk.

    Raises:
        Unreadable: in place of them.
    """
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # our own disk is full: the file is not to blame
        raise damaged() from error


def damaged() -> Unreadable:
    """What is said of a workbook that does not hold what it announces."""
    return Unreadable("xlsx 文件已损坏或不完整", "请从平台重新导出，确认能用表格软件打开")


def sheet_parts(archive: zipfile.ZipFile) -> list[SheetPart]:
    """The worksheets in the order of the workbook."""
    for part in _ALWAYS:
        archive.getinfo(part)
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _xml(archive.read("xl/_rels/workbook.xml.rels"))
        if relation.get("Type", "").endswith("/worksheet")
    }
    return [
        SheetPart(
            sheet.get("name", ""),
            _part(targets[sheet.get(_RELATION)]),
            sheet.get("state", "visible") not in ("hidden", "veryHidden"),
        )
        for sheet in _xml(archive.read("xl/workbook.xml")).iter("{*}sheet")
        if sheet.get(_RELATION) in targets
    ]


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """
    Raises:
        Unreadable: it cannot be opened as one.
    """
    with damage():
        archive = zipfile.ZipFile(path)
    with archive:
        yield archive


def chunks_of(file: IO[bytes], size: int, length: float = inf) -> Iterator[bytes]:
    """The bytes of a file from where it stands, as many, so many at a time."""
    while length > 0 and (data := file.read(int(min(size, length)))):
        length -= len(data)
        yield data


def blocks_of(chunks: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    """Bytes in blocks that end where `end` does; what follows the last one, last."""
    left = bytearray()
    for data in chunks:
        searched = max(0, len(left) - len(end))
        left += data
        at = left.rfind(end, searched)
        if at >= 0:
            with memoryview(left) as view:
                block = bytes(view[: at + len(end)])
            yield block
            del left[: at + len(end)]
    yield bytes(left)


def unpack(archive: zipfile.ZipFile, sheet: SheetPart, into: IO[bytes] | None) -> Unpacked:
    """Look through a sheet, and write its XML to where it can be read again; one with far cells or entities is refused.

    Raises:
        Unreadable: with the sheet and the place.
    """
    look, size = _Look(sheet.name), 0
    start = into.tell() if into else 0
    with archive.open(sheet.part) as file:
        for block in blocks_of(chunks_of(file, BLOCK), ROW_END):
            look.at(block)
            size += len(block)
            if into:
                into.write(block)
    return Unpacked(sheet.name, start, size, look.facts())


@dataclass(slots=True)
class _Look:
    """What is known of a sheet after some of its blocks."""

    name: str
    _extent: Extent = field(default_factory=Extent)
    _hidden: set[int] = field(default_factory=set)
    _stating: int = 0  # the last row that states anything
    _by_rows: bool = True
    _begun: bool = False
    _tail: bytes | None = None

    def at(self, block: bytes) -> None:
        if not self._begun:
            refuse_document_type(block[:4096])
        if b"hidden=" in block:
            self._hidden.update(map(int, _HIDDEN_ROW.findall(block)))
        self._stating = _last_stating(block) or self._stating
        self._by_rows = self._by_rows and self._tail is None and self._is_plain(block)
        if not self._by_rows:
            self._extent.add(self.name, block)
        self._begun = True

    def facts(self) -> SheetFacts:
        self._extent.check(self.name)
        merges = _merges(self._tail) if self._tail is not None else None
        facts = SheetFacts(frozenset(self._hidden), merges or (), self._stating)
        tallest = max((bottom - top for top, bottom in facts.whole), default=0)
        facts.by_rows = self._by_rows and merges is not None and tallest < _TALLEST
        return facts

    def _is_plain(self, block: bytes) -> bool:
        """Whether rows and cells of a block can be told by where their tags stand; how far they reach is noted.

        Without comments and CDATA no tag is mistaken: neither text nor attributes may hold a "<".
        """
        data = self._data(block)
        if data is None:
            return False
        xml = np.frombuffer(data, dtype=np.uint8)
        tags = tags_of(xml)
        ends = tags.row_ends.tolist()
        starts = [0, *(tags.row_ends + len(ROW_END)).tolist()]
        heads = [_ROW.match(data, start, end) for start, end in zip(starts, ends, strict=False)]
        numbers = [self._extent.last, *(int(head[1]) for head in heads if head)]
        if (
            tags.declares
            or len(standing(CELL, xml, tags.cells)) != len(tags.cells)
            or not all(heads)
            or not bool((np.diff(numbers) > 0).all())
            or not _CLOSED.fullmatch(data, starts[-1])
        ):
            return False
        self._extent.reach(self.name, len(tags.cells), numbers[-1], _last_columns(xml, tags, numbers[1:]))
        return True

    def _data(self, block: bytes) -> bytes | None:
        """The rows of a block, without what stands before and after them; None if they are not where they should be."""
        first, end = 0, len(block)
        if not self._begun:
            first = block.find(SHEET_DATA) + len(SHEET_DATA)
            if first < len(SHEET_DATA) or is_encoded_otherwise(block) or b"<!" in block[:first]:
                return None
        if (at := block.find(_DATA_END, max(0, block.rfind(ROW_END)))) >= 0:
            end, self._tail = at, block[at:]
        return block[first:end]


def _last_stating(block: bytes) -> int:
    """The number of the last row of a block that states anything; 0 if none does."""
    inline = block.rfind(b"<is")
    at = max(block.rfind(b"<v", max(0, inline)), inline)
    row = _ROW.match(block, max(0, block.rfind(b"<row", 0, at))) if at >= 0 else None
    return int(row[1]) if row else 0


def _last_columns(xml: Bytes, tags: Tags, numbers: Sequence[int]) -> dict[bytes, int]:
    """The letters of the last cells of rows with these numbers, and of each the number of a row.

    >>> xml = np.frombuffer(b'<row r="7"><c r="A7"/><c r="AB7"/></row><row r="8"></row>', np.uint8)
    >>> _last_columns(xml, tags_of(xml), [7, 8])
    {b'AB': 7}
    """
    cells = np.searchsorted(tags.cells, tags.row_ends)
    last = np.flatnonzero(np.diff(cells, prepend=0))[::-1]  # of the rows that have any
    at = tags.cells[cells[last] - 1] + len(CELL)
    references = np.stack([xml.take(at + offset, mode="clip") for offset in range(3)], axis=1)
    found, row = np.unique(references.view("S3").ravel(), return_index=True)
    return {
        reference.rstrip(b'0123456789"'): numbers[last[one]]
        for reference, one in zip(found.tolist(), row.tolist(), strict=True)
    }


def _merges(tail: bytes) -> list[Merge] | None:
    """The merged ranges, from what follows the rows; None if they cannot be told."""
    found = _MERGE.findall(tail)
    if len(found) != tail.count(b"<mergeCell ") or b"<!" in tail:
        return None
    return [
        (
            (int(top) - 1, column_index(left)),
            (int(bottom or top) - 1, column_index(right or left)),
        )
        for left, top, right, bottom in found
    ]


def is_encoded_otherwise(xml: bytes) -> bool:
    """Whether a part says that it is not UTF-8."""
    return _ENCODING.match(xml) is not None


def errors_in(xml: bytes) -> Mapping[tuple[int, int], str]:
    """Error cells of a sheet by row (from 1) and column (from 0)."""
    return {
        (int(row), column_index(letters)): text.decode("utf-8", "replace")
        for letters, row, text in (_ERROR_CELL.findall(xml) if b't="e"' in xml else [])
    }


def dates_from_1904(archive: zipfile.ZipFile) -> bool:
    """Whether the workbook counts its days from 1904 on, as some on a Mac do."""
    settings = _xml(archive.read("xl/workbook.xml")).iter("{*}workbookPr")
    return any(setting.get("date1904") in ("1", "true") for setting in settings)


def _part(target: str) -> str:
    """
    >>> _part("worksheets/sheet1.xml"), _part("/xl/worksheets/sheet1.xml")
    ('xl/worksheets/sheet1.xml', 'xl/worksheets/sheet1.xml')
    """
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _xml(data: bytes) -> etree._Element:
    refuse_document_type(data[:4096])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(data, parser)


def column_index(letters: bytes) -> int:
    """
    >>> column_index(b"A"), column_index(b"AB")
    (0, 27)
    """
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
