"""XML packages: records inside records, as another department's exchange takes them.

Belongs here: rows that share their outer values → one outer record with its members.
Lives elsewhere: the paths (`export.records` of the platform's TOML), reading them (`connectors/read/markup.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from lxml import etree

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, text_of, unwritable


def write_xml(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write the package; neighbours with the same outer values are members of one outer record."""
    export = platform.export
    for number, row in enumerate(rows, start=1):
        for column, cell in zip(export.columns, row, strict=True):
            if isinstance(cell, str) and unwritable(cell):
                raise CannotWrite(platform.slug, column, number, "含有控制字符")
    outer, *inner = export.records
    first, *steps = outer.split(".")
    root = etree.Element(first)
    _add_records(root, ".".join(steps), export.columns, rows, "", inner)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding=export.encoding) + b"\n")


def _add_records(
    parent: etree._Element,
    at: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    prefix: str,
    inner: Sequence[str],
) -> None:
    """Add the records of one level; `prefix` ends in a dot or is empty."""
    deeper = f"{prefix}{inner[0]}." if inner else None
    own = [
        place
        for place, column in enumerate(columns)
        if column.startswith(prefix) and not (deeper and column.startswith(deeper))
    ]
    names = [columns[place].removeprefix(prefix) for place in own]
    if deeper is None:
        for row in rows:
            _fill(_new(parent, at), names, [row[place] for place in own])
        return
    for values, group in groupby(rows, key=lambda row: [row[place] for place in own]):
        record = _new(parent, at)
        _fill(record, names, values)
        members = list(group)
        _add_records(record, inner[0], columns, members, deeper, inner[1:])


def _new(parent: etree._Element, path: str) -> etree._Element:
    """A new element at the end of a path, whose other steps are made once."""
    *steps, last = path.split(".")
    return etree.SubElement(_at(parent, steps), last)


def _at(element: etree._Element, steps: Sequence[str]) -> etree._Element:
    for step in steps:
        found = element.find(step)
        element = etree.SubElement(element, step) if found is None else found
    return element


def _fill(record: etree._Element, names: Sequence[str], values: Sequence[Cell]) -> None:
    for name, value in zip(names, values, strict=True):
        *steps, last = name.split(".")
        element, text = _at(record, steps), text_of(value)
        if last.startswith("@"):
            element.set(last[1:], text)
        else:
            etree.SubElement(element, last).text = text
