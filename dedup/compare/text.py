"""Comparing plain columns: equal or not, alike texts, digits with a slip.

Belongs here: levels of columns that mean nothing special. Lives elsewhere: cleaning them (`dedup/prepare/text.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from dedup.columns import Ints, Levels, by_value_pair
from dedup.compare.comparer import Comparer
from dedup.nodes import Nodes


def _equal(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    _options: Mapping[str, Any],
) -> Levels:
    one, other = nodes[columns[0]].codes[left], nodes[columns[0]].codes[right]
    level = np.where(one == other, comparer.code("equal"), comparer.code("differ"))
    return np.where((one >= 0) & (other >= 0), level, 0).astype(np.int8)


def _alike(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    options: Mapping[str, Any],
) -> Levels:
    """Options: `close` and `similar`, the least Jaro-Winkler similarity of each level. A second column is compared
    crosswise where the first differs: given name and surname change places."""
    close, similar = options["close"], options["similar"]

    def compare(one: list[str], other: list[str]) -> Levels:
        alike = cpdist(one, other, scorer=JaroWinkler.similarity, score_cutoff=similar)
        level = np.where(alike >= close, comparer.code("close"), comparer.code("similar"))
        return np.where(alike >= similar, level, comparer.code("differ")).astype(np.int8)

    level = _equal(EQUAL, nodes, left, right, columns, options)
    apart = np.flatnonzero(level == EQUAL.code("differ"))
    column = nodes[columns[0]]
    level[apart] = by_value_pair(column, column.codes[left[apart]], column.codes[right[apart]], compare)
    return level


def _digits(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    options: Mapping[str, Any],
) -> Levels:
    def compare(one: list[str], other: list[str]) -> Levels:
        distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=2)
        level = np.where(distance <= 1, comparer.code("slip"), comparer.code("near"))
        return np.where(distance <= 2, level, comparer.code("differ")).astype(np.int8)

    level = _equal(EQUAL, nodes, left, right, columns, options)
    apart = np.flatnonzero(level == EQUAL.code("differ"))
    column = nodes[columns[0]]
    level[apart] = by_value_pair(column, column.codes[left[apart]], column.codes[right[apart]], compare)
    return level


EQUAL = Comparer(levels=("missing", "equal", "differ"), compare=_equal)
TEXT = Comparer(levels=("missing", "equal", "close", "similar", "differ"), compare=_alike)
DIGITS = Comparer(levels=("missing", "equal", "slip", "near", "differ"), compare=_digits)
