"""What a preparer is.

Belongs here: the shape of a preparer, and block rows of columns that hold several values.
Lives elsewhere: the preparers themselves, beside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.columns import Coded, Ints, unified
from dedup.nodes import Nodes

Derived = tuple[dict[str, Coded], dict[str, npt.NDArray[Any]]]
Rows = tuple[Ints, Ints]  # node, code of its value; a node may stand in several rows, -1 is missing


@dataclass(frozen=True, slots=True)
class Preparer:
    """How records of one kind become comparable.

    `stated`: the columns that make a variant, given the columns a model declares.
    `derive`: columns and facts of nodes, from the stated columns.
    `columns`: the names of all columns a model may use for comparing and blocking.
    `rows`: for columns that block otherwise than by their own codes.
    """

    stated: Callable[[Mapping[str, str]], tuple[str, ...]]
    derive: Callable[[Mapping[str, Coded], Mapping[str, str]], Derived]
    columns: Callable[[Mapping[str, str]], set[str]]
    rows: Mapping[str, Callable[[Nodes], Rows]] = field(default_factory=dict)


def stacked(one: str, other: str) -> Callable[[Nodes], Rows]:
    """Block rows of two columns that hold values of one kind: a node meets others by either."""

    def rows(nodes: Nodes) -> Rows:
        first, second = unified(nodes[one], nodes[other])
        extra = np.flatnonzero(second.codes >= 0)
        return (
            np.concatenate([np.arange(len(nodes)), extra]),
            np.concatenate([first.codes, second.codes[extra]]),
        )

    return rows


def exploded(name: str) -> Callable[[Nodes], Rows]:
    """Block rows of a column of `;`-joined lists: a node meets others by any of them."""

    def rows(nodes: Nodes) -> Rows:
        column = nodes[name]
        single = sorted({part for value in column.values for part in value.split(";")})
        place = {part: code for code, part in enumerate(single)}
        lists = [[place[part] for part in value.split(";")] for value in column.values]
        lengths = np.array([len(codes) for codes in lists] + [0], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        flat = np.array([code for codes in lists for code in codes] or [0], dtype=np.int64)
        count = lengths[column.codes]
        node = np.repeat(np.arange(len(nodes)), count)
        within = np.arange(len(node)) - np.repeat(np.cumsum(count) - count, count)
        return node, flat[np.repeat(starts[column.codes], count) + within]

    return rows
