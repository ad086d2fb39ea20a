"""Turning records into nodes: records that state the same values are one variant, and one node.

Belongs here: collapsing. Lives elsewhere: the columns of a kind of records (`prepare/`), comparing (`compare/`).

A variant that does not identify anybody by itself (a bare name) is not collapsed: each of its records is a node. It is
weak when it would not even be linked to its own copy.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from dedup.columns import Coded, Ints, coded, first_rows, groups
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.score import Band, patterns, score


def collapse(records: pa.Table, model: Model) -> Nodes:
    """Turn rows of stated keys (in the order of their record ids) into nodes.

    Args:
        records: one row per record, with the string columns that the model's preparer names; missing as null.
        model: says which columns there are, and how much a node must say to stand for several records.
    """
    names = PREPARERS[model.reads].stated(model.columns)
    stated = {name: coded(records.column(name)) for name in names}
    variant = groups([column.codes for column in stated.values()])
    nodes = _nodes(stated, variant, model)
    everyone = np.arange(len(nodes))
    weak = score(patterns(nodes, everyone, everyone, model), model).band != Band.LINK
    if not weak.any():
        return nodes
    own = np.where(weak[variant], len(nodes) + np.arange(len(variant)), variant)
    return _nodes(stated, groups([own]), model)


def _nodes(stated: Mapping[str, Coded], record_node: Ints, model: Model) -> Nodes:
    first = first_rows(record_node)
    one_each = {name: column.take(first) for name, column in stated.items()}
    columns, facts = PREPARERS[model.reads].derive(one_each, model.columns)
    return Nodes(record_node, columns, facts)
