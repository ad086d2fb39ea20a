"""The text of an address, in one spelling, before it is taken apart.

Belongs here: width, traditional forms, separators, numerals, brackets.
Lives elsewhere: taking the text apart (`address_head.py`, `address_tail.py`).
"""

from __future__ import annotations

import re
from functools import cache

from dedup.normalise.characters import han_but, simplified, traditional
from dedup.normalise.facts import facts
from dedup.normalise.numerals import NUMERALS, counted_in_digits

_WORDS = facts("addresses")
_SEPARATORS = re.escape(_WORDS["separators"])
_COUNTED = "[0-9A-Z幢栋座楼元层#]"
_BETWEEN = re.compile(f"(?<={_COUNTED})[{_SEPARATORS} ]+(?=[0-9A-Z])")
_OTHER = re.compile(f"[{_SEPARATORS} ;'\"!_<>?]+")
_BRACKETS = re.compile(r"[(\[【〔《{]([^)\]】〕》}]*)[)\]】〕》}]?")
_COUNT_IN_BRACKETS = re.compile(
    "[(]([0-9A-Z一二三四五六七八九十零〇百]{1,5})[)](?=幢|栋|座|号|单元|室|层|楼|期)"
)
_KEPT = re.compile(_WORDS["kept_in_brackets"])
_BELOW = re.compile("(?:负|地下)(?=[一二三四五1-9])")


def cleaned(text: str) -> str:
    """One spelling of everything that is not a name. Between numbers only `-` is left as a separator.

    >>> cleaned("近江家園 5棟/2單元-三零一(租)"), cleaned("近江家园 5 2 301")
    ('近江家园5栋-2单元-301', '近江家园5-2-301')
    """
    return text if _clean_already().fullmatch(text) else respelled(text)


@cache
def _clean_already() -> re.Pattern[str]:
    """Simplified characters, digits and capitals, without what could be a numeral or below ground."""
    return re.compile(f"[{han_but({*traditional(), *NUMERALS, *'负地'})}0-9A-HJ-UW-Z]*")


def respelled(text: str) -> str:
    """The same, step by step."""
    text = simplified(text).upper()
    if _BRACKETS.search(text):
        text = _COUNT_IN_BRACKETS.sub(r"\1", text)
        text = _BRACKETS.sub(lambda found: found[1] if _KEPT.fullmatch(found[1]) else "", text)
    text = counted_in_digits(_BELOW.sub("B", text))
    if not _OTHER.search(text):
        return text
    return "\0".join(_OTHER.sub("", piece) for piece in _BETWEEN.sub("\0", text).split("\0")).replace(
        "\0", "-"
    )
