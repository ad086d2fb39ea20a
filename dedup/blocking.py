"""Which nodes meet: candidate pairs from blocking keys, each key with a budget.

Belongs here: blocks and their cost. Lives elsewhere: which columns a key may use (`prepare/`), comparing (`compare/`),
blocks that are kept from night to night (`memory.py`).

A block is named by the place of its key in the model and a hash of the values its members agree on. Two blocks that
share a name by accident only make pairs that are then scored like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from dedup.columns import Bools, Hashes, Ints, distinct, repeated
from dedup.model import BlockKey, Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads sums of hashes
# Most pairs are made by many keys, and nearly all of those by the first, wide ones; to ask that of a third costs as much as
# it spares.
_WIDE = 2


@dataclass(frozen=True, slots=True)
class BlockRows:
    """Which node is in which block, each once. `asks`: whether a pair with this node is wanted (see `BlockKey.asks`)."""

    key: npt.NDArray[np.int8]
    value: Hashes
    node: Ints
    asks: Bools

    def where(self, rows: Bools | Ints | slice) -> BlockRows:
        """Some of the rows."""
        return BlockRows(self.key[rows], self.value[rows], self.node[rows], self.asks[rows])

    def and_also(self, more: BlockRows, node: Ints) -> BlockRows:
        """These rows and more, whose nodes are numbered anew."""
        return BlockRows(
            np.concatenate([self.key, more.key]),
            np.concatenate([self.value, more.value]),
            np.concatenate([self.node, node]),
            np.concatenate([self.asks, more.asks]),
        )


@dataclass(frozen=True, slots=True)
class Cuts:
    """The blocks that were over their key's budget, and the pairs that each would have made: never dropped silently."""

    key: npt.NDArray[np.int8]
    value: Hashes
    pairs: Ints

    @classmethod
    def of(cls, parts: Sequence[Cuts]) -> Cuts:
        """The cuts of several keys as one."""
        return cls(
            np.concatenate([part.key for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.pairs for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of nodes, left < right, each once, ordered; and what was cut."""

    left: Ints
    right: Ints
    cuts: Cuts


def candidate_pairs(nodes: Nodes, model: Model) -> Candidates:
    """All pairs of nodes that agree on some blocking key, within each key's budget."""
    made: dict[str, Column] = {}
    keys = (rows_of_key(nodes, model, place, made) for place in range(len(model.blocks)))
    return _candidates(keys, len(nodes), model)


def pairs_of_rows(rows: BlockRows, size: int, model: Model) -> Candidates:
    """The same from rows of all keys; `size`: how many nodes there are."""
    if (rows.key[1:] < rows.key[:-1]).any():
        rows = rows.where(np.argsort(rows.key, kind="stable"))
    ends = np.searchsorted(rows.key, np.arange(len(model.blocks) + 1, dtype=np.int8))
    keys = (rows.where(slice(start, end)) for start, end in pairwise(ends.tolist()))
    return _candidates(keys, size, model)


def _candidates(keys: Iterable[BlockRows], size: int, model: Model) -> Candidates:
    packed: list[Ints] = [np.array([], dtype=np.int64)]
    cuts: list[Cuts] = []
    wide: list[Hashes] = []
    size = max(size, 1)
    for key, rows in zip(model.blocks, keys, strict=True):
        left, right, over = pairs_of_key(rows, key)
        cuts.append(over)
        for block in wide:
            left, right = _not_in_one(block, left, right)
        packed.append(np.minimum(left, right) * size + np.maximum(left, right))
        if len(wide) < _WIDE and not key.asks:
            wide.append(_only_block(rows, over, size))
    pairs = distinct(np.concatenate(packed))
    return Candidates(left=pairs // size, right=pairs % size, cuts=Cuts.of(cuts))


def _only_block(rows: BlockRows, cuts: Cuts, size: int) -> Hashes:
    """The block of a key that makes all its pairs of a node; 0 for a node in none, in several, or in one that was cut."""
    block = np.zeros(size, dtype=np.uint64)
    block[rows.node] = rows.value
    block[np.bincount(rows.node, minlength=size) > 1] = 0
    block[pd.Series(block).isin(cuts.value)] = 0
    return block


def _not_in_one(block: Hashes, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The pairs that are not made already, because both are in one block."""
    here = block[left]
    rest = np.flatnonzero((here != block[right]) | (here == 0))
    return left[rest], right[rest]


def block_table(rows: BlockRows, node: Ints) -> pa.Table:
    """Rows as a table of a warehouse: key, value, node (by the numbers given), asks."""
    return pa.table({"key": rows.key, "value": rows.value, "node": node, "asks": rows.asks})


# --- who is in which block ---------------------------------------------------------------------------------------

# Nodes with the hash of their value, ordered by node; and whether each stands there once at most.
Column = tuple[Ints, Hashes, bool]


def block_rows(nodes: Nodes, model: Model) -> BlockRows:
    """The members of the blocks of all keys."""
    made: dict[str, Column] = {}
    keys = [rows_of_key(nodes, model, place, made) for place in range(len(model.blocks))]
    return BlockRows(
        np.concatenate([rows.key for rows in keys]),
        np.concatenate([rows.value for rows in keys]),
        np.concatenate([rows.node for rows in keys]),
        np.concatenate([rows.asks for rows in keys]),
    )


def rows_of_key(nodes: Nodes, model: Model, place: int, made: dict[str, Column]) -> BlockRows:
    """The members of the blocks of one key. `made`: columns that were laid out already, by name."""
    key = model.blocks[place]
    for name in key.columns:
        if name not in made:
            made[name] = _column(nodes, model, name)
    node, value = _agreeing([made[name] for name in key.columns], len(nodes))
    asks = nodes.facts[key.asks][node] if key.asks else np.ones(len(node), dtype=np.bool_)
    return BlockRows(np.full(len(node), place, dtype=np.int8), value, node, asks)


def _column(nodes: Nodes, model: Model, name: str) -> Column:
    """A column without missing values; one that holds several values has a row for each."""
    special = PREPARERS[model.reads].rows.get(name)
    if special is None:
        node = np.flatnonzero(nodes[name].codes >= 0)
        return node, nodes[name].take(node).hashed(), True
    node, value = special(nodes)
    order = np.argsort(node, kind="stable")
    node, value = node[order], value[order]
    return node, value, bool((node[1:] > node[:-1]).all())


def _agreeing(columns: Sequence[Column], size: int) -> tuple[Ints, Hashes]:
    """Rows (node, hash of all values); a node that misses one is left out, one with several has each combination."""
    node, value, _ = columns[0]
    for column in columns[1:]:
        rows, more = _match_up(node, column, size)
        node, value = node[rows], value[rows] * _MIX + more
    return node, value


def _match_up(node: Ints, column: Column, size: int) -> tuple[Ints, Hashes]:
    """For rows of nodes the rows that a column has of the same node: their places, and the column's hashes."""
    other, value, single = column
    if single:
        place = np.full(size, -1, dtype=np.int64)
        place[other] = np.arange(len(other))
        found = place[node]
        rows = np.flatnonzero(found >= 0)
        return rows, value[found[rows]]
    count = np.bincount(other, minlength=size)
    start = np.cumsum(count) - count
    times = count[node]
    rows = np.repeat(np.arange(len(node)), times)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    return rows, value[start[node[rows]] + within]


# --- blocks and their pairs --------------------------------------------------------------------------------------


def pairs_of_key(rows: BlockRows, key: BlockKey) -> tuple[Ints, Ints, Cuts]:
    """The pairs of all blocks of one key that are within its budget, and what was cut."""
    order, value = repeated(rows.value)
    starts = np.flatnonzero(np.concatenate([[True], value[1:] != value[:-1]])) if len(value) else order
    size = np.diff(np.append(starts, len(value)))
    asking = np.add.reduceat(rows.asks[order].astype(np.int64), starts) if key.asks and len(value) else size
    cost = block_cost(size, asking)
    over = cost > key.budget
    first = order[starts[over]]
    cuts = Cuts(rows.key[first], rows.value[first], cost[over])
    keep = (cost > 0) & ~over
    left, right = _within(np.repeat(np.flatnonzero(keep), size[keep]))
    members = order[np.repeat(keep, size)]
    left, right = members[left], members[right]
    if key.asks:
        wanted = rows.asks[left] | rows.asks[right]
        left, right = left[wanted], right[wanted]
    return rows.node[left], rows.node[right], cuts


def block_cost(size: Ints, asking: Ints) -> Ints:
    """How many pairs a block makes: of all its members, less those of which neither asks."""
    silent = size - asking
    return np.asarray(size * (size - 1) // 2 - silent * (silent - 1) // 2)


def _within(block: Ints) -> tuple[Ints, Ints]:
    """All pairs of places within runs of one block number."""
    left: list[Ints] = [np.array([], dtype=np.int64)]
    right: list[Ints] = [np.array([], dtype=np.int64)]
    here, distance = np.arange(len(block)), 1
    while len(here):
        here = here[: np.searchsorted(here, len(block) - distance)]
        here = here[block[here] == block[here + distance]]
        left.append(here)
        right.append(here + distance)
        distance += 1
    return np.concatenate(left), np.concatenate(right)
