"""From levels of agreement to points, and from points to one of three bands: link, review, apart.

Belongs here: adding points up, and the caps that no sum of points may break. Lives elsewhere: what agrees
(`compare/`), what a level is worth (`models/*.toml`), how pairs become clusters (`cluster.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from dedup.columns import Bools, Ints, Levels
from dedup.compare import COMPARERS
from dedup.model import Model
from dedup.nodes import Nodes

# What a capped pair weighs inside a cluster: enough to ask a person, not enough to break proof.
KEPT_APART = -10.0


class Band(IntEnum):
    """What is done with a pair."""

    APART = 0
    REVIEW = 1
    LINK = 2


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs by the pattern of their levels: there are millions of pairs and a few thousand patterns.

    `pattern`: for each pair the number of its pattern. All else has one entry per pattern: `levels` of each comparison,
    `points` (log2 odds, prior included), `band`, `cap` (which rule held it: 0 none, else 1 + its place), and `code`,
    the levels as one number.
    """

    pattern: Ints
    code: Ints
    levels: Mapping[str, Levels]
    points: npt.NDArray[np.float64]
    band: npt.NDArray[np.int8]
    cap: npt.NDArray[np.int8]

    def pair_points(self) -> npt.NDArray[np.float64]:
        """Points of each pair."""
        return self.points[self.pattern]

    def pair_band(self) -> npt.NDArray[np.int8]:
        """Band of each pair."""
        return self.band[self.pattern]


def score_pairs(nodes: Nodes, left: Ints, right: Ints, model: Model) -> Scored:
    """Compare pairs of nodes by all comparisons of the model and put each into a band.

    Symmetric: swapping left and right gives the same patterns.
    """
    return score(patterns(nodes, left, right, model), model)


def patterns(nodes: Nodes, left: Ints, right: Ints, model: Model) -> dict[str, Levels]:
    """The level code of every comparison of the model for each pair."""
    return {
        one.name: COMPARERS[one.compares](nodes, left, right, one.columns, one.options)
        for one in model.comparisons
    }


def score(levels: Mapping[str, Levels], model: Model) -> Scored:
    """Add up the points of each pattern of levels that is met."""
    packed = np.zeros(len(next(iter(levels.values()))), dtype=np.int64)
    for one in model.comparisons:
        packed = packed * len(one.level_names) + levels[one.name]
    pattern, code = pd.factorize(packed, sort=True)
    return Scored(pattern, code, *_judge(unpacked(code, model), model))


def unpacked(code: Ints, model: Model) -> dict[str, Levels]:
    """The levels that a pattern's number stands for."""
    levels: dict[str, Levels] = {}
    for one in reversed(model.comparisons):
        code, level = np.divmod(code, len(one.level_names))
        levels[one.name] = level.astype(np.int8)
    return {one.name: levels[one.name] for one in model.comparisons}


Judged = tuple[Mapping[str, Levels], npt.NDArray[np.float64], npt.NDArray[np.int8], npt.NDArray[np.int8]]


def _judge(levels: Mapping[str, Levels], model: Model) -> Judged:
    """Levels, points, band and cap of each pattern."""
    many = len(next(iter(levels.values())))
    points = np.full(many, model.prior)
    for one in model.comparisons:
        points += np.array(one.points())[levels[one.name]]
    band = np.where(
        points >= model.link, Band.LINK, np.where(points >= model.review, Band.REVIEW, Band.APART)
    )
    cap = np.zeros(many, dtype=np.int8)
    for place, rule in reversed(list(enumerate(model.caps, start=1))):
        held = _at_all(levels, rule.when, model) & ~_at_any(levels, rule.unless, model)
        cap[held] = place
    for place, rule in enumerate(model.caps, start=1):
        held = cap == place
        band[held & (band == Band.LINK)] = Band.REVIEW
        if rule.band == "apart":
            band[held] = Band.APART
    return levels, points, band.astype(np.int8), cap


def weights(scored: Scored, model: Model) -> npt.NDArray[np.float64]:
    """What each pattern weighs when clusters are joined: links join, capped and distant pairs keep apart, and what
    waits for a person weighs nothing."""
    against = np.array([False, *(cap.against for cap in model.caps)])[scored.cap]
    far = scored.points < model.review
    otherwise = np.where(against, KEPT_APART, np.where(far, scored.points, 0.0))
    return np.where(scored.band == Band.LINK, scored.points, otherwise)


def _at(levels: Mapping[str, Levels], comparison: str, names: tuple[str, ...], model: Model) -> Bools:
    known = model.comparison(comparison).level_names
    return np.asarray(np.isin(levels[comparison], [known.index(name) for name in names]))


def _at_all(levels: Mapping[str, Levels], at: Mapping[str, tuple[str, ...]], model: Model) -> Bools:
    return np.asarray(np.logical_and.reduce([_at(levels, name, names, model) for name, names in at.items()]))


def _at_any(levels: Mapping[str, Levels], at: Mapping[str, tuple[str, ...]], model: Model) -> Bools:
    nowhere = np.zeros(len(next(iter(levels.values()))), dtype=np.bool_)
    return np.asarray(
        np.logical_or.reduce([nowhere, *(_at(levels, name, names, model) for name, names in at.items())])
    )


def probability(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log2 odds as a probability.

    >>> float(probability(np.array([0.0]))[0])
    0.5
    """
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp2(-np.clip(points, -60.0, 60.0)))
    return result
