"""JSON with arrays in arrays, as the interfaces of newer platforms return it.

Belongs here: following `export.records` down, dotted paths as the header in row 1, one row per innermost record;
several documents one after the other (the pages of an interface) are one export.
Lives elsewhere: what the columns mean (the platform's TOML), fetching pages (`connectors/pull`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from connectors.errors import Unreadable
from connectors.read.decode import decode
from connectors.read.sheet import EMPTY, Reading, Row, Sheet, text_row

Cell = tuple[str, str]


class _Number(str):
    """A number with exactly the digits that stand in the file."""

    __slots__ = ()


def read_json(path: Path, records: Sequence[str]) -> Reading:
    """The one sheet of a JSON export. `records`: path of the outer array, then of each array inside a record.

    Raises:
        Unreadable: no valid JSON, or no array where one is declared.
    """
    text = decode(path.read_bytes())
    found: list[dict[str, Cell]] = []
    for document in _documents(text):
        found += flat_records(document, records)
    header = list(dict.fromkeys(name for record in found for name in record))
    rows = [text_row(1, header)]
    for number, record in enumerate(found, start=2):
        cells = [record.get(name, ("", EMPTY)) for name in header]
        rows.append(Row(number, [text for text, _ in cells], "".join(mark for _, mark in cells)))
    return Reading([Sheet("", rows if header else [])])


_DECODER = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number)
_SPACE = re.compile(r"\s*")


def _documents(text: str) -> Iterator[Any]:
    """The documents of a text, at least one."""
    at = _after_space(text, 0)
    while True:
        try:
            document, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Unreadable(
                "不是完整有效的 JSON",
                "请从平台重新导出",
                place=f"第 {error.lineno} 行第 {error.colno} 个字符",
            ) from error
        except RecursionError as error:
            raise Unreadable("JSON 嵌套过深，可能有害", "请从平台重新导出") from error
        yield document
        at = _after_space(text, end)
        if at == len(text):
            return


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def flat_records(document: Any, records: Sequence[str]) -> list[dict[str, Cell]]:
    """The innermost records of one document, each with the cells of those around it, by dotted path.

    Raises:
        Unreadable: no array where one is declared.
    """
    outer, inner = (records[0], records[1:]) if records else ("", ())
    return list(_walk(array_at(document, outer), inner, ""))


def array_at(document: Any, path: str) -> list[Any]:
    at = document
    for step in filter(None, path.split(".")):
        at = at.get(step) if isinstance(at, dict) else None
    if not isinstance(at, list):
        raise Unreadable(
            f"JSON 里的 {path or '最外层'} 不是列表",
            "请确认接口返回的是数据而不是出错信息，再重新导出",
            place=path,
        )
    return at


def _walk(outer: list[Any], inner: Sequence[str], prefix: str) -> Iterator[dict[str, Cell]]:
    """One flat record per innermost record; a record whose array is empty stays, with its own cells only."""
    for number, record in enumerate(outer, start=1):
        if not isinstance(record, dict):
            raise Unreadable(f"列表里的第 {number} 项不是一条记录", "请从平台重新导出", place=prefix)
        if not inner:
            yield dict(_flat(record, prefix, skip=""))
            continue
        own = dict(_flat(record, prefix, skip=inner[0]))
        members = array_at(record, inner[0]) if _stated(record, inner[0]) else []
        nested = list(_walk(members, inner[1:], f"{prefix}{inner[0]}."))
        yield from ({**own, **member} for member in nested or [{}])


def _stated(record: Any, path: str) -> bool:
    for step in path.split("."):
        record = record.get(step) if isinstance(record, dict) else None
    return record is not None


def _flat(record: dict[str, Any], prefix: str, skip: str) -> Iterator[tuple[str, Cell]]:
    for name, value in record.items():
        if name == skip:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.", skip.removeprefix(f"{name}."))
        else:
            yield prefix + name, _cell(value)


def _cell(value: Any) -> Cell:
    if value is None or value == "" or value == []:
        return "", EMPTY
    if isinstance(value, _Number):
        return str(value), "n"
    if isinstance(value, bool):
        return ("true" if value else "false"), "b"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value), "s"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False), "s"
    return str(value), "s"
