"""The end of an address: building, unit, floor and room.

Belongs here: 5幢2单元301室, 5栋2单元301, 5号楼二单元三〇一, 5-2-301 → the four parts.
Lives elsewhere: everything before it (`address_head.py`), putting the parts together (`addresses.py`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dedup.normalise.facts import facts

_WORDS = facts("addresses")


def _any_of(words: list[str]) -> str:
    return "|".join(map(re.escape, words))


_BUILDING_WORDS = _any_of([word for word in _WORDS["building"] if word not in ("号", "楼")])
_BUILDING = (
    # 402-1室 is part of room 402, not room 1 of building 402.
    rf"(?!\d{{3,5}}-\d{{1,2}}(?:{_any_of(_WORDS['room'])})?$)"
    rf"(?P<b>\d{{1,4}}-\d{{1,2}}(?=[幢栋座])|[A-Z]-?\d{{1,3}}|[A-Z]{{1,2}}|\d{{1,4}}[A-Z]?|[甲乙丙丁戊东西南北中]\d{{0,2}})"
    rf"(?:(?P<bw>{_BUILDING_WORDS}|楼(?!F)|号(?=[\dA-Z甲乙丙丁东西南北-]|$))|(?=-))-?"
)
_UNIT = rf"(?P<u>\d{{1,2}}|[A-Z]|[甲乙丙丁东西南北中])(?:{_any_of(_WORDS['unit'])}|(?=-))-?"
_FLOOR = rf"(?P<f>\d{{1,2}}|B\d)(?:{_any_of(_WORDS['floor'])}|(?=-))-?"
_ROOM = rf"(?P<r>[A-Z]?-?\d{{1,5}}[A-Z]?(?:-\d{{1,2}}(?!\d))?|[A-Z](?=[室户房]))(?P<rw>{_any_of(_WORDS['room'])})?"
_ALL = rf"-?(?:{_BUILDING})?(?:{_UNIT})?(?:{_FLOOR})?(?:{_ROOM})?-?"
_TAIL = re.compile(rf"(?<![\dA-Z]){_ALL}$", re.ASCII)
_FRONT_OF_TAIL = re.compile(
    rf"(?<![\dA-Z])(?=[\dA-Z甲乙丙丁戊东西南北中]{{1,4}}(?:[幢栋座#]|号楼|单元)){_ALL}", re.ASCII
)
_LOOKS_COUNTED = re.compile(r"[\dA-Z](?:[幢栋座室户#]|号楼|单元)", re.ASCII)


class Tail(NamedTuple):
    """The four parts, where they start in the text, and whether they were read without doubt."""

    start: int
    building: str
    unit: str
    floor: str
    room: str
    sure: bool


def tail_of(text: str) -> Tail:
    """Read the end of an address whose numerals are digits and whose separators are `-`.

    >>> tail_of("近江家园5幢2单元0301室")[1:], tail_of("近江家园5-2-301")[1:]
    (('5', '2', '', '301', True), ('5', '2', '', '301', True))
    >>> tail_of("近江家园3楼302")[1:], tail_of("近江家园")[1:]
    (('', '', '', '302', True), ('', '', '', '', True))
    """
    if not text:
        return Tail(0, "", "", "", "", True)
    found = _TAIL.search(text)
    sure = True
    if found is None or _LOOKS_COUNTED.search(
        text[: found.start()]
    ):  # a note, or a second room, stands behind
        found, sure = _FRONT_OF_TAIL.search(text) or found, False
    if found is None:
        return Tail(len(text), "", "", "", "", sure)
    building, unit, floor, room = map(_short, found.group("b", "u", "f", "r"))
    if (
        found["bw"] == "楼"
        and not unit
        and not floor
        and len(room) == len(building) + 2
        and room.startswith(building)
    ):
        building, floor = "", building
    if not found["bw"] and not found["rw"] and not unit and building and len(room) < 3:
        sure = False  # 5-2: a unit, or a room
    return Tail(found.start(), building, unit, _floor(floor, room), room, sure)


def _short(stated: str | None) -> str:
    """Without leading zeros and inner dashes that only separate letter and number: 0402 → 402, A-5 → A5."""
    if not stated:
        return ""
    if stated.isdigit():
        return stated.lstrip("0") or "0"
    if stated[0].isalpha():
        return stated.replace("-", "", 1) if stated[1:2] == "-" else stated
    return stated.lstrip("0") or "0"


def _floor(floor: str, room: str) -> str:
    """The floor, unless the room says it; below ground it is -1."""
    if floor[:1] == "B" and floor[1:].isdigit():
        floor = "-" + floor[1:]
    return "" if floor and len(room) == len(floor) + 2 and room.startswith(floor) else floor
