"""What a row of an export is called when a person speaks of it: by what it is, never by where it stands.

Belongs here: the reference of a row, made from the platform's own key or, without one, from all the row states.
Lives elsewhere: the ids of records (`warehouse/ids.py`), what people say of a row (`warehouse/overrides.py`).
"""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass, field

from connectors.platform import Platform
from connectors.read.layout import Header
from connectors.stage.cells import Cells
from dedup.normalise.read import read

_LENGTH = 12  # hexadecimal characters: a clerk copies it from the screen


@dataclass(slots=True)
class References:
    """The data rows of one export as they came, so that any of them can be called by what it states."""

    platform: Platform
    site_key: bytes
    _sheets: dict[str, tuple[Cells, Header]] = field(default_factory=dict)
    _times: dict[str, Counter[str]] = field(default_factory=dict)

    def know(self, sheet: str, cells: Cells, header: Header) -> None:
        """These are the data rows of a sheet."""
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
        return key if self._count(sheet, place)[key] == 1 and read("identifier", key).key is not None else ""

    def _content(self, sheet: str, row: int) -> list[str]:
        cells, header = self._sheets[sheet]
        texts = cells.texts_of(row)
        if len(texts) < header.width:  # cut off: which cell belongs to which column, nobody knows
            return texts
        return [part for name, text in sorted(cells.stated(row, header.at).items()) for part in (name, text)]

    def _count(self, sheet: str, place: int) -> Counter[str]:
        if sheet not in self._times:
            texts = self._sheets[sheet][0].column(place)[0]
            self._times[sheet] = Counter(str(text).strip() for text in texts)
        return self._times[sheet]
