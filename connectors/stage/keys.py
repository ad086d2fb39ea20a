"""What names a record at its platform: the platform's own key, or what its row says of who it is.

Belongs here: choosing that key for every record of an export.
Lives elsewhere: the record id made of it (`warehouse/ids.py`).
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence

from connectors.platform import Platform
from connectors.stage.block import Block
from connectors.stage.claims import Values
from dedup.normalise.read import read

_WHO = ("name", "id_number", "birth_date", "phone")


def source_keys(block: Block, values: Mapping[str, Values], platform: Platform, site_key: bytes) -> list[str]:
    """The key of each record: as the platform states it, if it has one and gave it to one record only.

    Otherwise "#", a keyed hash of the normal forms of who it is, and "-" with its place among the records that are
    equal in that; they are counted in the order of what they state, so that shuffled rows keep their keys.
    """
    own = _own_keys(block, platform)
    times = Counter(own)
    keyless = [at for at, key in enumerate(own) if not key or times[key] > 1]
    equals: dict[str, list[int]] = {}
    for at in keyless:
        equals.setdefault(_who(at, values, platform.slug, site_key), []).append(at)
    for who, places in equals.items():
        places.sort(key=lambda at: (_says(at, values), str(block.sheets[at]), int(block.rows[at])))
        for ordinal, at in enumerate(places, start=1):
            own[at] = f"#{who}-{ordinal}"
    return own


def _own_keys(block: Block, platform: Platform) -> list[str]:
    if platform.export.key is None:
        return [""] * len(block)
    stated = [str(text).strip() for text in block.columns[platform.export.key].texts]
    says = {text: read("identifier", text).key is not None for text in set(stated)}
    return [text if says[text] else "" for text in stated]


def _who(at: int, values: Mapping[str, Values], slug: str, site_key: bytes) -> str:
    parts = [slug, *((values[field].keys[at] or "") if field in values else "" for field in _WHO)]
    return hmac.digest(site_key, "\x1f".join(["who", *parts]).encode("utf-8"), "sha256").hex()[:16]


def _says(at: int, values: Mapping[str, Values]) -> Sequence[str]:
    return [str(values[field].stated[at]) for field in sorted(values)]
