"""Comparing phone and home together: families share both, so the two are one piece of evidence, not two.

Belongs here: contact levels. Lives elsewhere: reading phones and addresses (`dedup/normalise`), what a home is
(`dedup/identity.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dedup.columns import Bools, Ints, Levels, by_value_pair
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
    phones = nodes["phone"].codes
    phone_known = (phones[left] >= 0) & (phones[right] >= 0)
    phone = phone_known & _share_phone(nodes, left, right)
    home_known, dwelling, no_unit, building, estate = _homes(nodes, left, right)
    conditions = [
        phone & (dwelling | no_unit),
        phone,
        dwelling,
        no_unit,
        building,
        estate,
        phone_known | home_known,
    ]
    codes = [comparer.code(level) for level in comparer.levels[1:]]
    return np.select(conditions, codes, default=0).astype(np.int8)


def _share_phone(nodes: Nodes, left: Ints, right: Ints) -> Bools:
    column = nodes["phone"]
    one, other = column.codes[left], column.codes[right]
    share = (one >= 0) & (one == other) & ~nodes.facts["phone_crowded"][left]
    several = np.array([";" in value for value in column.values.strings] + [False])
    lists = np.flatnonzero((one >= 0) & (other >= 0) & (one != other) & (several[one] | several[other]))

    def compare(some: list[str], others: list[str]) -> Levels:
        pairs = zip(some, others, strict=True)
        return np.array([bool(set(a.split(";")) & set(b.split(";"))) for a, b in pairs], dtype=np.int8)

    share[lists] = by_value_pair(column, one[lists], other[lists], compare) == 1
    return np.asarray(share)


def _homes(nodes: Nodes, left: Ints, right: Ints) -> tuple[Bools, Bools, Bools, Bools, Bools]:
    """Per pair: are both known, one dwelling, one but for the unit, one building, one estate."""

    def same(name: str) -> Bools:
        codes = nodes[name].codes
        return np.asarray((codes[left] >= 0) & (codes[left] == codes[right]))

    home, has_unit = nodes["home"].codes, nodes.facts["has_unit"]
    living = same("home")
    dwelling = (living & ~nodes.facts["home_crowded"][left]) | _crossed(nodes, left, right)
    no_unit = same("home_no_unit") & ~(has_unit[left] & has_unit[right]) & ~living
    known = (nodes["estate"].codes[left] >= 0) & (nodes["estate"].codes[right] >= 0)
    open_ended = (home[left] < 0) | (home[right] < 0)
    building = same("building") & (open_ended | living)
    return known | dwelling, dwelling, no_unit, building, same("estate") & ~living


def _crossed(nodes: Nodes, left: Ints, right: Ints) -> Bools:
    """One record's living address is the other's registered address: clerks write one into the other's column."""
    if not len(nodes["registered_home"].values):
        return np.zeros(len(left), dtype=np.bool_)
    home, registered = nodes["home"].hashed(), nodes["registered_home"].hashed()
    one = (registered[left] != 0) & (registered[left] == home[right])
    other = (registered[right] != 0) & (registered[right] == home[left])
    return np.asarray(one | other)


COMPARER = Comparer(
    levels=(
        "missing", "phone_and_dwelling", "phone", "dwelling", "dwelling_no_unit", "building", "estate", "differ",
    ),
    compare=_levels,
)  # fmt: skip
