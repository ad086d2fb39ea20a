"""Telephone numbers, one or several in a cell.

Belongs here: a stated cell → its numbers, mobile first.
Lives elsewhere: who shares a number (`dedup`), hiding digits for display (`masks.py`).
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.area import Area
from dedup.normalise.characters import plain
from dedup.normalise.distinct import Flags, Reads, each, themselves
from dedup.normalise.facts import facts
from dedup.normalise.nulls import absent
from dedup.normalise.quality import INVALID, Read

_FACTS = facts("phones")
_MACHINES = frozenset(_FACTS["machines"])
_PLACEHOLDERS = frozenset((*_FACTS["placeholders"], *("1" + digit * 10 for digit in "3456789")))
_THREE_DIGIT_AREAS = tuple(_FACTS["three_digit_areas"])

_PLAIN_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_WRITTEN_MOBILE = r"^(?:(1[3-9]\d{9})\.0|(?:\+86-?)?(1[3-9]\d)[ -](\d{4})[ -](\d{4}))$"
_TWO_MOBILES = r"^(1[3-9]\d{9})[ ;,/、，；](1[3-9]\d{9})$"
_MOBILES = re.compile(r"(?:1[3-9]\d{9}){2,4}", re.ASCII)
_MOBILE = re.compile(r"(?:(?:\+|00)?86|0)?(1[3-9]\d{9})", re.ASCII)
_LANDLINE = re.compile(
    r"(?:(?:\+|00)?86)?(0?[1-9]\d{1,2})?-?([2-8]\d{6,7})(?:(?:转|[-#*]|EXT)(\d{1,6}))?", re.ASCII
)
_MASKED = re.compile(r"(1[3-9]\d)[*X]{3,5}(\d{4})", re.ASCII)
_SHORT = re.compile(r"\d{4,6}", re.ASCII)
_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)\.(\d{10})0*E\+?10", re.ASCII)
_SEPARATORS = re.compile(r"[;,、/\\|\n。]+|(?<=\d)和(?=\d)|或")
_WORDS = re.compile(r"[(\[]?[一-鿿]+[)\]:]*|[A-Z]{2,}:|[()\[\]:'\"]")
_JOINERS = re.compile(r"(?<=[\d*+])[\s.‐-―−\-]+(?=[\d*])")
_RANK = {"ok": 0, "landline": 1, "masked": 2, "placeholder": 3, "short": 4, "invalid": 5}


def phone(stated: str, area: Area | None = None) -> Read:
    """Read a cell of telephone numbers; the key joins them with ";", mobile first, each once.

    Qualities: ok (a mobile number is there), landline, masked, placeholder, short (a company's inner number, no
    key), invalid, empty, none. A landline without area code is completed with the site's own.

    >>> phone("+86-138 1234 1234"), phone("13812341234.0; 057188881234")
    (Read(key='13812341234', quality='ok'), Read(key='13812341234;0571-88881234', quality='ok'))
    >>> phone("138****1234"), phone("13800138000"), phone("1.38E+10"), phone("661234")
    (Read(key='138****1234', quality='masked'), Read(key=None, quality='placeholder'), Read(key=None, quality='invalid'), Read(key=None, quality='short'))
    """
    if _PLAIN_MOBILE.fullmatch(stated):
        return _mobile(stated)
    text = plain(stated.replace("\n", ";").replace("\r", ";")).upper()
    nothing = absent(text)
    if nothing is not None:
        return nothing
    found = [read for piece in _SEPARATORS.split(text) if piece for read in _piece(piece, area)]
    return _together(found) if found else INVALID


def plain_mobiles(stated: pa.StringArray) -> Reads:
    """A column of phones: those that are one mobile number, also in groups or with a spreadsheet's `.0`, or two."""
    numbers = pc.replace_substring_regex(stated, _WRITTEN_MOBILE, r"\1\2\3\4")
    cells = pc.replace_substring_regex(numbers, _TWO_MOBILES, r"\1;\2")
    shaped = pc.match_substring_regex(cells, r"^1[3-9]\d{9}(?:;1[3-9]\d{9})?$").to_numpy(zero_copy_only=False)
    first, second = pc.utf8_slice_codeunits(cells, 0, 11), pc.utf8_slice_codeunits(cells, 12, 23)
    different = pc.not_equal(first, second).to_numpy(zero_copy_only=False)
    return themselves(cells, shaped & _in_use(first) & _in_use(second) & different)


def _in_use(numbers: pa.StringArray) -> Flags:
    """Whether these are not numbers of machines nor placeholders."""
    machine = each(pc.utf8_slice_codeunits(numbers, 0, 3), lambda front: front in _MACHINES)
    return np.asarray(~machine & ~pc.is_in(numbers, pa.array(_PLACEHOLDERS)).to_numpy(zero_copy_only=False))


def _together(found: list[Read]) -> Read:
    """The good numbers of a cell; when there is none, the best of the others."""
    good = [read.key for read in found if read.quality == "ok"] + [
        r.key for r in found if r.quality == "landline"
    ]
    best = min(found, key=lambda read: _RANK[read.quality])
    if not good:
        return best
    return Read(";".join(dict.fromkeys(key for key in good if key)), best.quality)


def _piece(piece: str, area: Area | None) -> list[Read]:
    """One number, also when it is written in groups; or several with only spaces between them."""
    if _PLAIN_MOBILE.fullmatch(piece):
        return [_mobile(piece)]
    words = [word for word in _WORDS.sub(" ", piece.replace("转", "#")).split() if word.strip("-.")]
    if not words:
        return []
    whole = _single(_JOINERS.sub("", " ".join(words)), area) if len(words) > 1 else INVALID
    grouped = _single(_JOINERS.sub("-", " ".join(words)), area) if whole == INVALID else whole
    if grouped != INVALID:
        return [grouped]
    digits = "".join(words)
    if _MOBILES.fullmatch(digits):
        return [_mobile(digits[start : start + 11]) for start in range(0, len(digits), 11)]
    return [_single(word, area) for word in words]


def _single(number: str, area: Area | None) -> Read:
    """One number without spaces around it."""
    floated = _FLOAT.fullmatch(number)
    number = floated[1] if floated else number
    scientific = _SCIENTIFIC.fullmatch(number)
    if scientific is not None:
        number = scientific[1] + scientific[2]
    digits = number.replace("-", "").replace(".", "")
    mobile = _MOBILE.fullmatch(digits)
    if mobile is not None:
        return _mobile(mobile[1])
    if digits in _PLACEHOLDERS or (len(digits) >= 7 and digits == digits[0] * len(digits)):
        return Read(None, "placeholder")
    masked = _MASKED.fullmatch(digits)
    if masked is not None:
        return Read(f"{masked[1]}****{masked[2]}", "masked")
    return _landline(number, area) or (Read(None, "short") if _SHORT.fullmatch(digits) else INVALID)


def _mobile(digits: str) -> Read:
    if digits in _PLACEHOLDERS:
        return Read(None, "placeholder")
    return INVALID if digits[:3] in _MACHINES else Read(digits, "ok")


def _landline(number: str, area: Area | None) -> Read | None:
    """`0571-88881234`, with `-801` behind it for an extension."""
    for size in (3, 4):
        code = number[:size]
        if number[:1] == "0" and (code in _THREE_DIGIT_AREAS) == (size == 3):
            rest = _LANDLINE.fullmatch(number[size:].lstrip("-"))
            return _written(code, rest) if rest is not None and rest[1] is None else None
    rest = _LANDLINE.fullmatch(number) or _LANDLINE.fullmatch(number.replace("-", ""))
    if rest is None or rest[1] is not None:
        return None
    return _written(area.phone_area_code if area else "", rest)


def _written(code: str, rest: re.Match[str]) -> Read:
    parts = [part for part in (code, rest[2], rest[3]) if part]
    return Read("-".join(parts), "landline")
