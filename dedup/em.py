"""Expectation maximisation over counts of patterns: which patterns are of one person, and how often each level then is.

Belongs here: the arithmetic of one round. Lives elsewhere: which pairs a round looks at, and what is held out
(`train.py`).

Levels are numbered as in the model; level 0 is `missing`, says nothing, and is learned from nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup.columns import Bools, Levels
from dedup.counts import Floats, tally

MOST_ITERATIONS = 500
STILL = 1e-7  # a round ends when no share moves by more
FLOOR = 1e-12  # of a share: nothing is impossible

Shares = Sequence[
    Floats
]  # per comparison the share of each level among pairs where it is not missing; [0] is 0


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found: `m` by comparison and level, the share of pairs that are of one person, expected counts.

    `matches`: per comparison and level the expected number of pairs of one person.
    """

    m: list[Floats]
    match_share: float
    matches: list[Floats]
    iterations: int


def shares(counts: Floats) -> Floats:
    """Counts by level as shares of those that are not missing."""
    known = counts.copy()
    known[0] = 0.0
    total = known.sum()
    return known / total if total else known


def bits(m: Floats, u: Floats) -> Floats:
    """Log2 of how much more often each level is met among pairs of one person; 0 for `missing`."""
    found = np.log2(np.maximum(m, FLOOR) / np.maximum(u, FLOOR))
    found[0] = 0.0
    return np.asarray(found)


def log_odds(share: float) -> float:
    """A share as log2 odds.

    >>> log_odds(0.5), log_odds(0.2)
    (0.0, -2.0)
    """
    return float(np.log2(max(share, FLOOR) / max(1.0 - share, FLOOR)))


def posterior(codes: Levels, points: Sequence[Floats], prior: float) -> Floats:
    """The probability of each pattern to be of one person; `prior` in log2 odds."""
    total = np.full(len(codes), prior)
    for place, level in enumerate(points):
        total += level[codes[:, place]]
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(total, -100.0, 100.0))))


def maximise(
    codes: Levels, counts: Floats, m: Shares, u: Shares, held_out: Sequence[bool], impossible: Bools
) -> Round:
    """One round: `u` stands, `m` of the comparisons that are not held out and the share of matches are learned.

    Args:
        codes: distinct patterns.
        counts: how many pairs are of each.
        m, u: where to start from, and what stands.
        held_out: comparisons that the pairs were chosen by: they say nothing here, and nothing of them is learned.
        impossible: patterns that no two records of one person can have.
    """
    m, total = list(m), max(float(counts.sum()), FLOOR)
    match_share, iterations, moved = 0.5, 0, 1.0
    matches: list[Floats] = []
    while moved > STILL and iterations < MOST_ITERATIONS:
        iterations += 1
        points = [np.zeros_like(m[c]) if out else bits(m[c], u[c]) for c, out in enumerate(held_out)]
        probable = np.where(impossible, 0.0, posterior(codes, points, log_odds(match_share)))
        expected = counts * probable
        matches = [tally(codes[:, c], expected, len(one)) for c, one in enumerate(m)]
        fresh = [m[c] if out else shares(matches[c]) for c, out in enumerate(held_out)]
        moved = max(float(np.abs(one - other).max()) for one, other in zip(fresh, m, strict=True))
        m, match_share = fresh, float(expected.sum()) / total
    return Round(m, match_share, matches, iterations)
