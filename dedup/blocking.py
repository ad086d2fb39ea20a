"""Which nodes meet: candidate pairs from blocking keys, each key with a budget.

Belongs here: keys, blocks and their cost. Lives elsewhere: which columns a key may use (`prepare/`), comparing
(`compare/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup.columns import Ints
from dedup.model import BlockKey, Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.prepare.preparer import Rows


@dataclass(frozen=True, slots=True)
class Cut:
    """Blocks that a key would have made and that were over its budget: never dropped silently."""

    columns: tuple[str, ...]
    blocks: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of nodes, left < right, each once, ordered; and what was cut."""

    left: Ints
    right: Ints
    cuts: tuple[Cut, ...]


def candidate_pairs(nodes: Nodes, model: Model) -> Candidates:
    """All pairs of nodes that agree on some blocking key, within each key's budget."""
    names = {name for key in model.blocks for name in key.columns}
    columns = {name: _column_rows(nodes, model, name) for name in names}
    packed: list[Ints] = []
    cuts: list[Cut] = []
    size = max(len(nodes), 1)
    for key in model.blocks:
        left, right, cut = _pairs_of_blocks(*_key_rows([columns[name] for name in key.columns], size), key)
        if cut is not None:
            cuts.append(cut)
        packed.append(np.minimum(left, right) * size + np.maximum(left, right))
    unique = np.unique(np.concatenate(packed)) if packed else np.array([], dtype=np.int64)
    return Candidates(left=unique // size, right=unique % size, cuts=tuple(cuts))


def _column_rows(nodes: Nodes, model: Model, name: str) -> Rows:
    """Rows (node, code) of a column, ordered by node, without missing ones."""
    special = PREPARERS[model.reads].rows.get(name)
    rows, codes = special(nodes) if special else (np.arange(len(nodes)), nodes[name].codes)
    present = codes >= 0
    rows, codes = rows[present], codes[present]
    order = np.argsort(rows, kind="stable")
    return rows[order], codes[order]


def _key_rows(columns: Sequence[Rows], size: int) -> Rows:
    """Rows (node, code of the whole key), ordered by node; nodes that miss a column of the key are left out."""
    key = columns[0]
    for column in columns[1:]:
        key = _join(key, column, size)
    return key


def _join(column: Rows, other_column: Rows, size: int) -> Rows:
    """Combine two columns on the node: each combination of their codes is one row."""
    (rows, codes), (more_rows, more) = column, other_column
    count = np.bincount(more_rows, minlength=size)
    start = np.cumsum(count) - count
    times = count[rows]
    joined = np.repeat(np.arange(len(rows)), times)
    within = np.arange(len(joined)) - np.repeat(np.cumsum(times) - times, times)
    other = more[start[rows[joined]] + within]
    base = int(more.max()) + 1 if len(more) else 1
    return rows[joined], codes[joined] * base + other


def _pairs_of_blocks(rows: Ints, codes: Ints, key: BlockKey) -> tuple[Ints, Ints, Cut | None]:
    order = np.argsort(codes, kind="stable")  # rows stay in order within a block
    rows, codes = rows[order], codes[order]
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    rows, codes = rows[fresh], codes[fresh]
    block = np.cumsum(np.concatenate([[0], codes[1:] != codes[:-1]])) if len(codes) else codes
    size = np.bincount(block) if len(block) else np.array([], dtype=np.int64)
    cost = size * (size - 1) // 2
    over = cost > key.budget
    cut = Cut(key.columns, int(over.sum()), int(cost[over].sum())) if over.any() else None
    meets = (cost > 0) & ~over
    keep = meets[block] if len(block) else np.array([], dtype=bool)
    rows, block = rows[keep], block[keep]
    left: list[Ints] = []
    right: list[Ints] = []
    distance = 1
    here = np.arange(len(rows))
    while True:
        here = here[here + distance < len(rows)]
        here = here[block[here] == block[here + distance]]
        if not len(here):
            break
        left.append(rows[here])
        right.append(rows[here + distance])
        distance += 1
    empty = np.array([], dtype=np.int64)
    return np.concatenate([empty, *left]), np.concatenate([empty, *right]), cut
