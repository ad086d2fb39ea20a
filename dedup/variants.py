"""Turning records into nodes: records that state the same values are one variant, and one node.

Belongs here: collapsing. Lives elsewhere: the columns of a kind of records (`prepare/`), comparing (`compare/`).

A variant that does not identify anybody by itself (a bare name) is not collapsed: each of its records is a node. It is
weak when it would not even be linked to its own copy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from dedup.columns import Bools, coded, first_rows, groups
from dedup.crowding import Crowded, crowded_values, mark_crowded
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.score import Band, score_pairs


def collapse(records: pa.Table, model: Model, crowded: Crowded | None = None) -> Nodes:
    """Turn rows of stated keys (in the order of their record ids) into nodes, with the fact `weak`: which of them stand for
    one record only, whoever states the same.

    Args:
        records: one row per record, with the string columns that the model's preparer names; missing as null.
        model: says which columns there are, and how much a node must say to stand for several records.
        crowded: values that too many people share, where more is known of them than these records tell.
    """
    preparer = PREPARERS[model.reads]
    stated = {name: coded(records.column(name)) for name in preparer.stated(model.columns)}
    variant = groups([column.codes for column in stated.values()])
    first = first_rows(variant)
    one_each = {name: column.take(first) for name, column in stated.items()}
    nodes = Nodes(variant, *preparer.derive(one_each, model.columns))
    nodes = mark_crowded(nodes, crowded_values(nodes, model) if crowded is None else crowded)
    everyone = np.arange(len(nodes))
    weak = score_pairs(nodes, everyone, everyone, model).pair_band() != Band.LINK
    nodes = replace(nodes, facts={**nodes.facts, "weak": weak})
    return _one_by_one(nodes, weak) if weak.any() else nodes


def each_row(records: pa.Table, model: Model, crowded: Crowded) -> Nodes:
    """Each row as a node of its own, whatever it states: for rows that are known to be different nodes."""
    preparer = PREPARERS[model.reads]
    stated = {name: coded(records.column(name)) for name in preparer.stated(model.columns)}
    nodes = Nodes(np.arange(records.num_rows), *preparer.derive(stated, model.columns))
    return mark_crowded(nodes, crowded)


def _one_by_one(nodes: Nodes, weak: Bools) -> Nodes:
    """The same nodes, but each record of a weak one is a node of its own."""
    variant = nodes.record_node
    record_node = groups([np.where(weak[variant], len(nodes) + np.arange(len(variant)), variant)])
    came_from = variant[first_rows(record_node)]
    return Nodes(
        record_node,
        {name: column.take(came_from) for name, column in nodes.columns.items()},
        {name: fact[came_from] for name, fact in nodes.facts.items()},
    )
