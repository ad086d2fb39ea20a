"""XML with records in records, as exchange packages between departments carry them.

Belongs here: following `export.records` down, dotted paths as the header in row 1, one row per innermost record.
Lives elsewhere: XML that is a spreadsheet (`spreadsheetml.py`) or a page (`html.py`), the same shape in JSON
(`nested.py`).

A record is an element; what stands in it once is a column under its dotted path, an attribute under "@" and its name.
Namespaces are left out: platforms change them without changing anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree

from connectors.errors import Unreadable
from connectors.read.decode import decode
from connectors.read.guard import refuse_document_type
from connectors.read.sheet import EMPTY, Reading, Row, Sheet, text_row

Cell = tuple[str, str]
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_xml(path: Path, records: Sequence[str]) -> Reading:
    """The one sheet of an XML package. `records`: path of the outer record from the root on, then inside each record.

    Raises:
        Unreadable: no well-formed XML, one that declares entities, or no such element where one is declared.
    """
    root = parse_xml(decode(path.read_bytes()))
    outer, *inner = records
    found = [cells for one in _outer(root, outer) for cells in _rows(one, inner, "")]
    header = list(dict.fromkeys(name for record in found for name in record))
    rows = [text_row(1, header)]
    for number, record in enumerate(found, start=2):
        cells = [record.get(name, ("", EMPTY)) for name in header]
        rows.append(Row(number, [text for text, _ in cells], "".join(mark for _, mark in cells)))
    return Reading([Sheet("", rows if header else [])])


def parse_xml(text: str) -> etree._Element:
    """The root of an XML document without comments; refuses one with a document type."""
    refuse_document_type(text.encode("utf-8"))
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        # Decoded already: lxml refuses text that declares an encoding.
        return etree.fromstring(_DECLARATION.sub("", text, count=1), parser)
    except etree.XMLSyntaxError as error:
        # The position only: the words of the error may quote a value.
        raise Unreadable(
            "不是完整有效的 XML", "请从平台重新导出", place=f"第 {error.position[0]} 行"
        ) from None


def _outer(root: etree._Element, path: str) -> list[etree._Element]:
    first, *steps = path.split(".")
    found = [root] if _tag(root) == first else []
    for step in steps:
        found = [child for one in found for child in one if _tag(child) == step]
        if not found:
            break
    if not found:
        raise Unreadable(f"XML 里没有 {path}", "请确认收到的是数据包而不是出错信息，再重新导出", place=path)
    return found


def _rows(record: etree._Element, inner: Sequence[str], prefix: str) -> Iterator[dict[str, Cell]]:
    """One flat record per innermost record; a record with none inside stays, with its own cells only."""
    if not inner:
        yield _flat(record, prefix, None)
        return
    own = _flat(record, prefix, inner[0])
    below = f"{prefix}{inner[0]}."
    members = [cells for one in _inside(record, inner[0]) for cells in _rows(one, inner[1:], below)]
    yield from ({**own, **member} for member in members or [{}])


def _inside(record: etree._Element, path: str) -> list[etree._Element]:
    found = [record]
    for step in path.split("."):
        found = [child for one in found for child in one if _tag(child) == step]
    return found


def _flat(record: etree._Element, prefix: str, skip: str | None) -> dict[str, Cell]:
    """The cells of a record but for the records inside it; what stands in it several times is joined."""
    cells: dict[str, Cell] = {}
    for name, text in _leaves(record, "", skip):
        before = cells.get(prefix + name, ("", EMPTY))[0]
        together = ";".join(filter(None, (before, text)))
        cells[prefix + name] = (together, "s" if together else EMPTY)
    return cells


def _leaves(element: etree._Element, path: str, skip: str | None) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{path}@{etree.QName(name).localname}", value.strip()
    for child in element:
        at = f"{path}{_tag(child)}"
        if at == skip:
            continue
        if len(child) or child.attrib:
            yield from _leaves(child, f"{at}.", skip)
        if not len(child):
            yield at, (child.text or "").strip()


def _tag(element: etree._Element) -> str:
    return str(etree.QName(element).localname)
