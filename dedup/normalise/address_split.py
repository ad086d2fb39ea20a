"""An address that ends in plain numbers, split: the front that many dwellings share, and the ending behind it.

Belongs here: where to split, which numbers a plain ending holds, and the same ending with other numbers.
Lives elsewhere: reading a whole address, and remembering what a front means (`addresses.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.characters import han_but
from dedup.normalise.distinct import Codes

_NUMERALS = "零〇一二三四五六七八九"
_TO_DIGITS = str.maketrans(_NUMERALS, "00123456789")
_UNIT = r"[1-9]\d?|[一二三四五六七八九]"
_ROOM = rf"[1-9]\d{{2,3}}|[一二三四五六七八九][{_NUMERALS}]{{2,3}}"
# No front ends in a counting word, in a numeral (it would be read together with the number behind it) or below ground.
_FRONT_ENDS = han_but("幢栋座楼元层负下两十百" + _NUMERALS)
_IN_ENDINGS = f"0123456789{_NUMERALS}幢栋座号楼单元室-"
_SPLIT = re.compile(rf"(.*[{_FRONT_ENDS}])([1-9一二三四五六七八九][{_IN_ENDINGS}]*)")
_WHOLE_FRONT = rf"^.*[{_FRONT_ENDS}]$"
_NO_FRONT, _FRONT = "A", "园"  # a character that no front ends in, and one that a front may end in
_ENDING = re.compile(
    rf"([1-9]\d{{0,2}})(?:幢|栋|座|号楼)(?:({_UNIT})单元)?(?:0?({_ROOM})室?)?"
    rf"|([1-9]\d{{0,2}})-(?:([1-9]\d?)-)?([1-9]\d{{2,3}})"
    rf"|({_ROOM})(室?)",
    re.ASCII,
)
_DOOR = re.compile(r"(.*[^0-9-])([1-9]\d{0,3})号(.*)", re.ASCII | re.DOTALL)
_ENDINGS_KEPT = 65536
T = TypeVar("T")
DOOR, ROOM = "号", "室"
STAND_INS = (("1", "2", "345"), ("987", "60", "7608"))
"""Building, unit and room, twice, without a digit or a length in common."""
DOORS = ("4", "9087")
"""A door number for each of these, neither with a digit or a length in common."""


class Ending(NamedTuple):
    """The last four parts as they stand in a key, and the forms of a text and of such a key with any other numbers."""

    key: str
    forms: tuple[str, str]


class Door(NamedTuple):
    """A front around its last plain door number; its 号 is left out."""

    before: str
    number: str
    behind: str


def split_of(stated: str) -> tuple[str, Ending] | None:
    """Split an address before its building, or before its room; None when it does not end in these.

    >>> split_of("望江路18号青云小区4号楼二单元0601室")
    ('望江路18号青云小区', Ending(key='|4|2||601', forms=('{0}幢{1}单元{2}室', '|{0}|{1}||{2}')))
    >>> split_of("木场巷5号202"), split_of("龙沟村71号"), split_of("青云小区四幢301室")
    (('木场巷5号', Ending(key='||||202', forms=('{2}室', '||||{2}'))), None, None)
    """
    found = _SPLIT.fullmatch(stated)
    if found is None:
        return None
    front, text = found.groups()
    behind_door = front.endswith(DOOR) and text.isdigit()  # 5号202: a room, with or without its word
    ending = ending_of(text + ROOM if behind_door else text)
    return (front, ending) if ending is not None else None


class Splits(NamedTuple):
    """Addresses that split: their rows, and for each row the places of its front and its ending among the distinct ones."""

    rows: Codes
    front: Codes
    ending: Codes
    fronts: list[str]
    endings: list[Ending]


def split_many(stated: pa.StringArray) -> Splits:
    """What `split_of` says of a column of texts, none missing.

    A text ends in a run of characters that endings are made of, and is split in that run or right before it. So texts are
    cut before the run, which costs little, and each distinct run is looked at once behind a character that a front may end
    in, once behind one that none does: what stands further in front has no say.
    """
    stems, runs = (part.dictionary_encode() for part in _before_last_run(stated))
    stem, run = (part.indices.to_numpy().astype(np.int64) for part in (stems, runs))
    texts = runs.dictionary.to_pylist()
    front_before = pc.match_substring_regex(stems.dictionary, _WHOLE_FRONT).to_numpy(zero_copy_only=False)
    in_one_line = ~pc.match_substring(stems.dictionary, "\n").to_numpy(zero_copy_only=False)
    kind, met = pd.factorize(2 * run + front_before[stem])
    splits = [split_of((_FRONT if one % 2 else _NO_FRONT) + texts[one // 2]) for one in met.tolist()]
    heads, head_of = numbered([split and split[0][1:] for split in splits])
    endings, ending_of_kind = numbered([split and split[1] for split in splits])
    rows = np.flatnonzero((ending_of_kind[kind] >= 0) & in_one_line[stem])
    front, fronts = pd.factorize(stem[rows] * max(len(heads), 1) + head_of[kind[rows]])
    starts = stems.dictionary.to_pylist()
    return Splits(
        rows,
        front,
        ending_of_kind[kind[rows]],
        [starts[one // len(heads)] + heads[one % len(heads)] for one in fronts.tolist()],
        endings,
    )


def _before_last_run(stated: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """Texts cut before the run of characters, at their end, that endings are made of."""
    stems = pc.utf8_rtrim(stated, _IN_ENDINGS)
    length = pc.subtract(pc.binary_length(stated), pc.binary_length(stems)).to_numpy()
    _, offsets, text = stated.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[stated.offset + 1 : stated.offset + 1 + len(stated)]
    own = np.append(0, np.cumsum(length)).astype(np.int32)
    place = np.repeat(ends - own[1:], length) + np.arange(own[-1])
    runs = np.frombuffer(text, dtype=np.uint8)[place]
    return stems, pa.StringArray.from_buffers(len(stated), pa.py_buffer(own), pa.py_buffer(runs))


def numbered(found: list[T | None]) -> tuple[list[T], Codes]:
    """The distinct ones, and for each its place among them; -1 for none."""
    place = {one: number for number, one in enumerate(dict.fromkeys(one for one in found if one is not None))}
    return list(place), np.array([-1 if one is None else place[one] for one in found], dtype=np.int64)


@lru_cache(maxsize=_ENDINGS_KEPT)
def ending_of(text: str) -> Ending | None:
    """A plain ending. With a word behind the building all its spellings mean the same, so they share one form."""
    found = _ENDING.fullmatch(text)
    if found is None:
        return None
    building, unit, room, dashed, dashed_unit, dashed_room, alone, word = found.groups("")
    if building:
        form = "{0}幢" + ("{1}单元" if unit else "") + ("{2}室" if room else "")
    else:
        form = "{0}-" + ("{1}-" if dashed_unit else "") + "{2}" if dashed else "{2}" + word
    key = "|".join(
        ("", *(part if part in form else "" for part in ("{0}", "{1}")), "", "{2}" if "{2}" in form else "")
    )
    numbers = (building or dashed, unit or dashed_unit, room or dashed_room or alone)
    return Ending(key.format(*(number.translate(_TO_DIGITS) for number in numbers)), (form, key))


def door_of(front: str) -> Door | None:
    """A front split at its last door number; None when it has none of plain digits.

    >>> door_of("望江路18号青云小区"), door_of("青云小区")
    (Door(before='望江路', number='18', behind='青云小区'), None)
    """
    found = _DOOR.fullmatch(front)
    return Door(*found.groups()) if found is not None else None
