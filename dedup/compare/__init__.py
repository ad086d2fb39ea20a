"""Comparing nodes: which level of agreement each comparison reaches.

Belongs here: the closed list of comparers, and comparing all columns of pairs.
Lives elsewhere: what a level is worth (`dedup/models/*.toml`), which pairs meet (`blocking.py`).

Distances count characters (rapidfuzz), never bytes. Each distinct pair of values is compared once.
"""

from __future__ import annotations

from collections.abc import Mapping

from dedup.compare import contact, dates, id_numbers, names, text
from dedup.compare.comparer import Comparer

COMPARERS: Mapping[str, Comparer] = {
    "chinese_name": names.COMPARER,
    "id_number": id_numbers.COMPARER,
    "date": dates.COMPARER,
    "equal": text.EQUAL,
    "text": text.TEXT,
    "crossed_text": text.CROSSED,
    "digits": text.DIGITS,
    "contact": contact.COMPARER,
}
