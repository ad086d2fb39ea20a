"""Which nodes meet: candidate pairs from blocking keys, each key with a budget.

Belongs here: keys, blocks and their cost. Lives elsewhere: which columns a key may use (`model.py`), comparing
(`compare.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.model import BlockKey, Model
from dedup.variants import Coded, Ints, Nodes


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
    columns = _Columns(nodes)
    packed: list[Ints] = []
    cuts: list[Cut] = []
    for key in model.blocks:
        rows, codes = columns.rows(key)
        left, right, cut = _pairs_of_blocks(rows, codes, key)
        if cut is not None:
            cuts.append(cut)
        keep = left != right
        low, high = np.minimum(left, right)[keep], np.maximum(left, right)[keep]
        packed.append(low * len(nodes) + high)
    unique = np.unique(np.concatenate(packed)) if packed else np.array([], dtype=np.int64)
    size = max(len(nodes), 1)
    return Candidates(left=unique // size, right=unique % size, cuts=tuple(cuts))


class _Columns:
    """Block columns as (node, code) rows; a node may have several phones or birth dates."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.full = {"full", "foreign"}

    def column(self, name: str) -> tuple[Ints, Ints]:
        nodes = self.nodes
        everyone = np.arange(len(nodes))
        match name:
            case "name":
                return everyone, np.where(nodes.name_kind == "ok", nodes.name.codes, -1)
            case "pinyin":
                return everyone, np.where(nodes.name_kind == "ok", nodes.pinyin.codes, -1)
            case "id_number":
                return everyone, np.where(np.isin(nodes.id_kind, list(self.full)), nodes.id_number.codes, -1)
            case "birth":
                return _stack(nodes.birth, nodes.birth_of_id)
            case "birth_year":
                return everyone, nodes.birth.map(lambda birth: birth[:4]).codes
            case "phone":
                return _explode(nodes.phone)
            case "home":
                return _stack(nodes.home, nodes.registered_home)
            case _:
                coded: Coded = getattr(nodes, name)
                return everyone, coded.codes

    def rows(self, key: BlockKey) -> tuple[Ints, Ints]:
        """Rows (node, code of the whole key); nodes that miss a column of the key are left out."""
        rows, codes = self.column(key.columns[0])
        for name in key.columns[1:]:
            more_rows, more = self.column(name)
            rows, codes = _join(rows, codes, more_rows, more, len(self.nodes))
        present = codes >= 0
        return rows[present], codes[present]


def _stack(one: Coded, other: Coded) -> tuple[Ints, Ints]:
    """Both columns as rows, with common codes."""
    values = sorted({*one.values, *other.values})
    place = {value: code for code, value in enumerate(values)}
    first = one.lookup(place.__getitem__, np.int64, -1)
    second = other.lookup(place.__getitem__, np.int64, -1)
    extra = np.flatnonzero(second >= 0)
    return np.concatenate([np.arange(len(first)), extra]), np.concatenate([first, second[extra]])


def _explode(column: Coded) -> tuple[Ints, Ints]:
    """One row per value of a `;`-joined list."""
    single = sorted({part for value in column.values for part in value.split(";")})
    place = {part: code for code, part in enumerate(single)}
    lists = [[place[part] for part in value.split(";")] for value in column.values]
    lengths = np.array([len(codes) for codes in lists] + [0], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    flat = np.array([code for codes in lists for code in codes] or [0], dtype=np.int64)
    count = lengths[column.codes]
    rows = np.repeat(np.arange(len(column.codes)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, flat[np.repeat(starts[column.codes], count) + within]


def _join(rows: Ints, codes: Ints, more_rows: Ints, more: Ints, size: int) -> tuple[Ints, Ints]:
    """Combine two (node, code) columns on the node: each combination of their codes is one row."""
    ok, more_ok = codes >= 0, more >= 0
    rows, codes, more_rows, more = rows[ok], codes[ok], more_rows[more_ok], more[more_ok]
    order = np.argsort(more_rows, kind="stable")
    more_rows, more = more_rows[order], more[order]
    count = np.bincount(more_rows, minlength=size)
    start = np.cumsum(count) - count
    times = count[rows]
    joined = np.repeat(np.arange(len(rows)), times)
    within = np.arange(len(joined)) - np.repeat(np.cumsum(times) - times, times)
    other = more[start[rows[joined]] + within]
    base = int(more.max()) + 1 if len(more) else 1
    return rows[joined], codes[joined] * base + other


def _pairs_of_blocks(rows: Ints, codes: Ints, key: BlockKey) -> tuple[Ints, Ints, Cut | None]:
    order = np.lexsort((rows, codes))
    rows, codes = rows[order], codes[order]
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    rows, codes = rows[fresh], codes[fresh]
    block = np.cumsum(np.concatenate([[0], codes[1:] != codes[:-1]])) if len(codes) else codes
    size = np.bincount(block) if len(block) else np.array([], dtype=np.int64)
    cost = size * (size - 1) // 2
    over = cost > key.budget
    cut = Cut(key.columns, int(over.sum()), int(cost[over].sum())) if over.any() else None
    keep = ~over[block] if len(block) else np.array([], dtype=bool)
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
