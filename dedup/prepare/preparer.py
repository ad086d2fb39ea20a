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

from dedup.columns import Bools, Coded, Hashes, Ints, coded
from dedup.nodes import Nodes

Derived = tuple[dict[str, Coded], dict[str, npt.NDArray[Any]]]
Rows = tuple[
    Ints, Hashes
]  # node, hash of its value; a node may stand in several rows, each time with another value


@dataclass(frozen=True, slots=True)
class Preparer:
    """How records of one kind become comparable.

    `stated`: the columns that make a variant, given the columns a model declares.
    `derive`: columns and facts of nodes, from the stated columns.
    `columns`: the names of all columns a model may use for comparing and blocking.
    `rows`: for columns that block otherwise than by their own codes.
    `asking`: the facts that a blocking key may ask for.
    """

    stated: Callable[[Mapping[str, str]], tuple[str, ...]]
    derive: Callable[[Mapping[str, Coded], Mapping[str, str]], Derived]
    columns: Callable[[Mapping[str, str]], set[str]]
    rows: Mapping[str, Callable[[Nodes], Rows]] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()


def only(name: str, wanted: Callable[[Nodes], Bools]) -> Callable[[Nodes], Rows]:
    """Block rows of a column, of some nodes only."""

    def rows(nodes: Nodes) -> Rows:
        node = np.flatnonzero(wanted(nodes) & (nodes[name].codes >= 0))
        return node, nodes[name].take(node).hashed()

    return rows


def stacked(name: str, other: str) -> Callable[[Nodes], Rows]:
    """Block rows of two columns that hold values of one kind: a node meets others by either."""

    def rows(nodes: Nodes) -> Rows:
        first, second = nodes[name].hashed(), nodes[other].hashed()
        some = np.flatnonzero(nodes[name].codes >= 0)
        more = np.flatnonzero((nodes[other].codes >= 0) & (second != first))
        return np.concatenate([some, more]), np.concatenate([first[some], second[more]])

    return rows


def exploded(name: str) -> Callable[[Nodes], Rows]:
    """Block rows of a column of `;`-joined lists: a node meets others by any of them."""

    def rows(nodes: Nodes) -> Rows:
        column = nodes[name]
        lists = np.array([";" in value for value in column.values.strings] + [False], dtype=np.bool_)
        one = np.flatnonzero((column.codes >= 0) & ~lists[column.codes])
        parts = [
            (node, part)
            for node in np.flatnonzero(lists[column.codes]).tolist()
            for part in sorted(set(column.values.strings[column.codes[node]].split(";")))
        ]
        several = np.array([node for node, _ in parts], dtype=np.int64)
        return (
            np.concatenate([one, several]),
            np.concatenate([column.take(one).hashed(), coded([part for _, part in parts]).hashed()]),
        )

    return rows
