"""What stands of the words that people said of two records.

Belongs here: this one rule, by which the night, the desk and whoever else reads verdicts go. Lives elsewhere: the lines
(`ledger.py`), which cases need two people (`stewardship/four_eyes.py`).

A word says how many people it needs. One that needs one person stands at once, in the place of what stood before. *Same* and
*different* that need two stand once two people said the same of the same data and nobody the other; until then what stood
before goes on standing. What differs waits for a word that needs nobody else: an approver's. *Unsure* that needs two changes
nothing, and so does whatever was said blind: without what stood, to measure how often people agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, Literal, Protocol, TypeVar

Word = Literal["same", "different", "unsure"]


class Spoken(Protocol):
    """A word on two records: by whom, of which data (`seen`), how many people it needs; blind: the line that it is held against,
    0 of a word that counts."""

    @property
    def by(self) -> str: ...
    @property
    def verdict(self) -> Word: ...
    @property
    def seen(self) -> str: ...
    @property
    def needs(self) -> int: ...
    @property
    def blind(self) -> int: ...


T = TypeVar("T", bound=Spoken)


@dataclass(frozen=True, slots=True)
class Agreed(Generic[T]):
    """What stands of a pair, and the words that wait for another person, of each person the last, oldest first."""

    stands: T | None
    waits: tuple[T, ...]

    @property
    def disputed(self) -> bool:
        """Whether those who spoke do not agree, so that somebody else has to decide."""
        return len({one.verdict for one in self.waits}) > 1

    def on(self, seen: str) -> Agreed[T]:
        """This, without words that were said of other data than these."""
        if all(one.seen == seen for one in self.waits):
            return self
        return replace(self, waits=tuple(one for one in self.waits if one.seen == seen))


def agreed(words: Iterable[T]) -> Agreed[T]:
    """Read the words on one pair that were not taken back, oldest first."""
    stands: T | None = None
    waits: list[T] = []
    for one in words:
        if one.blind or (one.needs > 1 and one.verdict == "unsure"):
            continue
        waits = [other for other in waits if other.by != one.by and other.seen == one.seen] + [one]
        together = len(waits) >= one.needs and len({other.verdict for other in waits}) == 1
        if one.needs == 1 or together:
            stands, waits = one, []
    return Agreed(stands, tuple(waits))
