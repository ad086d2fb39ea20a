"""How a name sounds: pinyin without tones, with surnames read as surnames.

Belongs here: the pinyin of a name's key, for blocking and comparing.
Lives elsewhere: the spelling itself (`names.py`), what a shared sound is worth (`dedup`).
"""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from pypinyin import Style
from pypinyin import pinyin as read_aloud

from dedup.normalise.facts import facts
from dedup.normalise.names import split_names

_SURNAMES: dict[str, list[str]] = facts("surnames")["pinyin"]
_COMPOUND: dict[str, str] = facts("surnames")["compound_pinyin"]


def pinyins(keys: pa.StringArray) -> pa.StringArray:
    """A column of names' keys: their syllables, without tones, with a space between; what is not Han stays in lower case.

    Each surname and each given name is read once.

    >>> pinyins(pa.array(["单晓曾", "尉迟恭", "吕布", "王"])).to_pylist()
    ['shan xiao ceng', 'yu chi gong', 'lv bu', 'wang']
    """
    surnames, given = (part.dictionary_encode() for part in split_names(keys))
    front = pa.array([_surname(one) for one in surnames.dictionary.to_pylist()], pa.string())
    behind = pa.array(
        [" ".join(map(syllable, one)) if one else None for one in given.dictionary.to_pylist()], pa.string()
    )
    return pc.binary_join_element_wise(
        front.take(surnames.indices), behind.take(given.indices), " ", null_handling="skip"
    )


def readings(surname: str) -> list[str]:
    """All accepted readings of a surname, the usual one first.

    >>> readings("覃"), readings("王")
    (['qin', 'tan'], ['wang'])
    """
    return _SURNAMES.get(surname) or [_COMPOUND.get(surname) or " ".join(map(syllable, surname))]


@lru_cache(maxsize=65536)
def _surname(surname: str) -> str:
    return _COMPOUND.get(surname) or " ".join(
        _SURNAMES[char][0] if char in _SURNAMES else syllable(char) for char in surname
    )


@lru_cache(maxsize=65536)
def syllable(char: str) -> str:
    """The most usual reading of one character.

    >>> syllable("伟")
    'wei'
    """
    return str(read_aloud(char, style=Style.NORMAL, strict=False, v_to_u=False)[0][0]).lower()
