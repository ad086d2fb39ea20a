"""Plain texts (a community, an employer) and the numbers platforms give to households and records.

Belongs here: making two spellings of one text equal without knowing what it means.
Lives elsewhere: names, addresses, identity numbers, which have readers of their own.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.characters import HAN, compact, plain, simplified
from dedup.normalise.distinct import Reads, themselves
from dedup.normalise.nulls import WORDS, absent
from dedup.normalise.quality import Read

_SPACE_AT_HAN = re.compile(f"(?<=[{HAN}]) | (?=[{HAN}])")
_BLANKS = pa.array(sorted({word.upper() for word in WORDS}))
_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)


def text(stated: str) -> Read:
    """Read free text: width, invisible characters and the spaces around Han characters do not matter.

    >>> text(" 近江 社区 "), text("Foo  Bar"), text("不详")
    (Read(key='近江社区', quality='ok'), Read(key='Foo Bar', quality='ok'), Read(key=None, quality='empty'))
    """
    words = simplified(plain(stated))
    nothing = absent(words)
    if nothing is not None:
        return nothing
    return Read(words if words.isascii() else plain(_SPACE_AT_HAN.sub("", words)), "ok")


def identifier(stated: str) -> Read:
    """Read a number that a platform gave: no spaces, upper case, no `.0` from a number cell; leading zeros stay.

    >>> identifier(" 0012a-3 "), identifier("12345.0")
    (Read(key='0012A-3', quality='ok'), Read(key='12345', quality='ok'))
    """
    plain_word = stated.isascii() and stated.isalnum()
    word = stated.upper() if plain_word else compact(compact(stated).upper()).lstrip("'‘’`")
    nothing = absent(word)
    if nothing is not None:
        return nothing
    floated = _FLOAT.fullmatch(word)
    return Read(floated[1] if floated else word, "ok")


def plain_identifiers(stated: pa.StringArray) -> Reads:
    """A column of numbers that platforms gave: those of letters and digits alone, and no word for a blank."""
    words = pc.ascii_upper(stated)
    plain_words = pc.match_substring_regex(words, "^[0-9A-Z]+$")
    return themselves(words, pc.and_not(plain_words, pc.is_in(words, _BLANKS)))
