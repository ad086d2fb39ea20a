"""Which cases two people have to look at, and whom a case is still asked of.

Belongs here: reading the tier (`four_eyes.toml`) and holding a case, or a move, and somebody against it. Lives elsewhere: what stands of
the words of several people (`warehouse/words.py`), what somebody may see of them before they have answered (`standing.py`).

The second person sees the evidence and not the first answer. Where the two do not agree, an approver who is neither sees
both, and their word decides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from stewardship.accounts import Account
from stewardship.cases import Case
from stewardship.standing import UNSURE, Said, Standing
from warehouse.site import Review
from warehouse.words import Agreed


@dataclass(frozen=True, slots=True)
class Tier:
    """From where on two people look. cells: so many would at most be told otherwise; platforms: the reason, by slug."""

    cells: int
    platforms: Mapping[str, str]

    def holds(self, platforms: Collection[str], cells: int) -> bool:
        """Whether what is about records of these platforms, and changes so many cells, is for two people."""
        return cells >= self.cells or not self.platforms.keys().isdisjoint(platforms)


@cache
def tier() -> Tier:
    """The tier, as it is written down."""
    text = resources.files("stewardship").joinpath("four_eyes.toml").read_text(encoding="utf-8")
    return Tier(**tomllib.loads(text))


def by_two(platforms: Collection[str], cells: int, review: Review) -> bool:
    """Whether two people have to look at what is about records of these platforms, and changes so many cells, at a site."""
    return review.four_eyes and tier().holds(platforms, cells)


def looked_at_by_two(case: Case, review: Review) -> bool:
    """Whether two people have to look at a case at a site."""
    return by_two(case.platforms, case.cells, review)


def needed(two: bool, now: Agreed[Said], by: Account) -> int:
    """How many people have to say what somebody says now, where `two` have to look: a decision on what others dispute needs
    nobody else. now: what stands and waits on the same data."""
    return 2 if two and not decides(now, by) else 1


def decides(now: Agreed[Said], by: Account) -> bool:
    """Whether somebody settles what others do not agree on."""
    return now.disputed and by.may("decide") and by.name not in {one.by for one in now.waits}


def asks(standing: Standing, case: Case, who: Account, at: datetime) -> bool:
    """Whether an open case is still asked of somebody: not of who has answered it already, and of one who decides alone
    where the answers differ."""
    pair = (case.left, case.right)
    if pair not in standing.by_two:
        return True
    now = standing.between(*pair).on(case.seen)
    if now.disputed:
        return decides(now, who)
    return who.name not in {one.by for one in now.waits} and not _was_unsure(standing, case, who, at)


def _was_unsure(standing: Standing, case: Case, who: Account, at: datetime) -> bool:
    """Whether somebody did not know lately what to say of the same data; a colleague may know."""
    return any(
        one.by == who.name
        and one.verdict == "unsure"
        and one.seen == case.seen
        and not one.undoes
        and one.seq not in standing.undone
        and at - datetime.fromisoformat(one.at) < UNSURE
        for one in standing.history(case.left, case.right)
    )
