"""Nested JSON: records inside records, as a platform's interface takes them.

Belongs here: rows that share their outer values → one outer record with its members.
Lives elsewhere: the paths (`export.records` of the platform's TOML).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, unwritable

_Record = dict[str, Any]


def write_json(platform: Platform, rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write the document; neighbours with the same outer values are members of one outer record."""
    export = platform.export
    for number, row in enumerate(rows, start=1):
        for column, cell in zip(export.columns, row, strict=True):
            if isinstance(cell, str) and unwritable(cell):
                raise CannotWrite(platform.slug, column, number, "含有控制字符")
    outer = export.records[0] if export.records else ""
    text = json.dumps(inside(outer, records(platform, rows)), ensure_ascii=False)
    path.write_bytes(text.encode(export.encoding) + b"\n")


def records(platform: Platform, rows: Sequence[Sequence[Cell]]) -> list[_Record]:
    """The outer records with their members; neighbours with the same outer values are members of one."""
    return _records(platform.export.columns, rows, "", platform.export.records[1:])


def inside(path: str, document: Any) -> Any:
    """A document at a path of another one that holds nothing else.

    >>> inside("data.list", [1]), inside("", [1])
    ({'data': {'list': [1]}}, [1])
    """
    for step in reversed(path.split(".") if path else []):
        document = {step: document}
    return document


def _records(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], prefix: str, inner: Sequence[str]
) -> list[_Record]:
    """The records at one level; `prefix` ends in a dot or is empty."""
    deeper = f"{prefix}{inner[0]}." if inner else None
    own = [
        at
        for at, column in enumerate(columns)
        if column.startswith(prefix) and not (deeper and column.startswith(deeper))
    ]
    names = [columns[at].removeprefix(prefix) for at in own]
    if deeper is None:
        return [_record(names, [row[at] for at in own]) for row in rows]
    records = []
    for values, group in groupby(rows, key=lambda row: [row[at] for at in own]):
        record = _record(names, values)
        place(record, inner[0], _records(columns, list(group), deeper, inner[1:]))
        records.append(record)
    return records


def _record(names: Sequence[str], values: Sequence[Cell]) -> _Record:
    record: _Record = {}
    for name, value in zip(names, values, strict=True):
        place(record, name, None if value == "" else value)
    return record


def place(record: _Record, path: str, value: Any) -> None:
    """Put a value at a path of a record.

    >>> record = {}; place(record, "house.no", "5"); record
    {'house': {'no': '5'}}
    """
    *steps, last = path.split(".")
    for step in steps:
        record = record.setdefault(step, {})
    record[last] = value
