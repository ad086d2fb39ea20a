"""What names a record at its platform: the platform's own key, or what its row says of who it is.

Belongs here: choosing that key for every record of an export.
Lives elsewhere: the record id made of it (`warehouse/ids.py`), where records and claims are kept meanwhile
(`tables.py`).

Whether a key is one record's alone is known only when all records were seen. Until then each record bears the name of
its own key; those that have none, or share one, are named at the end. Eight bytes a record are remembered for that.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.platform import Platform
from connectors.stage.block import Block, Places
from connectors.stage.tables import Tables
from dedup.normalise.bulk import read_many
from warehouse.ids import record_ids

_BESIDE = ("birth_date", "phone")  # what tells apart whom the fields that name them do not
_NO_KEY = np.uint64(0)
_Digests = npt.NDArray[np.uint64]


@dataclass(slots=True)
class Names:
    """The names of the records of one export: source keys, and the record ids made of them."""

    platform: Platform
    site_key: bytes
    _own: list[_Digests] = field(default_factory=list)

    def add(self, block: Block) -> tuple[pa.StringArray, pa.StringArray]:
        """Keys and ids of the records of a batch, as long as nothing else is known; '' for want of an own key."""
        keys = self._own_keys(block)
        ids = record_ids(self.site_key, self.platform.slug, keys.to_pylist())
        named = np.frombuffer(bytes.fromhex("".join(ids)), dtype=np.uint8).reshape(len(ids), -1)
        digests = named[:, :8].copy().view(np.uint64).ravel()
        digests[pc.equal(keys, "").to_numpy(zero_copy_only=False)] = _NO_KEY
        self._own.append(digests)
        return keys, pa.array(ids, pa.string())

    def settle(self, tables: Tables) -> dict[int, str]:
        """Name the records that have no key of their own or share it, in the tables; place -> id of each.

        Their key is "#", a keyed hash of the normal forms of who it is, and "-" with its place among the records that
        are equal in that; they are counted in an order that follows from what they state, so that shuffled rows keep
        their keys.
        """
        places = self._nameless()
        if not len(places):
            return {}
        who = self._who(places, tables)
        _, group, times = np.unique(who, return_inverse=True, return_counts=True)
        equal = times[group] > 1
        ordinals = np.ones(len(places), dtype=np.int64)
        ordinals[equal] = _ordinals(group[equal], self._says(places[equal], tables))
        keys = [
            f"#{name:016x}-{ordinal}" for name, ordinal in zip(who.tolist(), ordinals.tolist(), strict=True)
        ]
        ids = record_ids(self.site_key, self.platform.slug, keys)
        tables.rename(places, keys, ids)
        return dict(zip(places.tolist(), ids, strict=True))

    def _own_keys(self, block: Block) -> pa.StringArray:
        if self.platform.export.key is None:
            return pa.repeat(pa.scalar(""), len(block))
        texts = block.columns[self.platform.export.key].texts
        stated = pc.utf8_trim_whitespace(texts.dictionary)
        read, _ = read_many("identifier", stated)
        return pc.if_else(read.indices.is_valid(), stated, "").take(texts.indices)

    def _nameless(self) -> Places:
        """Places of the records without a key that is theirs alone."""
        own = np.concatenate(self._own) if self._own else np.zeros(0, dtype=np.uint64)
        met, times = np.unique(own, return_counts=True)
        return np.flatnonzero(np.isin(own, np.append(met[times > 1], _NO_KEY)))

    def _who(self, places: Places, tables: Tables) -> _Digests:
        """Whom or what each of these records says it is about, hashed."""
        found = [np.zeros(0, dtype=np.uint64)]
        names = (*self.platform.named_by, *_BESIDE)
        for keys in tables.columns("key", names, places):
            texts = (
                "\x1f".join(["who", self.platform.slug, *(key or "" for key in row)])
                for row in zip(*(keys[name] for name in names), strict=True)
            )
            digests = [hmac.digest(self.site_key, text.encode("utf-8"), "sha256")[:8] for text in texts]
            found.append(np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64))
        return np.concatenate(found)

    def _says(self, places: Places, tables: Tables) -> _Digests:
        """All that each of these records states, hashed."""
        found = [np.zeros(0, dtype=np.uint64)]
        names = sorted(self.platform.fields)
        for stated in tables.columns("stated", names, places):
            texts = (
                "\x1f".join(text or "" for text in row)
                for row in zip(*(stated[name] for name in names), strict=True)
            )
            digests = [hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest() for text in texts]
            found.append(np.frombuffer(b"".join(digests), dtype=np.uint64))
        return np.concatenate(found)


def _ordinals(group: Places, says: _Digests) -> Places:
    """Places from 1 within each group, in the order of what is said; who says the same, in the order given.

    >>> _ordinals(np.array([7, 5, 7]), np.array([9, 1, 3], dtype=np.uint64)).tolist()
    [2, 1, 1]
    """
    order = np.lexsort((says, group))
    ordered = group[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    ordinals = np.empty(len(group), dtype=np.int64)
    ordinals[order] = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group)))) + 1
    return ordinals
