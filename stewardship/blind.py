"""Asking somebody else again what one person has settled, without the first answer: how often do people agree?

Belongs here: which cases are drawn, what all second answers come to.
Lives elsewhere: keeping one (`verdicts.py`), that it changes nothing (`warehouse/words.py`), of whom a drawn case is asked, and that the first answer is on no
page of theirs (`standing.py`), whose turn it is (`desk/current.py`).

A share of all cases, `[review] blind` of the site, is drawn by a keyed digest: nobody can tell which. A drawn case that one person
answered comes up once more for one who never said anything of it, as any other case; that their word was for measuring they are
told when it is given. Not drawn are cases of a group (`groups.py`): their sample measures them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from stewardship.casebook import Casebook
from stewardship.cases import Case
from stewardship.groups import measure
from stewardship.standing import Pair, Standing

_SURE = 1.96  # standard deviations on either side: 95 of 100 intervals hold the share that they are about


def drawn(book: Casebook, key: bytes, share: float) -> Mapping[Pair, Case]:
    """The cases of a snapshot that are asked again once one person has settled them, by their records."""
    if not share:
        return {}
    alone = (one for one in book.cases if len(book.patterns.get(one.pattern, ())) < measure().least)
    return {(one.left, one.right): one for one in alone if _lot(key, one) < share}


def _lot(key: bytes, case: Case) -> float:
    """A number from 0 up to 1, of each case and what is seen of it another."""
    digest = hmac.digest(key, f"again\x1f{case.id}\x1f{case.seen}".encode(), "sha256")
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the second answer was the first. same, different: pairs on which both said that; crossed: one said this and one
    that, by the first answer; unsure: the second person did not know."""

    same: int = 0
    different: int = 0
    crossed: tuple[int, int] = (0, 0)
    unsure: int = 0

    @property
    def pairs(self) -> int:
        """How many pairs both decided on."""
        return self.same + self.different + sum(self.crossed)

    @property
    def share(self) -> float:
        """Of these, on how many they said the same; 0 of none."""
        return (self.same + self.different) / self.pairs if self.pairs else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the share lies with 95 % confidence (Wilson's interval).

        >>> [round(end, 3) for end in Agreement(same=9, crossed=(1, 0)).interval]
        [0.596, 0.982]
        """
        if not self.pairs:
            return 0.0, 1.0
        n, share = self.pairs, self.share
        middle = share + _SURE**2 / (2 * n)
        reach = _SURE * sqrt(share * (1 - share) / n + _SURE**2 / (4 * n * n))
        whole = 1 + _SURE**2 / n
        return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: 1 where they always agree, 0 where no more often than by chance; None where it says nothing, as when
        everybody always said the same.

        >>> round(Agreement(same=20, different=15, crossed=(5, 10)).kappa or 0, 3)
        0.4
        """
        if not self.pairs:
            return None
        first = (self.same + self.crossed[0]) / self.pairs  # how often the first answer is *same*
        second = (self.same + self.crossed[1]) / self.pairs
        chance = first * second + (1 - first) * (1 - second)
        return None if chance == 1.0 else (self.share - chance) / (1 - chance)


def agreement(standing: Standing, of: str | None = None) -> Agreement:
    """What all that was asked again comes to; of one account: what they said first or second."""
    said = [
        one
        for one in standing.lines.values()
        if one.blind and not one.undoes and one.seq not in standing.undone
    ]
    words = [
        (standing.lines[one.blind].verdict, one.verdict)
        for one in said
        if of in (None, one.by, standing.lines[one.blind].by)
    ]
    crossed = words.count(("same", "different")), words.count(("different", "same"))
    unsure = sum(second == "unsure" for _, second in words)
    return Agreement(words.count(("same", "same")), words.count(("different", "different")), crossed, unsure)
