"""What one steward has done, day by day, and how often others said the same of the same pair.

Belongs here: counting it from what stands in the ledger. Lives elsewhere: the verdicts themselves (`verdicts.py`), the page
(`desk/trends.py`).

It is for the steward's own eyes: a figure that a superior reads makes people quick, and not right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stewardship.standing import Pair, Said, Standing
from warehouse.words import Word


@dataclass(frozen=True, slots=True)
class Day:
    """One day: verdicts given, of them *unsure*, and verdicts of one's own taken back."""

    day: str
    given: int
    unsure: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class OwnWork:
    """days: oldest first, only those on which something was done. agreed, differed: pairs of which somebody else also said
    *same* or *different*, and the same or not."""

    days: tuple[Day, ...]
    agreed: int
    differed: int


def own_work(standing: Standing, by: str, since: str = "") -> OwnWork:
    """The work of one account. `since`: the first day that is told, as it stands in the ledger (UTC)."""
    own = [one for one in standing.lines.values() if one.by == by]
    given = Counter(one.at[:10] for one in own if not one.undoes)
    unsure = Counter(one.at[:10] for one in own if not one.undoes and one.verdict == "unsure")
    taken_back = Counter(one.at[:10] for one in own if one.undoes and standing.lines[one.undoes].by == by)
    days = sorted(day for day in given.keys() | taken_back.keys() if day >= since)
    judged = {(one.left, one.right) for one in own if not one.undoes}
    alike = Counter(agreed for pair in judged for agreed in _compared(standing, by, pair))
    return OwnWork(
        tuple(Day(day, given[day], unsure[day], taken_back[day]) for day in days), alike[True], alike[False]
    )


def _compared(standing: Standing, by: str, pair: Pair) -> Iterator[bool]:
    """Whether the others who decided about a pair said what `by` said of it in the end; what waits for `by` as the second
    person stays hidden here, too, and what was said blind is counted by itself."""
    last: dict[str, Word] = {one.by: one.verdict for one in _decided(standing, by, pair)}
    mine = last.pop(by, None)
    if mine is not None:
        yield from (word == mine for word in last.values())


def _decided(standing: Standing, by: str, pair: Pair) -> Iterator[Said]:
    lines = standing.told(*pair, by)
    return (
        one
        for one in lines
        if not (one.undoes or one.blind) and one.seq not in standing.undone and one.verdict != "unsure"
    )
