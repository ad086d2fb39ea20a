"""Characters: width, invisible ones, private-use ones, traditional ones.

Belongs here: what may be changed in any text without changing what it says.
Lives elsewhere: what a word means (`nulls.py`, `codes.py`), dots in names (`names.py`), X in identity numbers
(`id_numbers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from unicodedata import normalize

import opencc

from dedup.normalise.facts import facts

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007\u2e80-\u2fdf\U00020000-\U000323af"
"""Han characters, for use inside a character class."""

# Control and format characters, variation selectors, lone surrogates, and the private use area.
_ODD = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff]"
)
_PRIVATE: dict[str, str] = {chr(int(code, 16)): char for code, char in facts("characters")["pua"].items()}


def han_but(excluded: Iterable[str]) -> str:
    """The common Han characters without some, for use inside a character class, of Python or of Arrow.

    >>> han_but("丁丂"), han_but("")
    ('一-一七-鿿', '一-鿿')
    """
    first, last = ord("一"), ord("鿿")
    marks = [first - 1, *sorted(code for code in set(map(ord, excluded)) if first <= code <= last), last + 1]
    between = ((before + 1, behind - 1) for before, behind in pairwise(marks))
    return "".join(f"{chr(one)}-{chr(other)}" for one, other in between if one <= other)


def plain(stated: str) -> str:
    """The same text in half width, without invisible characters and with single spaces.

    Private-use characters of GB 18030 become the characters they stand for; unknown ones stay, so that a name that
    lost a character still shows it. Nothing here changes what the text says: Χ, • and × are left to their readers.

    >>> plain("\\u3000３３０１\\u200b０６\\u00a0")
    '330106'
    >>> plain("张\\ue863")
    '张䶮'
    """
    if _ODD.search(stated):
        stated = _ODD.sub(_mended, stated)
    if not stated.isascii():
        stated = normalize("NFKC", stated)
    return " ".join(stated.split())


def compact(stated: str) -> str:
    """`plain`, without any space.

    >>> compact("王　伟 ")
    '王伟'
    """
    text = plain(stated)
    if " " not in text:
        return text
    return normalize("NFKC", text.replace(" ", ""))


def simplified(text: str) -> str:
    """Traditional characters in their simplified form, one by one; never the other way round.

    The other way is not safe (the surname 于 would become 於), and neither are a few of this way: see `keep`.

    >>> simplified("張偉"), simplified("乾隆"), simplified("於")
    ('张伟', '乾隆', '於')
    """
    table = traditional()
    if text.isascii() or table.keys().isdisjoint(text):
        return text
    return "".join([table.get(char, char) for char in text])


def _mended(match: re.Match[str]) -> str:
    char = match[0]
    return _PRIVATE.get(char, char if "\ue000" <= char <= "\uf8ff" else "")


@cache
def traditional() -> dict[str, str]:
    """Traditional character to simplified one: OpenCC's own table, read character by character (a line for each)."""
    keep = set(facts("characters")["keep"])
    blocks = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x2FA20))
    chars = [chr(code) for block in blocks for code in range(*block)]
    simple = str(opencc.OpenCC("t2s").convert("\n".join(chars))).split("\n")
    pairs = zip(chars, simple, strict=True)
    return {char: one for char, one in pairs if one != char and len(one) == 1 and char not in keep}
