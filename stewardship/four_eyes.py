"""Which cases two people have to look at, and whom a case is still asked of.

Belongs here: reading the tier (`four_eyes.toml`) and holding a case and somebody against it. Lives elsewhere: what stands of
the words of several people (`warehouse/words.py`), what somebody may see of them before they have answered (`standing.py`).

The second person sees the evidence and not the first answer. Where the two do not agree, an approver who is neither sees
both, and their word decides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from stewardship.accounts import Account
from stewardship.cases import Case
from stewardship.queue import UNSURE
from stewardship.standing import Said, Standing
from warehouse.site import Review
from warehouse.words import Agreed


@dataclass(frozen=True, slots=True)
class Tier:
    """From where on two people look. cells: so many would at most be told otherwise; platforms: the reason, by slug."""

    cells: int
    platforms: Mapping[str, str]

    def holds(self, case: Case) -> bool:
        """Whether a case is one for two people."""
        return case.cells >= self.cells or not self.platforms.keys().isdisjoint(case.platforms)


@cache
def tier() -> Tier:
    """The tier, as it is written down."""
    text = resources.files("stewardship").joinpath("four_eyes.toml").read_text(encoding="utf-8")
    return Tier(**tomllib.loads(text))


def looked_at_by_two(case: Case, review: Review) -> bool:
    """Whether two people have to look at a case at a site."""
    return review.four_eyes and tier().holds(case)


def needed(case: Case, now: Agreed[Said], by: Account, review: Review) -> int:
    """How many people have to say so, when somebody judges a case now: a decision on what others dispute needs nobody else."""
    if not looked_at_by_two(case, review) or decides(now.on(case.seen), by):
        return 1
    return 2


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
