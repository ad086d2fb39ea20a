"""How a name sounds: pinyin without tones, with surnames read as surnames.

Belongs here: the pinyin of a name's key, for blocking and comparing.
Lives elsewhere: the spelling itself (`names.py`), what a shared sound is worth (`dedup`).
"""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style
from pypinyin import pinyin as read_aloud

from dedup.normalise.facts import facts
from dedup.normalise.names import surname_of

_SURNAMES: dict[str, list[str]] = facts("surnames")["pinyin"]
_COMPOUND: dict[str, str] = facts("surnames")["compound_pinyin"]


def pinyin(key: str) -> str:
    """The syllables of a name's key, without tones, with a space between; what is not Han stays in lower case.

    >>> pinyin("单晓曾"), pinyin("尉迟恭"), pinyin("吕布")
    ('shan xiao ceng', 'yu chi gong', 'lv bu')
    """
    surname = surname_of(key)
    return " ".join([_surname(surname), *map(syllable, key[len(surname) :])]) if key else ""


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
