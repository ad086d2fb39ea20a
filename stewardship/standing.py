"""What stewards have said so far: what stands, what it settles, and what would contradict it.

Belongs here: reading the verdicts of the ledger as they come, and the logic of same and different.
Lives elsewhere: adding a verdict (`verdicts.py`), the lines themselves (`warehouse/ledger.py`).

Verdicts are links between records: *same* joins, *different* keeps apart, also over others: who says that A and B are
the same, and B and C, cannot say that A and C differ. Records that state the same are one for matching, so they are one
here too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from warehouse.ledger import Ledger, Line, Word

Pair = tuple[str, str]
States = Callable[[str], int | None]  # what a record states, as a number; None when it is not known


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the ledger about two records: a verdict, or that one was taken back (`undoes`)."""

    seq: int
    at: str
    by: str
    left: str
    right: str
    verdict: Word
    because: str  # digest of the reason
    seen: str
    undoes: int = 0  # the line taken back, 0 for a verdict


class Link(NamedTuple):
    """One step of a chain: two records, and why they go together: a verdict, or that they state the same (None)."""

    left: str
    right: str
    said: Said | None


@dataclass
class Standing:
    """All verdicts and what stands of them, read from the ledger line by line as it grows."""

    last: int = 0
    lines: dict[int, Said] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    of_pair: dict[Pair, list[int]] = field(default_factory=dict)  # every line about a pair, oldest first

    def refresh(self, ledger: Ledger) -> bool:
        """Read what was added since; whether there was anything."""
        added = ledger.lines("verdict", "undo", after=self.last)
        for line in added:
            self._take(line)
        return bool(added)

    def _take(self, line: Line) -> None:
        body = line.body
        if line.kind == "undo":
            was = self.lines[body["of"]]
            self.undone.add(was.seq)
            said = Said(
                line.seq,
                line.at,
                body["by"],
                was.left,
                was.right,
                was.verdict,
                body["because"],
                was.seen,
                was.seq,
            )
        else:
            said = Said(
                line.seq,
                line.at,
                body["by"],
                body["left"],
                body["right"],
                body["verdict"],
                body["because"],
                body["seen"],
            )
        self.lines[line.seq] = said
        self.of_pair.setdefault((said.left, said.right), []).append(line.seq)
        self.last = line.seq

    def of(self, left: str, right: str) -> Said | None:
        """The verdict that stands on a pair."""
        low, high = sorted((left, right))
        verdicts = (self.lines[seq] for seq in reversed(self.of_pair.get((low, high), ())))
        return next((one for one in verdicts if not one.undoes and one.seq not in self.undone), None)

    def known(self, left: str, right: str) -> int:
        """The last line about a pair, 0 when there is none: who judges says which they knew."""
        low, high = sorted((left, right))
        return self.of_pair.get((low, high), [0])[-1]

    def history(self, left: str, right: str) -> list[Said]:
        """Every line about a pair, oldest first."""
        low, high = sorted((left, right))
        return [self.lines[seq] for seq in self.of_pair.get((low, high), ())]

    def standing(self) -> Iterator[Said]:
        """What stands, of every pair at most one."""
        return (said for pair in self.of_pair if (said := self.of(*pair)) is not None)

    def last_of(self, by: str) -> Said | None:
        """Somebody's latest verdict that was not taken back."""
        own = (self.lines[seq] for seq in reversed(self.lines))
        return next(
            (one for one in own if one.by == by and not one.undoes and one.seq not in self.undone), None
        )


def contradiction(standing: Iterable[Said], new: Pair, word: Word, states: States) -> list[Link] | None:
    """The chain of standing words that a new word on a pair contradicts; None when it agrees with them all.

    *different* contradicts a chain of *same* between the two. *same* contradicts a *different* between any record that is
    the same as the one and any that is the same as the other; that link is in the chain, too. What stands on the pair
    itself does not count: the new word replaces it.
    """
    others = [one for one in standing if (one.left, one.right) != tuple(sorted(new))]
    left, right = new
    links = _links([one for one in others if one.verdict == "same"], {left, right} | _records(others), states)
    if word == "different":
        return _path(links, left, right)
    if word == "same":
        return _through_different(links, left, right, [one for one in others if one.verdict == "different"])
    return None


def _records(said: Iterable[Said]) -> set[str]:
    return {record for one in said for record in (one.left, one.right)}


def _links(same: Sequence[Said], records: Iterable[str], states: States) -> dict[str, list[Link]]:
    """Who goes with whom directly."""
    links: dict[str, list[Link]] = {}
    alike: dict[int, str] = {}
    for record in sorted(records):
        stated = states(record)
        if stated is not None:
            first = alike.setdefault(stated, record)
            if first != record:
                _add(links, Link(first, record, None))
    for one in same:
        _add(links, Link(one.left, one.right, one))
    return links


def _add(links: dict[str, list[Link]], link: Link) -> None:
    links.setdefault(link.left, []).append(link)
    links.setdefault(link.right, []).append(Link(link.right, link.left, link.said))


def _reached(links: Mapping[str, Sequence[Link]], start: str) -> dict[str, Link | None]:
    """Everything that goes with a record, each with the link by which it was reached, nearest first."""
    reached: dict[str, Link | None] = {start: None}
    waiting = deque([start])
    while waiting:
        for link in links.get(waiting.popleft(), ()):
            if link.right not in reached:
                reached[link.right] = link
                waiting.append(link.right)
    return reached


def _path(links: Mapping[str, Sequence[Link]], start: str, end: str) -> list[Link] | None:
    reached = _reached(links, start)
    if end not in reached:
        return None
    path: list[Link] = []
    while (link := reached[end]) is not None:
        path.append(link)
        end = link.left
    return path[::-1]


def _through_different(
    links: Mapping[str, Sequence[Link]], left: str, right: str, different: Sequence[Said]
) -> list[Link] | None:
    near, far = _reached(links, left), _reached(links, right)
    for one in different:
        for here, there in ((one.left, one.right), (one.right, one.left)):
            if here in near and there in far:
                before, behind = _path(links, left, here), _path(links, there, right)
                return [*(before or ()), Link(here, there, one), *(behind or ())]
    return None


class Settled:
    """Which residents of a snapshot are joined or kept apart by what stands."""

    def __init__(self, standing: Iterable[Said], resident: Callable[[str], str | None]) -> None:
        self._leader: dict[str, str] = {}
        apart: list[tuple[str, str]] = []
        for one in standing:
            left, right = resident(one.left), resident(one.right)
            if left is None or right is None or left == right:
                continue
            if one.verdict == "same":
                self._leader[self._find(left)] = self._find(right)
            elif one.verdict == "different":
                apart.append((left, right))
        self._apart = {frozenset((self._find(left), self._find(right))) for left, right in apart}

    def between(self, left: str, right: str) -> bool:
        """Whether what stands already says that two residents are one, or are not."""
        one, other = self._find(left), self._find(right)
        return one == other or frozenset((one, other)) in self._apart

    def _find(self, resident: str) -> str:
        while (above := self._leader.get(resident, resident)) != resident:
            resident = above
        return resident
