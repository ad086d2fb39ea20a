"""What a row of an export is called when a person speaks of it: by what it is, never by where it stands.

Belongs here: the reference of a row, made from the platform's own key or, without one, from all the row states.
Lives elsewhere: the ids of records (`warehouse/ids.py`), what people say of a row (`warehouse/overrides.py`).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from connectors.platform import Platform
from connectors.read.layout import Header
from connectors.stage.cells import Cells, batches_in
from dedup.normalise.read import read

_LENGTH = 12  # hexadecimal characters: a clerk copies it from the screen


@dataclass(slots=True)
class References:
    """The data rows of one export as they came, so that any of them can be called by what it states."""

    platform: Platform
    site_key: bytes
    cells: Path  # all of them
    _sheets: dict[str, tuple[Cells, Header]] = field(default_factory=dict)
    _repeated: dict[str, frozenset[int]] = field(default_factory=dict)

    def know(self, sheet: str, cells: Cells, header: Header) -> None:
        """These are the data rows of a sheet, or those of them that are looked at now."""
        self._sheets[sheet] = (cells, header)

    def of(self, sheet: str, row: int) -> str:
        """The reference of a row: the same wherever the row stands, and in whatever order the columns do."""
        key = self.own_key(sheet, row)
        parts = ["key", key] if key else ["row", *self._content(sheet, row)]
        message = "\x1f".join(["reference", self.platform.slug, *parts])
        return hmac.digest(self.site_key, message.encode("utf-8", "surrogatepass"), "sha256").hex()[:_LENGTH]

    def own_key(self, sheet: str, row: int) -> str:
        """The platform's own key of a row; empty if it has none, or shares it with another row."""
        cells, header = self._sheets[sheet]
        place = header.at.get(self.platform.export.key or "")
        texts = cells.texts_of(row)
        if place is None or len(texts) < header.width:
            return ""
        key = texts[place].strip()
        if not key or hash(key) in self._twice(sheet, place):
            return ""
        return key if read("identifier", key).key is not None else ""

    def _content(self, sheet: str, row: int) -> list[str]:
        cells, header = self._sheets[sheet]
        texts = cells.texts_of(row)
        if len(texts) < header.width:  # cut off: which cell belongs to which column, nobody knows
            return texts
        return [part for name, text in sorted(cells.stated(row, header.at).items()) for part in (name, text)]

    def _twice(self, sheet: str, place: int) -> frozenset[int]:
        """Hashes of the keys that stand twice on a sheet: looked for when first asked, as few exports have need of it."""
        if sheet not in self._repeated:
            met = [np.zeros(0, dtype=np.int64)]
            for name, cells in batches_in(self.cells):
                if name == sheet:
                    keys = cells.column(place)[0].to_pylist()
                    met.append(np.array([hash(key.strip()) for key in keys], dtype=np.int64))
            hashes, times = np.unique(np.concatenate(met), return_counts=True)
            self._repeated[sheet] = frozenset(hashes[times > 1].tolist())
        return self._repeated[sheet]
