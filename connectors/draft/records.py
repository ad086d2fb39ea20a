"""Where the records are in a file that holds records inside records, when nobody has said so.

Belongs here: finding the path that `export.records` states.
Lives elsewhere: following it (`connectors/read/nested.py`, `connectors/read/markup.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.errors import Unreadable
from connectors.read.decode import decode
from connectors.read.markup import parse_xml
from connectors.read.recognise import Met


def record_path(path: Path, met: Met) -> tuple[str, ...]:
    """Where the records of a JSON or XML file are: the path of those that state most, then of records inside them.

    Raises:
        Unreadable: no records anywhere, or XML that is none.
    """
    if met == "xml":
        root = parse_xml(decode(path.read_bytes()))
        document: Any = {_tag(root): _as_record(root)}
    else:
        try:
            document = json.loads(decode(path.read_bytes()))
        except (json.JSONDecodeError, RecursionError):
            return ()  # reading it says what is wrong, and where
    outer = _richest(document)
    if outer is None:
        form = met.upper()
        raise Unreadable(f"{form} 里没有记录的列表", "请确认收到的是数据而不是出错信息，再重新导出")
    return (outer[0], *_inside(outer[1]))


def _as_record(element: etree._Element) -> Any:
    """An element as JSON would have it: children that stand there several times, or hold others, are records."""
    if not len(element):
        return element.text or ""
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(_tag(child), []).append(_as_record(child))
    return {
        tag: some if len(some) > 1 or isinstance(some[0], dict) else some[0] for tag, some in found.items()
    }


def _tag(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _inside(records: list[Any]) -> tuple[str, ...]:
    """Paths of the arrays of records inside records."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for place, inner in _arrays(record, ""):
            found.setdefault(place, []).extend(inner)
    if not found:
        return ()
    place = max(found, key=lambda one: sum(len(record) for record in found[one]))
    return (place, *_inside(found[place]))


def _richest(document: Any) -> tuple[str, list[Any]] | None:
    if isinstance(document, list):
        return ("", document) if _holds_records(document) else None
    return max(_arrays(document, ""), key=lambda one: len(json.dumps(one[1])), default=None)


def _arrays(node: Any, place: str) -> Iterator[tuple[str, list[Any]]]:
    """Arrays of records in a record, not those inside such arrays."""
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        at = f"{place}.{name}" if place else name
        if isinstance(value, list) and _holds_records(value):
            yield at, value
        else:
            yield from _arrays(value, at)


def _holds_records(array: list[Any]) -> bool:
    return bool(array) and all(isinstance(item, dict) for item in array)
