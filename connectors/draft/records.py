"""Where the records are in a file that holds records inside records, when nobody has said so.

Belongs here: finding the path that `export.records` states.
Lives elsewhere: following it (`connectors/read/nested.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.errors import Unreadable
from connectors.read.decode import decode


def record_path(path: Path) -> tuple[str, ...]:
    """Where the records of a JSON file are: the path of the array that holds most, then of arrays inside its records.

    Raises:
        Unreadable: no array of records anywhere.
    """
    try:
        document = json.loads(decode(path.read_bytes()))
    except (json.JSONDecodeError, RecursionError):
        return ()  # reading it says what is wrong, and where
    outer = _richest(document)
    if outer is None:
        raise Unreadable("JSON 里没有记录的列表", "请确认接口返回的是数据而不是出错信息，再重新导出")
    return (outer[0], *_inside(outer[1]))


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
