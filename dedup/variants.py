"""Turning records into nodes: records that state the same values are one variant, and one node.

Belongs here: collapsing. Lives elsewhere: the columns of a kind of records (`prepare/`), comparing (`compare/`).

A variant that does not identify anybody by itself (a bare name) is not collapsed: each of its records is a node. It is
weak when it would not even be linked to its own copy. Nor are records collapsed that a steward keeps apart although they
state the same: each of these is a node of its own, and weak, so that nobody else joins it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.columns import Bools, Coded, Ints, coded, distinct, first_rows, groups
from dedup.crowding import Crowded, mark_crowded, mark_own_crowds
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.score import Band, score_pairs

NOBODY: Ints = np.array([], dtype=np.int64)


def collapse(records: pa.Table, model: Model, crowded: Crowded | None = None, alone: Ints = NOBODY) -> Nodes:
    """Turn rows of stated keys (in the order of their record ids) into nodes, with the fact `alone`: which of them stand for
    one record only, although others state the same.

    Args:
        records: one row per record, with the string columns that the model's preparer names; missing as null.
        model: says which columns there are, and how much a node must say to stand for several records.
        crowded: values that too many people share, where more is known of them than these records tell.
        alone: rows that are nodes of their own, because a steward keeps them apart from others that state the same.
    """
    preparer = PREPARERS[model.reads]
    stated = {name: coded(records.column(name)) for name in preparer.stated(model.columns)}
    variant = groups([column.codes for column in stated.values()])
    first = first_rows(variant)
    one_each = {name: column.take(first) for name, column in stated.items()}
    nodes = Nodes(variant, *preparer.derive(one_each, model.columns))
    nodes = mark_own_crowds(nodes, model) if crowded is None else mark_crowded(nodes, crowded)
    several = np.flatnonzero(np.bincount(variant, minlength=len(nodes)) > 1)
    split = np.zeros(len(nodes), dtype=np.bool_)
    split[several] = ~_links_itself(nodes, several, model)
    by_itself = split[variant]
    by_itself[alone] = True
    columns, facts = dict(nodes.columns), dict(nodes.facts)
    del nodes, one_each, stated  # what is laid out anew takes the room of what was
    return _one_by_one(variant, columns, facts, by_itself)


def weak(nodes: Nodes, model: Model) -> Bools:
    """Which nodes stand for one record only, whoever states the same."""
    return np.asarray(nodes.facts["alone"] | ~_links_itself(nodes, np.arange(len(nodes)), model))


def _links_itself(nodes: Nodes, some: Ints, model: Model) -> Bools:
    """Which of some nodes would be linked to their own copy."""
    return np.asarray(score_pairs(nodes, some, some, model).pair_band() == Band.LINK)


def kept_apart(records: pa.Table, different: Iterable[tuple[int, int]], model: Model) -> Ints:
    """The rows that a steward keeps apart from another row that states the same, by the pairs of rows that he keeps apart."""
    stated = list(PREPARERS[model.reads].stated(model.columns))
    pairs = np.array(list(different), dtype=np.int64).reshape(-1, 2)
    one, other = (records.select(stated).take(pa.array(rows)).to_pylist() for rows in pairs.T)
    alike = [left == right for left, right in zip(one, other, strict=True)]
    return distinct(pairs[np.array(alike, dtype=np.bool_)].ravel())


def each_row(records: pa.Table, model: Model, crowded: Crowded) -> Nodes:
    """Each row as a node of its own, whatever it states: for rows that are known to be different nodes."""
    preparer = PREPARERS[model.reads]
    stated = {name: coded(records.column(name)) for name in preparer.stated(model.columns)}
    nodes = Nodes(np.arange(records.num_rows), *preparer.derive(stated, model.columns))
    return mark_crowded(nodes, crowded)


def _one_by_one(
    variant: Ints, columns: dict[str, Coded], facts: dict[str, npt.NDArray[Any]], by_itself: Bools
) -> Nodes:
    """Nodes of variants, but some records are nodes of their own. `columns`, `facts`: of the variants, replaced one by one."""
    if not by_itself.any():
        many = int(variant.max(initial=-1)) + 1
        return Nodes(variant, columns, facts | {"alone": np.zeros(many, dtype=np.bool_)})
    record_node = groups([np.where(by_itself, len(variant) + np.arange(len(variant)), variant)])
    first = first_rows(record_node)
    came_from = variant[first]
    for name in columns:
        columns[name] = columns[name].take(came_from)
    for name in facts:
        facts[name] = facts[name][came_from]
    return Nodes(record_node, columns, facts | {"alone": by_itself[first]})
