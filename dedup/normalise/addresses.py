"""Addresses: eleven parts, each in one spelling.

Belongs here: a stated address → its key; completing it from the site's own area; writing a key out again.
Lives elsewhere: taking the text apart (`address_head.py`, `address_tail.py`), numerals (`numerals.py`), what
an area is (`area.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.address_head import community_of, number_of, region_of, road_of, street_of
from dedup.normalise.address_parts import Parts, parts_of
from dedup.normalise.address_split import DOOR, DOORS, STAND_INS, door_of, numbered, split_many, split_of
from dedup.normalise.address_tail import tail_of
from dedup.normalise.address_text import cleaned
from dedup.normalise.area import Area
from dedup.normalise.characters import HAN, plain
from dedup.normalise.distinct import Reads
from dedup.normalise.facts import facts
from dedup.normalise.gazetteer import Gazetteer, gazetteer_of
from dedup.normalise.nulls import absent
from dedup.normalise.quality import INVALID, Read

T = TypeVar("T")
_ESTATE_ENDS: str = facts("addresses")["estate_ends"]
_PHASE = re.compile(f"(?<=[{HAN}])(第?\\d{{1,2}}期|[A-Z]区|\\d{{1,2}}区|[东西南北中]区|[A-Z\\d]{{1,2}}组团)$")
_ESTATE = re.compile(f"(?=(?:.*[{HAN}]){{2}})[{HAN}A-Z0-9-]+")
_KEY_MARKS = 10
_NUMBER = Parts._fields.index("number")
_ESTATE_BEHIND_REGION = Parts._fields.index("estate") - 1
_FRONTS_KEPT = 65536


class Parsed(NamedTuple):
    """Parts, and what the text said beside them."""

    parts: Parts
    outside: bool  # another city or district is stated
    sure: bool  # every character was understood


def address(stated: str, area: Area | None = None) -> Read:
    """Read an address; the key is eleven parts joined by "|": district, street, community, road, number, estate, phase,
    building, unit, floor, room.

    Qualities: ok (names a dwelling), building (names a building), partial, outside (another district or city is
    stated; it stays as stated), invalid, empty, none. What is missing in front is completed from the area, what an
    estate implies from the area's list of estates; nothing is guessed.

    >>> address("上城区望江街道近江社区近江路12号近江家园5栋二单元0301")
    Read(key='上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301', quality='ok')
    >>> address("近江家园5-2-301").key == address("近江家园５号楼２单元三〇一室").key
    True
    >>> address("浦东新区锦绣路123弄4号501室").key, address("北京市朝阳区建国路88号").key
    ('浦东新区|||锦绣路|123弄|||4|||501', '北京市朝阳区|||建国路|88||||||')
    """
    split = split_of(stated)
    book = gazetteer_of(area) if area is not None else None
    known = read_front(split[0], split[1].forms, book) if split is not None else None
    if split is None or known is None:
        return _whole(stated, book)
    return Read(known[0] + split[1].key, known[1])


def split_addresses(stated: pa.StringArray, area: Area | None = None) -> Reads:
    """A column of addresses: those that split. Each front is read once for each form of ending behind it."""
    book = gazetteer_of(area) if area is not None else None
    split = split_many(stated)
    forms, form = numbered([ending.forms for ending in split.endings])
    place, met = pd.factorize(split.front * max(len(forms), 1) + form[split.ending])
    known = [
        read_front(split.fronts[one // len(forms)], forms[one % len(forms)], book) or (None, None)
        for one in met.tolist()
    ]
    code = np.full((2, len(stated)), -1)
    code[:, split.rows] = place, split.ending
    rows, ending = (pa.array(one, mask=one < 0) for one in code)
    keys, qualities = (pa.array([one[part] for one in known], pa.string()).take(rows) for part in (0, 1))
    numbers = pa.array([one.key for one in split.endings], pa.string()).take(ending)
    return Reads(pc.binary_join_element_wise(keys, numbers, ""), qualities)


def format_address(key: str) -> str:
    """Write a key out as people write an address.

    >>> format_address("上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301")
    '上城区望江街道近江社区近江路12号近江家园5幢2单元301室'
    """
    parts = parts_of(key)
    number = parts.number + ("" if not parts.number or parts.number[-1] in "弄组" else "号")
    floor = parts.floor.replace("-", "负")
    ends = ((parts.building, "幢"), (parts.unit, "单元"), (floor, "层"), (parts.room, "室"))
    tail = "".join(part + word for part, word in ends if part)
    return (
        "".join(
            (parts.district, parts.street, parts.community, parts.road, number, parts.estate, parts.phase)
        )
        + tail
    )


def dwelling_key(key: str) -> str | None:
    """The part of an address key that names one dwelling: where it stands, building, unit and room.

    None without a room; in an estate without a building; elsewhere without a building and a door number. An estate
    stands for its road and number.

    >>> dwelling_key("上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301")
    '上城区|近江家园|5|2|301'
    >>> dwelling_key("上城区|||||近江家园||5|2||") is None
    True
    """
    return _dwelling(parts_of(key))


def _dwelling(parts: Parts) -> str | None:
    place = (
        parts.estate + parts.phase
        if parts.estate
        else parts.number and (parts.road or parts.community) + parts.number
    )
    if not place or not parts.room or (parts.estate and not parts.building):
        return None
    return "|".join((parts.district, place, parts.building, parts.unit, parts.room))


@lru_cache(maxsize=_FRONTS_KEPT)
def read_front(front: str, forms: tuple[str, str], book: Gazetteer | None) -> tuple[str, str] | None:
    """The key of a front, and the quality of an address that has it before an ending of this form.

    Reading hardly ever asks which digit it sees. So the front is read with two endings that have no digit and no length
    in common: when both keys end in their own numbers and are otherwise the same, so is the key of every such ending.
    None when they are not: such an address is read as it stands. A door number in the front is tried in the same way,
    so that a street is read once and not door by door; but an area's own list knows its doors.
    """
    if book and book.may_go_on(front):
        return None
    door = door_of(front) if book is None else None
    known = _front_of_any_door(door.before, door.behind, forms) if door is not None else None
    if door is None or known is None:
        return _same(_with_stand_ins(front, forms, numbers, book) for numbers in STAND_INS)
    before, behind, quality = known
    return f"{before}|{door.number}|{behind}", quality


@lru_cache(maxsize=_FRONTS_KEPT)
def _front_of_any_door(before: str, behind: str, forms: tuple[str, str]) -> tuple[str, str, str] | None:
    """The key of a front, before and behind its door number, and the quality; None when these are not all it changes."""
    return _same(
        _around_door(_with_stand_ins(before + door + DOOR + behind, forms, numbers, None), door)
        for door, numbers in zip(DOORS, STAND_INS, strict=True)
    )


def _around_door(read: tuple[str, str] | None, door: str) -> tuple[str, str, str] | None:
    key, quality = read or ("", "")
    parts = key.split("|")
    if read is None or parts[_NUMBER] != door:
        return None
    return "|".join(parts[:_NUMBER]), "|".join(parts[_NUMBER + 1 :]), quality


def _with_stand_ins(
    front: str, forms: tuple[str, str], numbers: tuple[str, str, str], book: Gazetteer | None
) -> tuple[str, str] | None:
    """The key of a front and the quality, read with these numbers behind it; None when the key does not end in them."""
    stated, ending = (form.format(*numbers) for form in forms)
    key, quality = _whole(front + stated, book)
    return (key.removesuffix(ending), quality) if key is not None and key.endswith(ending) else None


def _same(found: Iterable[T | None]) -> T | None:
    """What all say; None when they differ."""
    different = set(found)
    return different.pop() if len(different) == 1 else None


def _whole(stated: str, book: Gazetteer | None) -> Read:
    """Read an address as it stands, from front to back."""
    text = plain(stated)
    nothing = absent(text)
    if nothing is not None:
        return nothing
    if text.count("|") == _KEY_MARKS:
        text = format_address(text)
    text = cleaned(text)
    if not text:
        return INVALID
    parsed = _parsed(text, book)
    if book and parsed.sure and book.knows(parsed.parts.estate):
        return _graded(parsed)
    return _settled(parsed, text, book)


def _parsed(text: str, book: Gazetteer | None) -> Parsed:
    """The region in front, then what is behind it, completed from the area."""
    text, stars, _ = text.partition("*")
    district, outside, rest = book.region_of(text) if book else _region(text)
    own = book if not outside else None
    behind, understood, sure = _behind_region(rest, len(rest) < len(text), own)
    parts = Parts(district, *behind)
    if own is not None:
        parts = own.completed(parts)
    if book is not None and not understood:
        understood = book.knows(behind[_ESTATE_BEHIND_REGION])
    return Parsed(
        parts if understood else parts._replace(estate="", phase=""),
        outside,
        understood and sure and not stars,
    )


@lru_cache(maxsize=_FRONTS_KEPT)
def _behind_region(
    rest: str, after_region: bool, book: Gazetteer | None
) -> tuple[tuple[str, ...], bool, bool]:
    """Street, community, road and number; then the tail; what is left is the estate. Whether that reads as a name, and
    whether the tail is sure.

    Kept, for the same text is met again: behind the city, behind the district alone and behind nothing, and once more
    when a key is read as it is written out.
    """
    street, rest = street_of(rest, after_region=after_region)
    community, rest = community_of(rest)
    road, rest = book.road_of(rest) if book else road_of(rest)
    number, rest = number_of(rest, after_road=bool(road))
    tail = tail_of(rest)
    estate, phase = _estate(rest[: tail.start], book)
    parts = (street, community, road, number, estate, phase, tail.building, tail.unit, tail.floor, tail.room)
    return parts, not estate or _ESTATE.fullmatch(estate) is not None, tail.sure


def _region(text: str) -> tuple[str, bool, str]:
    """Without an area nothing is outside; a district is told apart by its city, or province."""
    region = region_of(text)
    return (region.city or region.province) + region.district, False, region.rest


def _estate(text: str, book: Gazetteer | None) -> tuple[str, str]:
    """An estate's name and phase. A name in the site's list is never cut."""
    text = text.strip("-")
    if not text:
        return "", ""
    known = book.estate_named(text) if book else None
    if known is not None:
        return known, ""
    found = _PHASE.search(text)
    phase = ""
    if found is not None:
        text, phase = text[: found.start()], found[1].removeprefix("第")
    known = book.estate_named(text) if book else None
    if known is None and text.endswith("小区") and text[-3:-2] in _ESTATE_ENDS:
        known = text[:-2]
    return known or text, phase


def _settled(parsed: Parsed, text: str, book: Gazetteer | None) -> Read:
    """A key that reads as itself: outside the known estates, a name may contain what reads as a road or a room."""
    key = "|".join(parsed.parts)
    for _ in range(3):
        before, text = text, cleaned(format_address(key))
        again = parsed if text == before else _parsed(text, book)
        found = "|".join(again.parts)
        if found == key:
            return _graded(parsed)
        parsed, key = again._replace(outside=parsed.outside or again.outside, sure=False), found
    return INVALID


def _graded(parsed: Parsed) -> Read:
    parts = parsed.parts
    key = "|".join(parts)
    if not any(parts[:8]) or (any(parts[8:]) and not any(parts[1:8])) or not (any(parts[1:]) or parsed.sure):
        return INVALID
    if parsed.outside:
        return Read(key, "outside")
    place = parts.estate or (parts.number and (parts.road or parts.community))
    if not place or not parsed.sure:
        return Read(key, "partial")
    if parts.room and _dwelling(parts) is not None:
        return Read(key, "ok")
    return Read(key, "building" if parts.building else "partial")
