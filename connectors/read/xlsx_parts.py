"""What calamine does not tell of an .xlsx, taken from the sheets' own XML.

Belongs here: hidden rows, error cells, and the check for far cells, all by scanning bytes.
Lives elsewhere: the values (`workbook.py`), the limits (`guard.py`).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lxml import etree

from connectors.errors import Unreadable
from connectors.read.guard import check_far_cells, refuse_document_type

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_HIDDEN_ROW = re.compile(rb'<row (?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="([0-9]+)"')
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
class SheetFacts:
    """Of one sheet: numbers of hidden rows (from 1), error cells by row (from 1) and column (from 0)."""

    hidden: frozenset[int] = frozenset()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)


def read_parts(path: Path) -> dict[str, SheetFacts]:
    """Facts by sheet name; refuses a workbook with far cells or entities.

    Raises:
        Unreadable: with the sheet and the place.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: _facts(name, archive.read(part)) for name, part in _sheet_parts(archive).items()}
    except _DAMAGE as error:
        raise Unreadable("xlsx 文件已损坏或不完整", "请从平台重新导出，确认能用表格软件打开") from error


def _facts(name: str, xml: bytes) -> SheetFacts:
    refuse_document_type(xml[:4096])
    check_far_cells(name, xml)
    errors = {
        (int(row), column_index(letters.decode("ascii"))): text.decode("utf-8", "replace")
        for letters, row, text in (_ERROR_CELL.findall(xml) if b't="e"' in xml else [])
    }
    hidden = _HIDDEN_ROW.findall(xml) if b"hidden=" in xml else []
    return SheetFacts(frozenset(map(int, hidden)), errors)


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of each worksheet by the sheet's name."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _xml(archive.read("xl/_rels/workbook.xml.rels"))
        if relation.get("Type", "").endswith("/worksheet")
    }
    return {
        sheet.get("name", ""): _part(targets[sheet.get(_RELATION)])
        for sheet in _xml(archive.read("xl/workbook.xml")).iter("{*}sheet")
        if sheet.get(_RELATION) in targets
    }


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


def column_index(letters: str) -> int:
    """
    >>> column_index("A"), column_index("AB")
    (0, 27)
    """
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
