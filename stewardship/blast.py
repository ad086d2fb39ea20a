"""How far a verdict would reach, before it is given: which cells on which platforms would change.

Belongs here: putting together who would be who and what platforms would then be told.
Lives elsewhere: both (`dedup/supposing.py`, `warehouse/supposing.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from dedup.supposing import supposing
from warehouse.store import read_store, scalar
from warehouse.supposing import wanted_if


@dataclass(frozen=True, slots=True)
class Blast:
    """What would change if the two records were said to be the same, or different.

    residents_before, residents_after: how many residents the records in question belong to.
    cells: by platform, how many cells it would be told that it is not told as things are.
    withdrawn: by platform, how many of the cells that it is to be told now it would not be told.
    """

    left: str
    right: str
    verdict: Literal["same", "different"]
    records: int
    residents_before: int
    residents_after: int
    cells: Mapping[str, int]
    withdrawn: Mapping[str, int]


def blast(snapshot: Path, left: str, right: str) -> Blast:
    """How far the opposite of what stands today would reach.

    Raises:
        UnknownId: there is no such record.
    """
    with read_store(snapshot) as con:
        supposed = supposing(con, left, right)
    cells, withdrawn = told_differently(snapshot, supposed.today, supposed.then)
    return Blast(
        left,
        right,
        supposed.verdict,
        len(supposed.today),
        len(set(supposed.today.values())),
        len(set(supposed.then.values())),
        cells,
        withdrawn,
    )


def told_differently(
    snapshot: Path, today: Mapping[str, str], then: Mapping[str, str]
) -> tuple[dict[str, int], dict[str, int]]:
    """By platform, how many cells it would be told if these records belonged to others than today, and how many of those that it is
    to be told now it would not be told. Both: record id → a name of whose it is."""
    with read_store(snapshot) as con:
        night: date = scalar(con, "select max(night) from landed.pull")
    before, after = (
        {(c.platform, c.record_id, c.field, c.told) for c in wanted_if(snapshot, night, who)}
        for who in (today, then)
    )
    return _by_platform(after - before), _by_platform(before - after)


def _by_platform(cells: Set[tuple[str, str, str, str]]) -> dict[str, int]:
    return dict(sorted(Counter(platform for platform, *_ in cells).items()))
