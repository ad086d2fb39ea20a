"""What stewards have said so far: what stands, what it settles, and what would contradict it.

Belongs here: reading the verdicts of the ledger as they come, and the logic of same and different.
Lives elsewhere: adding a verdict (`verdicts.py`), which of several words on a pair stands (`warehouse/words.py`), the lines
themselves (`warehouse/ledger.py`).

Verdicts are links between records: *same* joins, *different* keeps apart, also over others: who says that A and B are
the same, and B and C, cannot say that A and C differ. Records that state the same are one for matching, so they are one
here too, unless somebody keeps the two apart.
"""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import takewhile
from typing import NamedTuple, Protocol

from warehouse.ledger import Ledger, Line
from warehouse.words import Agreed, Word, agreed

Pair = tuple[str, str]
UNSURE = timedelta(days=7)  # what somebody did not know is asked again then

Alike = Callable[[str], Collection[str]]  # the records that state the same as one, itself included or not


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
    needs: int = 1  # how many people have to say so
    blind: int = 0  # the line that it is held against, of a word that changes nothing


_TOLD = ("by", "left", "right", "verdict", "because", "seen", "needs", "blind")


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
    by_two: set[Pair] = field(
        default_factory=set
    )  # every pair on which something was said that needs two people
    of_record: dict[str, set[Pair]] = field(default_factory=dict)  # every pair that something was said of
    together: dict[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # of each line of one act, all its lines
    moved: dict[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # of each line of a move, the records that it takes away: none where it says that all stay
    again: Mapping[Pair, str] = field(
        default_factory=dict
    )  # the pairs that somebody else is asked again, and of which data (`blind.py`)

    _between: dict[Pair, Agreed[Said]] = field(
        default_factory=dict, compare=False, repr=False
    )  # what was worked out of a pair since its last line

    def refresh(self, ledger: Ledger) -> bool:
        """Read what was added since; whether there was anything."""
        added = ledger.lines("verdict", "undo", "together", after=self.last)
        for line in added:
            self._take(line)
        return bool(added)

    def _take(self, line: Line) -> None:
        body = line.body
        self.last = line.seq
        if line.kind == "together":
            self.together |= dict.fromkeys(body["lines"], tuple(body["lines"]))
            if "moved" in body:
                self.moved |= dict.fromkeys(body["lines"], tuple(body["moved"]))
            return
        if line.kind == "undo":
            was = self.lines[body["of"]]
            self.undone.add(was.seq)
            said = replace(
                was, seq=line.seq, at=line.at, by=body["by"], because=body["because"], undoes=was.seq
            )
        else:
            told = {name: body[name] for name in _TOLD if name in body}
            said = Said(line.seq, line.at, **told)
        self.lines[line.seq] = said
        pair = said.left, said.right
        self.of_pair.setdefault(pair, []).append(line.seq)
        self._between.pop(pair, None)
        self._between.pop(pair[::-1], None)
        if said.needs > 1:
            self.by_two.add(pair)
        for record in pair:
            self.of_record.setdefault(record, set()).add(pair)

    def between(self, left: str, right: str, *, without: Collection[int] = ()) -> Agreed[Said]:
        """What stands of a pair, and what waits there for another person; also as if some lines had not been said."""
        if without:
            return self._agreed(left, right, {*self.undone, *without})
        if (left, right) not in self._between:
            self._between[left, right] = self._agreed(left, right, self.undone)
        return self._between[left, right]

    def _agreed(self, left: str, right: str, gone: Set[int]) -> Agreed[Said]:
        return agreed(one for one in self.history(left, right) if not one.undoes and one.seq not in gone)

    def of(self, left: str, right: str) -> Said | None:
        """The verdict that stands on a pair."""
        return self.between(left, right).stands

    def disputed(self, left: str, right: str) -> bool:
        """Whether two people said different things of a pair, the smaller first, and nobody has decided."""
        return (left, right) in self.by_two and self.between(left, right).disputed

    def act(self, seq: int) -> tuple[int, ...]:
        """The lines that were written together with one, itself included: they are taken back together."""
        return self.together.get(seq, (seq,))

    def told(self, left: str, right: str, to: str, *, decides: bool = False) -> list[Said]:
        """The lines about a pair that somebody may see, oldest first.

        What others said and still waits for a second person is hidden from whoever could be that person: not from those
        who said something themselves, nor, where these do not agree, from one who decides. From who is asked again everything is.
        """
        return [] if self.asked_again(left, right, to) else self._told(left, right, to, decides=decides)

    def _told(self, left: str, right: str, to: str, *, decides: bool) -> list[Said]:
        lines, now = self.history(left, right), self.between(left, right)
        if any(one.by == to for one in now.waits) or (now.disputed and decides):
            return lines
        settled = now.stands.seq if now.stands else 0
        return [one for one in lines if one.seq <= settled or one.needs == 1 or one.by == to]

    def known(self, left: str, right: str, to: str, *, decides: bool = False) -> int:
        """The last line about a pair that somebody may see, 0 when there is none: who judges says which they knew."""
        return max((one.seq for one in self._told(left, right, to, decides=decides)), default=0)

    def asked_again(self, left: str, right: str, who: str) -> Said | None:
        """The answer that stands on a pair which somebody is asked again, and must not see before: not of who ever said anything of
        the pair, and of one person only."""
        low, high = sorted((left, right))
        stands = self.of(low, high) if (low, high) in self.again else None
        if stands is None or stands.verdict == "unsure" or (low, high) in self.by_two:
            return None
        lines = self.history(low, high)
        again = (one for one in lines if one.blind and not one.undoes and one.seq not in self.undone)
        answered = any(one.by == who for one in lines) or any(again)
        return None if answered or stands.seen != self.again[low, high] else stands

    def history(self, left: str, right: str) -> list[Said]:
        """Every line about a pair, oldest first."""
        low, high = sorted((left, right))
        return [self.lines[seq] for seq in self.of_pair.get((low, high), ())]

    def since(self, seq: int) -> list[Said]:
        """The lines behind a number, oldest first."""
        return [*takewhile(lambda one: one.seq > seq, reversed(self.lines.values()))][::-1]

    def not_in_effect(self, upto: int) -> int:
        """How many words behind a line readers do not see the effect of; none that waits for another person, or was said blind,
        has one."""
        waits = {one.seq for now in self.waiting() for one in now.waits}
        return sum(one.seq not in waits and not one.blind for one in self.since(upto))

    def standing(self) -> Iterator[Said]:
        """What stands, of every pair at most one."""
        return (said for pair in self.of_pair if (said := self.of(*pair)) is not None)

    def waiting(self) -> Iterator[Agreed[Said]]:
        """Every pair on which a word waits for another person."""
        return (now for pair in self.by_two if (now := self.between(*pair)).waits)

    def last_of(self, by: str) -> Said | None:
        """Somebody's latest verdict that was not taken back."""
        own = (self.lines[seq] for seq in reversed(self.lines))
        return next(
            (one for one in own if one.by == by and not one.undoes and one.seq not in self.undone), None
        )


def among(standing: Standing, records: Collection[str], to: str) -> list[Said]:
    """What stands on pairs of these records and somebody may see, oldest first."""
    pairs = {pair for one in records for pair in standing.of_record.get(one, ()) if {*pair} <= {*records}}
    found = (standing.of(*pair) for pair in pairs if not standing.asked_again(*pair, to))
    return sorted((one for one in found if one is not None), key=lambda one: one.seq)


class Stands(Protocol):
    """What stands, as far as a contradiction is looked for."""

    @property
    def of_record(self) -> Mapping[str, Set[Pair]]: ...

    def of(self, left: str, right: str) -> Said | None: ...


class Supposed:
    """What would stand if on some pairs something else stood: a word, or None for nothing."""

    def __init__(self, standing: Standing, words: Mapping[Pair, Said | None]) -> None:
        self._standing, self._words = standing, words
        about: dict[str, Set[Pair]] = {}
        for pair in words:
            for record in pair:
                about[record] = {*about.get(record, standing.of_record.get(record, ())), pair}
        self.of_record: Mapping[str, Set[Pair]] = ChainMap(about, standing.of_record)  # type: ignore[arg-type]  # only read

    def of(self, left: str, right: str) -> Said | None:
        """What would stand on a pair."""
        low, high = sorted((left, right))
        return self._words[low, high] if (low, high) in self._words else self._standing.of(low, high)


def contradiction_together(
    standing: Standing, words: Mapping[Pair, Said | None], alike: Alike
) -> list[Link] | None:
    """The chain that several new words at once contradict, each other included; None when they agree with all that stands."""
    supposed = Supposed(standing, words)
    for pair, said in words.items():
        chain = contradiction(supposed, pair, said.verdict if said else "unsure", alike)
        if chain is not None:
            return chain
    return None


def contradiction(standing: Stands, new: Pair, word: Word, alike: Alike) -> list[Link] | None:
    """The chain of standing words that a new word on a pair contradicts; None when it agrees with them all.

    *different* contradicts a chain of *same* between the two. *same* contradicts a *different* between any record that is
    the same as the one and any that is the same as the other; that link is in the chain, too. What stands on the pair
    itself does not count: the new word replaces it. Only what hangs together with the pair is looked at.

    Two records that state the same are the same until somebody says that they differ; each then stands for itself. So any
    other word on such a pair is as good as *same*.
    """
    left, right = new
    if word == "different":
        return _path(_reached(standing, new, word, left, alike), right)
    if word == "same" or right in alike(left):
        near, far = (_reached(standing, new, word, record, alike) for record in new)
        return _through_different(standing, new, near, far)
    return None


Reached = Mapping[
    str, Link | None
]  # each record that goes with another, with the link by which it was reached


def _reached(standing: Stands, new: Pair, word: Word, start: str, alike: Alike) -> Reached:
    """Everything that goes with a record, nearest first."""
    reached: dict[str, Link | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for link in (*_said_of(standing, new, here, "same"), *_alike(standing, new, word, here, alike)):
            if link.right not in reached:
                reached[link.right] = link
                waiting.append(link.right)
    return reached


def _said_of(standing: Stands, new: Pair, record: str, word: Word) -> Iterator[Link]:
    """What stands on a record and others, but for the pair that is judged anew."""
    for pair in standing.of_record.get(record, ()):
        said = standing.of(*pair)
        if said is not None and said.verdict == word and set(pair) != set(new):
            yield Link(record, said.right if said.left == record else said.left, said)


def _alike(standing: Stands, new: Pair, word: Word, record: str, alike: Alike) -> Iterator[Link]:
    """Those that state the same, if anything was said of them, or is being said."""
    if _stands_alone(standing, new, word, record, alike):
        return
    for other in alike(record):
        known = other in standing.of_record or other in new
        if other != record and known and not _stands_alone(standing, new, word, other, alike):
            yield Link(record, other, None)


def _stands_alone(standing: Stands, new: Pair, word: Word, record: str, alike: Alike) -> bool:
    """Whether somebody keeps a record apart from one that states the same, or is about to."""
    others = set(alike(record)) - {record}
    now = word == "different" and record in new and bool(others & set(new))
    return now or any(link.right in others for link in _said_of(standing, new, record, "different"))


def _path(reached: Reached, end: str) -> list[Link] | None:
    """How a record was reached; None when it was not."""
    if end not in reached:
        return None
    path: list[Link] = []
    while (link := reached[end]) is not None:
        path.append(link)
        end = link.left
    return path[::-1]


def _through_different(standing: Stands, new: Pair, near: Reached, far: Reached) -> list[Link] | None:
    for here in near:
        for link in _said_of(standing, new, here, "different"):
            if link.right in far:
                behind = [
                    Link(one.right, one.left, one.said) for one in reversed(_path(far, link.right) or [])
                ]
                return [*(_path(near, here) or []), link, *behind]
    return None


class Settled:
    """Which residents of a snapshot are joined or kept apart by what was said, word by word."""

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}
        self._group: dict[str, list[str]] = {}  # of each leader, who it leads
        self._apart: dict[str, set[str]] = {}  # leaders of groups that are kept apart

    def take(self, left: str, right: str, word: Word) -> list[str]:
        """Take a word on two residents; those of whom more may be settled now."""
        one, other = self._find(left), self._find(right)
        if one == other or word == "unsure":
            return []
        if word == "different":
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)
            return [*self._led(one), *self._led(other)]
        return self._join(one, other)

    def between(self, left: str, right: str) -> bool:
        """Whether what was said means that two residents are one, or are not."""
        one, other = self._find(left), self._find(right)
        return one == other or other in self._apart.get(one, ())

    def _join(self, one: str, other: str) -> list[str]:
        if len(self._led(one)) < len(self._led(other)):
            one, other = other, one
        joined = [*self._led(one), *self._led(other)]
        self._group[one] = joined
        self._group.pop(other, None)
        self._leader[other] = one
        for third in self._apart.pop(other, set()):
            self._apart[third].discard(other)
            self._apart[third].add(one)
            self._apart.setdefault(one, set()).add(third)
        return joined

    def _led(self, leader: str) -> list[str]:
        return self._group.get(leader, [leader])

    def _find(self, resident: str) -> str:
        while (above := self._leader.get(resident, resident)) != resident:
            resident = above
        return resident
