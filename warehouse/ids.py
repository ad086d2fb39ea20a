"""Names for records, and the ids that residents, households and dwellings may come to bear.

Belongs here: the two keyed hashes, one by one and in bulk.
Lives elsewhere: which record lends its id to a resident (`dedup`), where the key is kept (`site.py`).

An id is made from the platform's own key as the platform stated it, so that a better cleaner never renames a
record; it is keyed, so that nobody who can enumerate keys can turn an id back into a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Literal

Resolved = Literal["resident", "household", "dwelling"]

_BLOCK = 64  # bytes that SHA-256 takes at a time
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
    digest = _digest(key, f"record\x1f{platform}\x1f{generation}\x1f")
    return [digest(source_key)[:20] for source_key in source_keys]


def potential_id(key: bytes, kind: Resolved, record_id: str) -> str:
    """The id that a resident, household or dwelling bears if this record is its earliest.

    >>> potential_id(b"k", "household", "92d80b72aa873124fb68")[0]
    'H'
    """
    return potential_ids(key, kind, [record_id])[0]


def potential_ids(key: bytes, kind: Resolved, record_ids: Iterable[str]) -> list[str]:
    """The potential ids of many records, in the order given: a letter for the kind and 16 hexadecimals."""
    letter, digest = _LETTER[kind], _digest(key, f"{kind}\x1f")
    return [letter + digest(record)[:16] for record in record_ids]


def _digest(key: bytes, head: str) -> Callable[[str], str]:
    """HMAC-SHA256 (RFC 2104) under one key, of messages that begin alike.

    >>> import hmac
    >>> _digest(b"k" * 70, "张")("伟") == hmac.new(b"k" * 70, "张伟".encode(), "sha256").hexdigest()
    True
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in block) + head.encode("utf-8", "surrogatepass")
    outer = bytes(byte ^ 0x5C for byte in block)
    sha256 = hashlib.sha256

    # Hashing a block of the key once more takes less time than copying a hash that has it.
    def digest(message: str) -> str:
        inside = sha256(inner + message.encode("utf-8", "surrogatepass")).digest()
        return sha256(outer + inside).hexdigest()

    return digest
