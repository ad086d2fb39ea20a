"""Words that stand where a value should be: 无, 不详, —, #N/A, 同上.

Belongs here: telling a blank and an explicit "has none" from a value.
Lives elsewhere: filling 同上 from the row above (`connectors`), words that are a code (`codes.py`).
"""

from __future__ import annotations

import re

from dedup.normalise.facts import facts
from dedup.normalise.quality import EMPTY, NONE, Read

WORDS = dict.fromkeys(facts("nulls")["empty"], EMPTY) | dict.fromkeys(facts("nulls")["none"], NONE)
_MARKS_ONLY = re.compile(r"[\s/\\|_\-‐-―−~*?.,:;、。·•!^+='\"`‘’“”〃()\[\]<>{}□■�…]+")


def absent(text: str) -> Read | None:
    """`EMPTY`, `NONE`, or None when the text (already `plain`) is a value.

    >>> absent("无"), absent("#N/A"), absent("—"), absent("王伟")
    (Read(key=None, quality='none'), Read(key=None, quality='empty'), Read(key=None, quality='empty'), None)
    """
    if not text:
        return EMPTY
    found = WORDS.get(text) or WORDS.get(text.casefold())
    if found is not None:
        return found
    return EMPTY if _MARKS_ONLY.fullmatch(text) else None
