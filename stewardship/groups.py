"""Many cases that are the same question: a random sample of them is answered one by one, then the rest in one go.

Belongs here: the groups, drawing the sample, what its answers come to, giving the rest the same answer.
Lives elsewhere: which cases are the same question (`patterns.py`), what a verdict has to stand up to (`verdicts.py`).

Nothing is kept of a group but its verdicts. It is all cases of one pattern in a snapshot; its sample are those that come first by
a keyed digest of their ids, which nobody can foresee and no second look changes. Whoever answers one of the sample anywhere on
the desk answers it here. As soon as two of the group were answered differently, or one is unsure, there is no group any more:
each case is then asked by itself, as if there had never been one.
"""

from __future__ import annotations

import hmac
import sqlite3
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from stewardship.accounts import Account
from stewardship.casebook import Casebook
from stewardship.cases import Case
from stewardship.standing import Alike, Said, Standing
from stewardship.verdicts import Saying, give_together
from warehouse.ledger import Ledger
from warehouse.words import Word


@dataclass(frozen=True, slots=True)
class Measure:
    """From how many cases on a group is offered, and how sure its sample has to make us, as `groups.toml` says it."""

    least: int
    wrong: float
    doubt: float


@cache
def measure() -> Measure:
    """The measure, as it is written down."""
    text = resources.files("stewardship").joinpath("groups.toml").read_text(encoding="utf-8")
    return Measure(**tomllib.loads(text))


def sample_size(cases: int, wrong: float, doubt: float) -> int:
    """How many of a group are looked at, so that a group of which more than a share `wrong` has another answer shows none of these
    with a chance of at most `doubt` (drawn without putting back, so exact for small groups, too).

    >>> [sample_size(cases, 0.05, 0.05) for cases in (1, 20, 37, 100, 1000, 100_000)]
    [1, 16, 29, 39, 56, 59]
    """
    bad, chance = int(wrong * cases) + 1, 1.0
    for drawn in range(cases):
        if chance <= doubt:
            return drawn
        chance *= max(0, cases - bad - drawn) / (cases - drawn)
    return cases


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one pattern. cases: those of the sample first; said: of each case that was answered, the line that stands."""

    pattern: str
    cases: Sequence[Case]
    drawn: int
    said: Mapping[str, Said]

    @property
    def sample(self) -> Sequence[Case]:
        """The cases to be answered one by one."""
        return self.cases[: self.drawn]

    @property
    def answered(self) -> int:
        """How many of the sample were answered."""
        return sum(one.id in self.said for one in self.sample)

    @property
    def state(self) -> Literal["asking", "agreed", "dissolved"]:
        """Whether the sample still has to be answered, agrees, or something was answered otherwise."""
        words = {one.verdict for one in self.said.values()}
        if len(words) > 1 or "unsure" in words:
            return "dissolved"
        return "agreed" if all(one.id in self.said for one in self.sample) else "asking"

    @property
    def word(self) -> Word:
        """What the whole sample says; of a group that agrees only."""
        return self.said[self.cases[0].id].verdict

    def rest(self, open_now: Collection[str]) -> list[Case]:
        """The cases beside the sample that nobody has answered, of those that are open."""
        return [one for one in self.cases[self.drawn :] if one.id not in self.said and one.id in open_now]


def groups(book: Casebook, key: bytes, standing: Standing, who: Account) -> list[Group]:
    """The groups of a snapshot that are large enough, the largest first, of people who are theirs to work on who asks."""
    found = (find_group(book, key, standing, who, pattern) for pattern in book.patterns)
    large = [one for one in found if one is not None]
    return sorted(large, key=lambda one: (-len(one.cases), one.pattern))


def find_group(book: Casebook, key: bytes, standing: Standing, who: Account, pattern: str) -> Group | None:
    """The group of a pattern; None where too few cases have it."""
    if len(book.patterns.get(pattern, ())) < measure().least:
        return None
    cases = _in_order(book, key, who, pattern)
    if len(cases) < measure().least:
        return None
    said = {case.id: stands for case in cases if (stands := _answer(standing, case)) is not None}
    return Group(pattern, cases, _drawn(cases), said)


def sample_of(book: Casebook, key: bytes, who: Account, pattern: str) -> frozenset[str]:
    """The ids of the sample of a group."""
    cases = _in_order(book, key, who, pattern)
    return frozenset(one.id for one in cases[: _drawn(cases)])


def _drawn(cases: Sequence[Case]) -> int:
    return sample_size(len(cases), measure().wrong, measure().doubt)


def _in_order(book: Casebook, key: bytes, who: Account, pattern: str) -> list[Case]:
    """The cases of a pattern in the order in which they are drawn."""
    mine = [one for one in book.patterns.get(pattern, ()) if who.works_on(one.areas)]
    return sorted(mine, key=lambda one: hmac.digest(key, f"drawn\x1f{one.id}".encode(), "sha256"))


def _answer(standing: Standing, case: Case) -> Said | None:
    """What stands of a case, said of what is seen today."""
    stands = standing.of(case.left, case.right)
    return stands if stands is not None and stands.seen == case.seen else None


def answer_rest(
    ledger: Ledger,
    desk: sqlite3.Connection,
    standing: Standing,
    group: Group,
    rest: Sequence[Case],
    *,
    by: str,
    because: str,
    alike: Alike,
    model: str,
) -> int:
    """Say of the rest of a group what the sample says, in one act; the last of its lines. All are taken back together.

    Raises:
        Overtaken: somebody said something of one of them since.
        Contradicts: what stands elsewhere says otherwise.
    """
    words = [
        Saying(
            one.left, one.right, group.word, standing.known(one.left, one.right, by), one.seen, one.points, 1
        )
        for one in rest
    ]
    sampled = [group.said[one.id].seq for one in group.sample]
    about = {"group": {"pattern": group.pattern, "cases": len(group.cases), "sample": sampled}}
    return give_together(
        ledger, desk, standing, words, by=by, because=because, alike=alike, model=model, about=about
    )
