"""Comparing plain columns: equal or not, alike texts, digits with a slip.

Belongs here: levels of columns that mean nothing special. Lives elsewhere: cleaning them (`dedup/prepare/text.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from dedup.columns import Coded, Ints, Levels, by_value_pair, unified
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
    """Options: `close` and `similar`, the least Jaro-Winkler similarity of each level."""
    close, similar = options["close"], options["similar"]

    def compare(one: list[str], other: list[str]) -> Levels:
        alike = cpdist(one, other, scorer=JaroWinkler.similarity, score_cutoff=similar)
        level = np.where(alike >= close, comparer.code("close"), comparer.code("similar"))
        return np.where(alike >= similar, level, comparer.code("differ")).astype(np.int8)

    return _where_different(nodes[columns[0]], left, right, compare)


def _where_different(
    column: Coded, left: Ints, right: Ints, compare: Callable[[list[str], list[str]], Levels]
) -> Levels:
    """0 where one is missing, 1 (`equal`) where both are the same, else what `compare` says of the two."""
    one, other = column.codes[left], column.codes[right]
    known = (one >= 0) & (other >= 0)
    level: Levels = (known & (one == other)).astype(np.int8)
    apart = np.flatnonzero(known & (one != other))
    level[apart] = by_value_pair(column, one[apart], other[apart], compare)
    return level


def _crossed(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    options: Mapping[str, Any],
) -> Levels:
    """As `_alike` on the first column; where that differs, each side's first against the other's second column:
    given name and surname, or two address lines, have changed places."""
    level = _alike(TEXT, nodes, left, right, columns, options)
    apart = np.flatnonzero((level == TEXT.code("differ")) | (level == TEXT.code("missing")))
    first, second = unified(nodes[columns[0]], nodes[columns[1]])
    crosswise = np.zeros(len(apart), dtype=np.bool_)
    for one, other in (
        (first.codes[left[apart]], second.codes[right[apart]]),
        (second.codes[left[apart]], first.codes[right[apart]]),
    ):
        known = np.flatnonzero((one >= 0) & (other >= 0))
        crosswise[known] |= by_value_pair(first, one[known], other[known], _close(options["close"])) == 1
    level = np.where(level == TEXT.code("differ"), comparer.code("differ"), level).astype(np.int8)
    level[apart[crosswise]] = comparer.code("crossed")
    return level


def _close(least: float) -> Callable[[list[str], list[str]], Levels]:
    def compare(one: list[str], other: list[str]) -> Levels:
        return np.asarray(cpdist(one, other, scorer=JaroWinkler.similarity) >= least, dtype=np.int8)

    return compare


def _digits(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    columns: tuple[str, ...],
    _options: Mapping[str, Any],
) -> Levels:
    def compare(one: list[str], other: list[str]) -> Levels:
        distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=2)
        level = np.where(distance <= 1, comparer.code("slip"), comparer.code("near"))
        return np.where(distance <= 2, level, comparer.code("differ")).astype(np.int8)

    return _where_different(nodes[columns[0]], left, right, compare)


EQUAL = Comparer(levels=("missing", "equal", "differ"), compare=_equal)
TEXT = Comparer(levels=("missing", "equal", "close", "similar", "differ"), compare=_alike)
CROSSED = Comparer(levels=("missing", "equal", "close", "similar", "crossed", "differ"), compare=_crossed)
DIGITS = Comparer(levels=("missing", "equal", "slip", "near", "differ"), compare=_digits)
