"""Chinese and Roman numerals where a number is meant: 十二幢, 四零二室, 四百零二, Ⅱ期.

Belongs here: numerals → digits, in front of the words that count.
Lives elsewhere: dates (`dates.py`), which counting words an address has (`address_tail.py`).
"""

from __future__ import annotations

import re

_DIGITS = {
    "零": 0,
    "〇": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
NUMERALS = "".join(_DIGITS) + "十百"
_COUNTED = re.compile(
    rf"[{NUMERALS}]+(?=幢|栋|座(?!桥)|号楼|单元|楼|室|户|房|层|期|组|弄|梯|-|$|门(?:[{NUMERALS}\d]|洞|$)|号(?![路街线码])"
    rf"|区(?:\d|[{NUMERALS}]|$))|(?<=[幢栋座元楼层\-])[{NUMERALS}]+"
)
_ROMAN = re.compile(r"(?<![A-Z])(I{1,3}|IV|VI{0,3})(?=期)")
_ROMANS = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8"}
_ANY = re.compile(f"[{NUMERALS}]")


def counted_in_digits(text: str) -> str:
    """Numerals in front of a counting word, or at the end, as digits; those in names stay.

    >>> counted_in_digits("三里亭五栋二单元四零二"), counted_in_digits("二号路十二号四百零二室")
    ('三里亭5栋2单元402', '二号路12号402室')
    """
    if _ANY.search(text):
        text = _COUNTED.sub(lambda found: number(found[0]), text)
    return _ROMAN.sub(lambda found: _ROMANS[found[0]], text) if "I" in text or "V" in text else text


def number(numeral: str) -> str:
    """A numeral as digits, digit by digit or counted.

    >>> number("四零二"), number("四百零二"), number("十二"), number("二十"), number("一百")
    ('402', '402', '12', '20', '100')
    """
    if "十" not in numeral and "百" not in numeral:
        return "".join(str(_DIGITS[char]) for char in numeral)
    total = current = 0
    for char in numeral:
        if char in _DIGITS:
            current = _DIGITS[char]
            continue
        total += (current or 1) * (10 if char == "十" else 100)
        current = 0
    return str(total + current)
