"""Moves that wait for a second person: residents of whom somebody said that some records are another's.

Belongs here: finding them, and whose turn each is. Lives elsewhere: what a move says (`moving.py`), cases that wait for a second
person (`queue.py`), which words on a pair wait (`warehouse/words.py`).

Where a case of the queue asks about two records it asks the second person, too, also once it was put off; and a word that says
what holds today anyway asks nothing. Every other word that waits is a move's, or was given on a case that is none any more. Words on
other data than today's count as nobody's, as they do in the queue: everybody is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from stewardship.accounts import Account
from stewardship.cases import fingerprints
from stewardship.standing import Pair, Said, Standing
from warehouse.store import read_store
from warehouse.words import Agreed

# Somebody is asked, or decides what others dispute; or has answered, and waits for a colleague, or for who decides.
Turn = Literal["asked", "decides", "waits", "disputed"]


@dataclass(frozen=True, slots=True)
class Move:
    """A resident of whom somebody said that some records are another's.

    name, birth_date: keys. records: how many they have; doubted: of how many of these that was said; since: when first. words: of each pair
    of records what waits on today's data; answered: who gave these words, or moved the same records since.
    """

    resident_id: str
    name: str
    birth_date: str
    areas: Sequence[str]
    records: int
    doubted: int
    since: str
    words: Mapping[Pair, Agreed[Said]]
    answered: frozenset[str]

    def turn(self, who: Account) -> Turn | None:
        """What it is to somebody; None: nothing, and they are not told of it."""
        disputed = any(now.disputed for now in self.words.values())
        if not who.works_on(self.areas):
            return None
        if who.name in self.answered:
            return "disputed" if disputed else "waits"
        if disputed:
            return "decides" if who.may("decide") else None
        return "asked"


class Doubt(NamedTuple):
    """Two records on which words wait, and of which no case asks. went: the records that the moves took away which said so; lines: of
    the moves that spoke of these or of the two."""

    now: Agreed[Said]
    went: frozenset[str]
    lines: Sequence[Said]

    @property
    def pair(self) -> Pair:
        """The two records."""
        return self.now.waits[0].left, self.now.waits[0].right


def doubts(standing: Standing, cases: Collection[Pair]) -> list[Doubt]:
    """Every pair on which words wait and of which no case asks. cases: the pairs of which one does."""
    return [
        _doubt(standing, now)
        for now in standing.waiting()
        if (now.waits[0].left, now.waits[0].right) not in cases
    ]


def _doubt(standing: Standing, now: Agreed[Said]) -> Doubt:
    went = frozenset(record for one in now.waits for record in standing.moved.get(one.seq, ()))
    about = went or {now.waits[0].left, now.waits[0].right}
    pairs = {pair for record in about for pair in standing.of_record.get(record, ())}
    said = (one for pair in sorted(pairs) for one in standing.history(*pair) if one.seq in standing.moved)
    return Doubt(now, went, [one for one in said if one.seq not in standing.undone])


def find_moves(snapshot: Path, key: bytes, found: Sequence[Doubt]) -> list[Move]:
    """The residents whose records these are about in a snapshot, who was spoken of first before all others."""
    if not found:
        return []
    with read_store(snapshot) as con:
        records = sorted({record for one in found for record in (*one.pair, *one.went)})
        query = "select record_id, resident_id from resolved.record where list_contains($records, record_id)"
        whose: dict[str, str] = dict(con.execute(query, {"records": records}).fetchall())
        seen = fingerprints(con, key, [one.pair for one in found])
        doubted = _by_resident(found, whose)
        query = """
            select resident_id, coalesce(g.name, ''), coalesce(g.birth_date, ''), g.community, g.grid, count(*)
            from resolved.record
            join golden.resident as g using (resident_id)
            where list_contains($residents, resident_id)
            group by all
        """
        rows = con.execute(query, {"residents": sorted(doubted)}).fetchall()
    moves = [
        _move(resident, name, birth_date, areas, count, doubted[resident], seen)
        for resident, name, birth_date, *areas, count in rows
        if count > 1  # of one record none can be taken
    ]
    return sorted(moves, key=lambda one: (one.since, one.resident_id))


def _by_resident(
    found: Sequence[Doubt], whose: Mapping[str, str]
) -> dict[str, list[tuple[Doubt, frozenset[str]]]]:
    """Of each resident what is said of their records, each with those that are held for another's."""
    told: dict[str, list[tuple[Doubt, frozenset[str]]]] = {}
    for doubt in found:
        if not _asks(doubt, whose):
            continue
        for resident in dict.fromkeys(whose[record] for record in doubt.pair):
            theirs = frozenset(one for one in _held_for_anothers(doubt, whose) if whose.get(one) == resident)
            if theirs:
                told.setdefault(resident, []).append((doubt, theirs))
    return told


def _asks(doubt: Doubt, whose: Mapping[str, str]) -> bool:
    """Whether both records are there, and not everybody says of them what holds today."""
    if any(record not in whose for record in doubt.pair):
        return False
    left, right = doubt.pair
    return any((one.verdict == "same") != (whose[left] == whose[right]) for one in doubt.now.waits)


def _held_for_anothers(doubt: Doubt, whose: Mapping[str, str]) -> Collection[str]:
    """The records that were moved; of a word on a case that is none any more either may be meant, if both are one resident's."""
    left, right = doubt.pair
    return doubt.went or ({left, right} if whose[left] == whose[right] else ())


def _move(
    resident: str,
    name: str,
    birth_date: str,
    areas: Sequence[str | None],
    records: int,
    told: Sequence[tuple[Doubt, frozenset[str]]],
    seen: Mapping[Pair, str],
) -> Move:
    words = {doubt.pair: doubt.now.on(seen.get(doubt.pair, "")) for doubt, _ in told}
    return Move(
        resident,
        name,
        birth_date,
        [area for area in areas if area is not None],
        records,
        len({record for _, theirs in told for record in theirs}),
        min(one.at for doubt, _ in told for one in doubt.now.waits),
        words,
        frozenset(_answered(words, [one for doubt, _ in told for one in doubt.lines])),
    )


def _answered(words: Mapping[Pair, Agreed[Said]], lines: Sequence[Said]) -> Iterator[str]:
    """Who gave the words that wait, or moved something there since the first of them, and so has looked."""
    waits = [one for now in words.values() for one in now.waits]
    first = min((one.seq for one in waits), default=None)
    yield from (one.by for one in waits)
    if first is not None:
        yield from (one.by for one in lines if one.seq > first)
