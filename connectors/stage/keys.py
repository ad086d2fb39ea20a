"""What names a record at its platform: the platform's own key, or what its row says of who it is.

Belongs here: choosing that key for every record of an export.
Lives elsewhere: the record id made of it (`warehouse/ids.py`).
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from connectors.platform import Platform
from connectors.stage.block import Block
from connectors.stage.claims import Values
from dedup.normalise.bulk import read_many

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
    for at, who in zip(keyless, _who(keyless, values, platform.slug, site_key), strict=True):
        equals.setdefault(who, []).append(at)
    for who, places in equals.items():
        if len(places) > 1:
            places.sort(key=lambda at: (_says(at, values), str(block.sheets[at]), int(block.rows[at])))
        for ordinal, at in enumerate(places, start=1):
            own[at] = f"#{who}-{ordinal}"
    return own


def _own_keys(block: Block, platform: Platform) -> list[str]:
    if platform.export.key is None:
        return [""] * len(block)
    stated = [str(text).strip() for text in block.columns[platform.export.key].texts]
    keys, _ = read_many("identifier", pa.array(stated, pa.string()))
    return [text if says else "" for text, says in zip(stated, keys.is_valid().to_pylist(), strict=True)]


def _who(rows: Sequence[int], values: Mapping[str, Values], slug: str, site_key: bytes) -> list[str]:
    """Who each of these rows says it is, hashed."""
    at = pa.array(rows, pa.int64())
    nobody: list[str | None] = [None] * len(rows)
    columns = [values[field].keys.take(at).to_pylist() if field in values else nobody for field in _WHO]
    messages = (
        "\x1f".join(["who", slug, *(key or "" for key in keys)]) for keys in zip(*columns, strict=True)
    )
    return [hmac.digest(site_key, message.encode("utf-8"), "sha256").hex()[:16] for message in messages]


def _says(at: int, values: Mapping[str, Values]) -> Sequence[str]:
    return [values[field].stated[at].as_py() for field in sorted(values)]
