"""Counting pairs by the pattern of their levels: a few thousand patterns say all that millions of pairs do.

Belongs here: adding up what each pattern and each level of a comparison is met with. Lives elsewhere: comparing pairs and
finding their patterns (`compare/`, `score.py`), what is learned of the counts (`em.py`, `train.py`), what is read off
them (`fit.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.columns import Bools, Ints, Levels
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.score import Scored

Floats = npt.NDArray[np.float64]


def tally(codes: npt.NDArray[Any], weight: Floats, size: int) -> Floats:
    """How much the rows of each code weigh."""
    return np.asarray(np.bincount(codes, weights=weight, minlength=size), dtype=np.float64)


def records_of(nodes: Nodes) -> Floats:
    """How many records each node stands for."""
    return np.bincount(nodes.record_node, minlength=len(nodes)).astype(np.float64)


def pairs_of_records(records: Floats) -> float:
    """How many pairs of records of different nodes there are, given the records of each node.

    >>> pairs_of_records(np.array([2.0, 3.0]))
    6.0
    """
    return float((records.sum() ** 2 - (records**2).sum()) / 2)


def codes_of(scored: Scored, model: Model) -> Levels:
    """The level of each pattern (row) at each comparison of the model (column)."""
    return np.stack([scored.levels[one.name] for one in model.comparisons], axis=1)


def counted(scored: Scored, weight: Floats, pairs: Ints | None = None) -> Floats:
    """How much all pairs, or some of them, weigh by pattern."""
    rows, heavy = (scored.pattern, weight) if pairs is None else (scored.pattern[pairs], weight[pairs])
    return tally(rows, heavy, len(scored.code))


def by_level(scored: Scored, counts: Floats, model: Model) -> list[Floats]:
    """Per comparison how much the patterns weigh at each of its levels, by level code."""
    return [tally(scored.levels[one.name], counts, len(one.level_names)) for one in model.comparisons]


def forbidden(scored: Scored, model: Model) -> Bools:
    """Patterns that a rule keeps apart whatever the points say: never two records of one person."""
    rules = np.array([False, *(cap.band == "apart" for cap in model.caps)])
    return np.asarray(rules[scored.cap])
