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

from dedup.columns import Bools, Ints, Levels
from dedup.compare import COMPARERS
from dedup.model import Model
from dedup.nodes import Nodes


class Band(IntEnum):
    """What is done with a pair."""

    APART = 0
    REVIEW = 1
    LINK = 2


@dataclass(frozen=True, slots=True)
class Scored:
    """One entry per pair: points (log2 odds, prior included), band, and which cap held it (0 none, else 1 + its place)."""

    points: npt.NDArray[np.float64]
    band: npt.NDArray[np.int8]
    cap: npt.NDArray[np.int8]


def patterns(nodes: Nodes, left: Ints, right: Ints, model: Model) -> dict[str, Levels]:
    """The level code of every comparison of the model for each pair.

    Symmetric: swapping left and right gives the same levels.
    """
    return {
        one.name: COMPARERS[one.compares](nodes, left, right, one.columns, one.options)
        for one in model.comparisons
    }


def score(levels: Mapping[str, Levels], model: Model) -> Scored:
    """Add the points of all comparisons and put each pair into a band."""
    pairs = len(next(iter(levels.values())))
    points = np.full(pairs, model.prior)
    for one in model.comparisons:
        points += np.array(one.points())[levels[one.name]]
    band = np.where(
        points >= model.link, Band.LINK, np.where(points >= model.review, Band.REVIEW, Band.APART)
    )
    cap = np.zeros(pairs, dtype=np.int8)
    for place, rule in reversed(list(enumerate(model.caps, start=1))):
        held = _at_all(levels, rule.when, model) & ~_at_any(levels, rule.unless, model)
        cap[held] = place
    for place, rule in enumerate(model.caps, start=1):
        held = cap == place
        band[held & (band == Band.LINK)] = Band.REVIEW
        if rule.band == "apart":
            band[held] = Band.APART
    return Scored(points=points, band=band.astype(np.int8), cap=cap)


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
