"""Comparing ID numbers: equal, one slip apart, prefix or mask agreeing, or in conflict; foreign papers only ever agree.

Belongs here: ID number levels. Lives elsewhere: grades (`dedup/normalise/id_numbers.py`), which numbers are trusted
(`dedup/identity.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from dedup.columns import Ints, Levels, by_value_pair
from dedup.compare.comparer import Comparer
from dedup.nodes import Nodes


def _levels(
    comparer: Comparer,
    nodes: Nodes,
    left: Ints,
    right: Ints,
    _columns: tuple[str, ...],
    _options: Mapping[str, Any],
) -> Levels:
    kinds, said = pd.factorize(nodes.facts["id_kind"])
    full, foreign, cut, masked = ((said == name)[kinds] for name in ("full", "foreign", "prefix", "masked"))
    number, prefix = nodes["id_number"].codes, nodes["id_prefix"].codes
    level = np.zeros(len(left), dtype=np.int8)

    rows = np.flatnonzero(full[left] & full[right])
    level[rows] = _full_numbers(nodes, left[rows], right[rows])

    level[foreign[left] & foreign[right] & (number[left] == number[right])] = comparer.code("equal")

    rows = np.flatnonzero((cut[left] | cut[right]) & (prefix[left] >= 0) & (prefix[right] >= 0))
    agree = prefix[left[rows]] == prefix[right[rows]]
    level[rows[agree]] = comparer.code("prefix")
    apart = rows[~agree]
    level[apart] = _prefixes_apart(nodes, left[apart], right[apart])

    hidden = (masked[left] & (full | masked)[right]) | (masked[right] & full[left])
    rows = np.flatnonzero(hidden)
    one, other = number[left[rows]], number[right[rows]]
    level[rows] = by_value_pair(nodes["id_number"], one, other, _compare_masked)
    return level


def _full_numbers(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    one, other = nodes["id_number"].codes[left], nodes["id_number"].codes[right]
    sound, trusted = nodes.facts["id_sound"], nodes.facts["id_trusted"]
    both_sound, same = sound[left] & sound[right], one == other
    level = np.where(both_sound, COMPARER.code("equal"), COMPARER.code("equal_bad")).astype(np.int8)
    # Two sound numbers one digit apart are neighbours (twins, a reissued number), not a slip of the pen.
    level[both_sound & ~same] = COMPARER.code("far")
    level[trusted[left] & trusted[right] & ~same] = COMPARER.code("conflict")
    rows = np.flatnonzero(~both_sound & ~same)
    level[rows] = by_value_pair(nodes["id_number"], one[rows], other[rows], _compare_full)
    return level


def _compare_full(one: list[str], other: list[str]) -> Levels:
    distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=2)
    level = np.full(len(one), COMPARER.code("far"), dtype=np.int8)
    level[distance <= 2] = COMPARER.code("near_two")
    level[distance <= 1] = COMPARER.code("near")
    return level


def _prefixes_apart(nodes: Nodes, left: Ints, right: Ints) -> Levels:
    """Two prefixes that differ: one slip says nothing, more says two people."""

    def compare(one: list[str], other: list[str]) -> Levels:
        distance = cpdist(one, other, scorer=OSA.distance, score_cutoff=1)
        return np.where(distance <= 1, 0, COMPARER.code("far")).astype(np.int8)

    prefix = nodes["id_prefix"]
    return by_value_pair(prefix, prefix.codes[left], prefix.codes[right], compare)


def _compare_masked(one: list[str], other: list[str]) -> Levels:
    """Whether two numbers of one length agree wherever both show a character."""
    if not one:
        return np.array([], dtype=np.int8)
    width = max(map(len, (*one, *other)))
    some, others = (
        np.array(side, dtype=f"U{width}").view(np.uint32).reshape(-1, width) for side in (one, other)
    )
    same_length = ((some == 0) == (others == 0)).all(axis=1)
    agree = ((some == others) | (some == ord("*")) | (others == ord("*"))).all(axis=1)
    return np.where(same_length & agree, COMPARER.code("masked_agree"), COMPARER.code("far")).astype(np.int8)


COMPARER = Comparer(
    levels=("missing", "equal", "equal_bad", "prefix", "masked_agree", "near", "near_two", "far", "conflict"),
    compare=_levels,
)
