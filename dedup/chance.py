"""How often two records of a data set agree by chance: the levels that random pairs of records reach.

Belongs here: counting levels over all pairs of records, few of which can be looked at. Lives elsewhere: taking out those
that are of one person (`train.py`).

A random sample never meets two equal ID numbers. So pairs are drawn from all records and, beside that, from those that
share a value: each column that a comparison looks at is a sieve of its own, and how many pairs each sieve holds is known
exactly from the frequencies of its values. A pair that several sieves could have given counts by the sum of their chances
(the balance heuristic of multiple importance sampling), so that the counts are right on average whatever overlaps.
Sieves that hold few pairs are counted out in full: then nothing is left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dedup.columns import Bools, Ints, distinct
from dedup.compare import COMPARERS
from dedup.counts import Floats, records_of, tally
from dedup.model import Comparison, Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS

DRAWN = 200_000  # pairs from each sieve; one that holds no more is counted out
SEED = 20_261

# Which columns of nodes a comparison looks at, beyond those that its model names. A column that is read from another
# (`surname` from `name`, `birth` from an ID number) agrees where that does: what was chosen by the one is no evidence
# about the other.
LOOKS_AT = {
    "chinese_name": ("name", "former_name", "pinyin", "surname"),
    "id_number": ("id_number", "id_prefix", "id_ends"),
    "contact": ("phone", "home", "registered_home", "home_no_unit", "building", "estate"),
}
# Columns that an ID number fills where a record does not state them, and the stated column that would.
READ_FROM_NUMBER = {
    "birth": "birth_date",
    "birth_of_id": "birth_date",
    "birth_year": "birth_date",
    "sex": "sex",
}


def columns_of(comparison: Comparison, known: set[str]) -> tuple[str, ...]:
    """The columns of nodes that a comparison looks at, also those that are made of them (`surname_sound`)."""
    stated = LOOKS_AT.get(comparison.compares, comparison.columns)
    made = {
        name for name in known for one in stated if name in (f"{one}_head", f"{one}_sound", f"{one}_year")
    }
    return tuple(sorted({*stated, *made} & known))


def chosen_by(columns: Sequence[str], comparison: Comparison, known: set[str]) -> bool:
    """Whether pairs that agree on these columns say nothing new by that comparison."""
    own = set(columns_of(comparison, known))
    from_number = set(columns) & set(LOOKS_AT["id_number"]) and own & READ_FROM_NUMBER.keys()
    return bool(own & set(columns) or from_number)


@dataclass(frozen=True, slots=True)
class Chance:
    """By level code: about how many pairs of records are at it, and how many pairs were looked at to say so."""

    pairs: Floats
    seen: Floats


Members = tuple[
    Ints, Ints
]  # node, code of its value; a node may stand in several rows, each time with another value


def column_rows(nodes: Nodes, model: Model, name: str) -> Members:
    """Rows (node, code) of a column as blocking uses it, each once, without missing ones, ordered by code."""
    special = PREPARERS[model.reads].rows.get(name)
    if special is None:
        node = np.flatnonzero(nodes[name].codes >= 0)
        code = nodes[name].codes[node]
    else:
        node, value = special(nodes)
        code = np.asarray(pd.factorize(value, sort=True)[0], dtype=np.int64)
    packed = distinct(code * max(len(nodes), 1) + node)
    return packed % max(len(nodes), 1), packed // max(len(nodes), 1)


def share_value(rows: Members, left: Ints, right: Ints, size: int) -> Bools:
    """Which pairs of nodes share a value of the column that the rows are of."""
    node, code = rows
    order = np.argsort(node, kind="stable")
    node, code = node[order], code[order]
    known = np.sort(code * size + node)
    count = np.bincount(node, minlength=size)
    start = np.cumsum(count) - count
    pair = np.repeat(np.arange(len(left)), count[left])
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count[left]) - count[left], count[left])
    wanted = code[start[left[pair]] + within] * size + right[pair]
    place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    found = np.zeros(len(left), dtype=np.bool_)
    if len(known):
        found[pair[known[place] == wanted]] = True
    return found


@dataclass(frozen=True, slots=True)
class _Sieve:
    """Pairs that share a value: those drawn, what each counts before overlaps, and how thickly they were drawn."""

    left: Ints
    right: Ints
    counts: Floats
    density: float


def level_chances(nodes: Nodes, comparison: Comparison, model: Model, drawn: int = DRAWN) -> Chance:
    """About how many pairs of records of different nodes are at each level of a comparison."""
    records = records_of(nodes)
    random = np.random.default_rng(SEED)
    everyone = (np.arange(len(nodes)), np.zeros(len(nodes), dtype=np.int64))
    known = PREPARERS[model.reads].columns(model.columns)
    rows = [everyone, *(column_rows(nodes, model, name) for name in columns_of(comparison, known))]
    sieves = [_sieve(one, records, drawn, random) for one in rows]
    if sieves[0].density == 1.0:
        rows, sieves = rows[:1], sieves[:1]
    left, right, counts = (
        np.concatenate([getattr(one, name) for one in sieves]) for name in ("left", "right", "counts")
    )
    density = np.full(len(left), sieves[0].density)
    for one, sieve in zip(rows[1:], sieves[1:], strict=True):
        density += sieve.density * share_value(one, left, right, len(nodes))
    level = COMPARERS[comparison.compares](nodes, left, right, comparison.columns, comparison.options)
    levels = len(comparison.level_names)
    return Chance(
        pairs=tally(level, counts / density, levels),
        seen=np.bincount(level, minlength=levels).astype(np.float64),
    )


def _sieve(rows: Members, records: Floats, drawn: int, random: np.random.Generator) -> _Sieve:
    node, code = rows
    block = np.cumsum(np.concatenate([[0], code[1:] != code[:-1]])) if len(code) else code
    size = np.bincount(block) if len(block) else np.zeros(0, dtype=np.int64)
    if (size * (size - 1) // 2).sum() <= drawn:
        return _in_full(node, block, size, records)
    weight = records[node]
    total = tally(block, weight, len(size))
    pairs = float((total**2 - tally(block, weight**2, len(size))).sum() / 2)
    left, right = _draw(node, block, weight, total, drawn, random)
    return _Sieve(left, right, np.ones(len(left)), len(left) / pairs)


def _in_full(node: Ints, block: Ints, size: Ints, records: Floats) -> _Sieve:
    after = np.cumsum(size)[block] - np.arange(len(node)) - 1  # how many follow in the same block
    left = np.repeat(np.arange(len(node)), after)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after)
    low, high = np.minimum(node[left], node[right]), np.maximum(node[left], node[right])
    packed = distinct(low * len(records) + high)
    low, high = packed // len(records), packed % len(records)
    return _Sieve(low, high, records[low] * records[high], 1.0)


def _draw(
    node: Ints, block: Ints, weight: Floats, total: Floats, drawn: int, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Pairs of different nodes of one block, each as likely as it stands for pairs of records."""
    upto = np.cumsum(weight * total[block])
    one = np.minimum(np.searchsorted(upto, random.random(drawn) * upto[-1], side="right"), len(node) - 1)
    running = np.cumsum(weight)
    ends = running[np.searchsorted(block, np.arange(len(total)), side="right") - 1]
    target = ends[block[one]] - random.random(drawn) * total[block[one]]
    other = np.minimum(np.searchsorted(running, target, side="right"), len(node) - 1)
    apart = node[one] != node[other]
    return node[one[apart]], node[other[apart]]
