"""Names for records, and the ids that residents, households and dwellings may come to bear.

Belongs here: the two keyed hashes, one by one and in bulk.
Lives elsewhere: which record lends its id to a resident (`dedup`), where the key is kept (`site.py`).

An id is made from the platform's own key as the platform stated it, so that a better cleaner never renames a
record; it is keyed, so that nobody who can enumerate keys can turn an id back into a person.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Literal

Resolved = Literal["resident", "household", "dwelling"]

_LETTER: dict[Resolved, str] = {"resident": "R", "household": "H", "dwelling": "D"}


def record_id(key: bytes, platform: str, source_key: str, generation: int = 1) -> str:
    """Name one record at one platform: 20 hexadecimal characters.

    The generation counts the people to whom the platform has given this key, one after the other.

    >>> record_id(b"k", "grid", "A1")
    '92d80b72aa873124fb68'
    >>> record_id(b"k", "grid", "A1") == record_id(b"k", "grid", "A1", generation=2)
    False
    """
    return record_ids(key, platform, [source_key], generation)[0]


def record_ids(key: bytes, platform: str, source_keys: Iterable[str], generation: int = 1) -> list[str]:
    """Name many records of one platform, in the order given."""
    # The stated key stands last: whatever it contains, no two different triples write the same message.
    head = f"record\x1f{platform}\x1f{generation}\x1f"
    return [_digest(key, head + source_key)[:20] for source_key in source_keys]


def potential_id(key: bytes, kind: Resolved, record_id: str) -> str:
    """The id that a resident, household or dwelling bears if this record is its earliest.

    >>> potential_id(b"k", "household", "92d80b72aa873124fb68")[0]
    'H'
    """
    return potential_ids(key, kind, [record_id])[0]


def potential_ids(key: bytes, kind: Resolved, record_ids: Iterable[str]) -> list[str]:
    """The potential ids of many records, in the order given: a letter for the kind and 16 hexadecimals."""
    letter, head = _LETTER[kind], f"{kind}\x1f"
    return [letter + _digest(key, head + record)[:16] for record in record_ids]


def _digest(key: bytes, message: str) -> str:
    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), "sha256").hex()
