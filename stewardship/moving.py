"""Taking records out of a resident, or giving them to another: the fewest verdicts that hold it, and what would follow.

Belongs here: choosing the words, by trying them on the clustering that a night does. Lives elsewhere: clustering
(`dedup/supposing.py`), writing the words (`verdicts.py`), what platforms would be told (`blast.py`).

Each record that goes is kept apart from each that stays and is linked to it, records that state the same counting once; with whom
they go to they are said to be the same. Then every word without which the night would make the same of it is dropped, the
weakest first. So a word stands where a link has to be held, and nowhere else.

Who looks where somebody else has moved records already (`moves.py`) answers that, too, without seeing it: on every pair on which a word
waits they say what their own choice makes of it. So two people who do not choose alike never pass each other by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

from dedup.supposing import Neighbourhood, neighbourhood
from stewardship.blast import told_differently
from stewardship.standing import Pair, Said
from warehouse.store import read_store

Partition = frozenset[frozenset[str]]


class Word(NamedTuple):
    """A verdict that would be given; the smaller record id first."""

    left: str
    right: str
    verdict: Literal["same", "different"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The verdicts, and whose each record would be, by record id: of everybody for whom anything would change.

    answers: of the pairs in doubt of which no verdict speaks, what is said of them by leaving them as they would be.
    holds: whether the records would really be where they are wanted; two reliable ID numbers may forbid it. alike: the records that
    state the same as one, of all that are within reach.
    """

    words: Sequence[Word]
    today: Mapping[str, str]
    then: Mapping[str, str]
    holds: bool
    alike: Mapping[str, Sequence[str]]
    answers: Sequence[Word] = ()

    @property
    def pieces(self) -> list[list[str]]:
        """The residents that there would be, each by their records."""
        found: dict[str, list[str]] = {}
        for record, name in sorted(self.then.items()):
            found.setdefault(name, []).append(record)
        return sorted(found.values())


def plan_move(
    snapshot: Path,
    resident: str,
    going: Collection[str],
    to: str | None,
    said: Iterable[Said],
    doubted: Collection[Pair] = (),
) -> Plan:
    """What has to be said so that some records of a resident are not theirs any more but, where somebody is named, theirs to whom
    they go.

    Args:
        going: records of the resident, some but not all; none, where all of them are said to be theirs.
        said: what stands already; words that stand are not said again.
        doubted: pairs on which others' words wait, to be answered.
    """
    with read_store(snapshot) as con:
        world = _within_reach(con, [resident, *([to] if to else [])], going, doubted)
    own = [record for record, whose in world.today.items() if whose == resident]
    go, stay = ([one for one in own if (one in going) is gone] for gone in (True, False))
    home = [record for record, whose in world.today.items() if to is not None and whose == to]
    stands = [(one.left, one.right, one.verdict) for one in said]
    search = _Search(world, go, stay, home, stands)
    words = search.fewest()
    then = search.then(words)
    holds = search.apart(then) and (not home or len({then[one] for one in (*go, *home)}) == 1)
    touched = _touched(world.today, then)
    new = [word for word in words if tuple(word) not in stands]
    known = [pair for pair in doubted if not _whose_is_open(world, pair, go if to is None else [])]
    return Plan(
        new,
        {one: world.today[one] for one in touched},
        {one: then[one] for one in touched},
        holds,
        _alike(world),
        _answers(then, known, new),
    )


def what_would_be_told(snapshot: Path, plan: Plan) -> tuple[dict[str, int], dict[str, int]]:
    """By platform, how many cells it would be told by this plan and is not today, and the other way round."""
    return told_differently(snapshot, plan.today, plan.then) if plan.then else ({}, {})


def _within_reach(
    con: duckdb.DuckDBPyConnection, about: Sequence[str], going: Collection[str], doubted: Collection[Pair]
) -> Neighbourhood:
    """Everybody whom links lead to from these residents, and from whose records are in doubt: they may be joined otherwise, too."""
    rows = con.execute(
        """
        with reached as (
            select distinct n.component from resolved.record as r
            join matched.record as m using (record_id) join matched.node as n using (node)
            where list_contains($about, r.resident_id) or list_contains($doubted, r.record_id)
        )
        select distinct r.resident_id from resolved.record as r
        join matched.record as m using (record_id) join matched.node as n using (node)
        semi join reached using (component)
        """,
        {"about": list(about), "doubted": sorted({record for pair in doubted for record in pair})},
    ).fetchall()
    same = con.execute(
        """
        select a.record_id, b.record_id
        from matched.record as a join matched.record as b on b.node = a.node
        where list_contains($going, a.record_id) and not list_contains($going, b.record_id)
        """,
        {"going": sorted(going)},
    ).fetchall()
    return neighbourhood(con, [resident for (resident,) in rows], same)


class _Search:
    """Trying words on everybody within reach."""

    def __init__(
        self,
        world: Neighbourhood,
        go: Sequence[str],
        stay: Sequence[str],
        home: Sequence[str],
        stands: Sequence[tuple[str, str, str]],
    ) -> None:
        self._world, self._stands = world, stands
        self._torn = {world.node_of[one] for one in go} & {world.node_of[one] for one in stay}
        self._go, self._stay, self._at_home = (self._first(some) for some in (go, stay, home))
        self._weight: dict[tuple[int, int], float] = {}
        for one, other, weight in world.links:
            self._weight[one, other] = self._weight[other, one] = weight

    def _first(self, records: Sequence[str]) -> list[str]:
        """One record for all that state the same; each for itself, where only some of them go."""
        found: dict[object, str] = {}
        for record in sorted(records):
            node = self._world.node_of[record]
            found.setdefault(record if node in self._torn else node, record)
        return list(found.values())

    def _between(self, one: str, other: str) -> float:
        a, b = self._world.node_of[one], self._world.node_of[other]
        return self._world.alike.get(a, 0.0) if a == b else self._weight.get((a, b), 0.0)

    def then(self, words: Iterable[Word]) -> dict[str, str]:
        """Whose each record would be."""
        new = {(one.left, one.right): one for one in words}
        before = [one for one in self._stands if one[:2] not in new]
        return self._world.joined([*before, *new.values()])

    def apart(self, then: Mapping[str, str]) -> bool:
        """Whether nobody would have records of both that go and that stay."""
        return self._mixed(then) is None

    def _mixed(self, then: Mapping[str, str]) -> tuple[str, str] | None:
        staying = {then[one]: one for one in reversed(self._stay)}
        return next(((one, staying[then[one]]) for one in self._go if then[one] in staying), None)

    def fewest(self) -> list[Word]:
        """The words, strongest first, of which none can be spared."""
        needed = self._enough()
        wanted = _partition(self.then(needed))
        for word in sorted(needed, key=lambda one: (self._between(one.left, one.right), one)):
            fewer = [one for one in needed if one != word]
            if _partition(self.then(fewer)) == wanted:
                needed = fewer
        return needed

    def _enough(self) -> list[Word]:
        """Every word that may be needed; where records would meet over others, one more."""
        linked = [pair for pair in product(self._go, self._stay) if self._between(*pair) > 0]
        words = [_word(*pair, "different") for pair in linked] + self._homeward()
        for _ in range(len(self._go) * len(self._stay)):
            met = self._mixed(self.then(words))
            if met is None or _word(*met, "different") in words:
                break
            words.append(_word(*met, "different"))
        return sorted(words, key=lambda one: (-self._between(one.left, one.right), one))

    def _homeward(self) -> list[Word]:
        """Each that goes is the same as the record, of whom they go to, that it is most like."""
        if not self._at_home:
            return []
        return [
            _word(one, max(self._at_home, key=lambda other: (self._between(one, other), other)), "same")
            for one in self._go
        ]


def _word(one: str, other: str, verdict: Literal["same", "different"]) -> Word:
    return Word(min(one, other), max(one, other), verdict)


def _whose_is_open(world: Neighbourhood, pair: Pair, elsewhere: Collection[str]) -> bool:
    """Whether a pair is one of a record that goes, nobody says to whom, and of another's record: they may be one or not. Nor is
    anything said of a record that is no more."""
    if any(record not in world.today for record in pair):
        return True
    left, right = pair
    return world.today[left] != world.today[right] and not {left, right}.isdisjoint(elsewhere)


def _answers(then: Mapping[str, str], doubted: Iterable[Pair], words: Sequence[Word]) -> list[Word]:
    """What is said of the pairs in doubt of which no word speaks."""
    spoken = {one[:2] for one in words}
    return [
        _word(left, right, "same" if then[left] == then[right] else "different")
        for left, right in sorted(doubted)
        if (left, right) not in spoken
    ]


def _partition(then: Mapping[str, str]) -> Partition:
    found: dict[str, set[str]] = {}
    for record, name in then.items():
        found.setdefault(name, set()).add(record)
    return frozenset(frozenset(records) for records in found.values())


def _touched(today: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """The records of everybody who is not exactly who they were."""
    stays = {record for records in _partition(today) & _partition(then) for record in records}
    return [record for record in today if record not in stays]


def _alike(world: Neighbourhood) -> dict[str, list[str]]:
    found: dict[int, list[str]] = {}
    for record, node in world.node_of.items():
        found.setdefault(node, []).append(record)
    return {record: found[node] for record, node in world.node_of.items()}
