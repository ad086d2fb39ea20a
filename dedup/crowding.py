"""Values that more people share than a family has, such as an office's phone or a dormitory: they say nothing of a person.

Belongs here: finding and marking them. Lives elsewhere: how many names are too many (`[crowd]` of a model), what a
comparison makes of it (`compare/contact.py`), what a warehouse remembers of them (`memory.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from dedup.columns import Bools, Hashes, distinct
from dedup.model import Model
from dedup.nodes import Nodes

Crowded = Mapping[str, Hashes]  # for each column of a model's `[crowd]`, the hashes of its crowded values


def crowded_values(nodes: Nodes, model: Model) -> Crowded:
    """The values that nodes of more names share than the model allows."""
    return {
        column: nodes[column].values.where(crowd).hashes
        for column, crowd in _crowded_codes(nodes, model).items()
    }


def mark_own_crowds(nodes: Nodes, model: Model) -> Nodes:
    """The nodes with a fact `<column>_crowded` for each of the model's columns, by what they share themselves."""
    return replace(
        nodes,
        facts={
            **nodes.facts,
            **{
                f"{column}_crowded": nodes[column].looked_up(crowd, False)
                for column, crowd in _crowded_codes(nodes, model).items()
            },
        },
    )


def _crowded_codes(nodes: Nodes, model: Model) -> dict[str, Bools]:
    """For each of the model's columns which of its values are crowded."""
    found: dict[str, Bools] = {}
    for column, most in model.crowd.items():
        value, name = nodes[column], nodes["name"]
        known = (value.codes >= 0) & (name.codes >= 0)
        base = len(name.values) + 1
        pairs = distinct(value.codes[known] * base + name.codes[known])
        names = np.bincount(pairs // base, minlength=len(value.values) + 1)[:-1]
        found[column] = names > most
    return found


def mark_crowded(nodes: Nodes, crowded: Crowded) -> Nodes:
    """The nodes with a fact `<column>_crowded` for each of the columns."""
    facts = {
        f"{column}_crowded": nodes[column].looked_up(np.isin(nodes[column].values.hashes, values), False)
        for column, values in crowded.items()
    }
    return replace(nodes, facts={**nodes.facts, **facts})


def share_rows(nodes: Nodes, model: Model) -> pa.Table:
    """Who shares what: place (of the column in the model's `[crowd]`), value, name (hashes, 0 where no name is stated),
    node."""
    name = nodes["name"].hashed()
    parts = []
    for place, column in enumerate(model.crowd):
        node = np.flatnonzero(nodes[column].codes >= 0)
        value = nodes[column].take(node).hashed()
        parts.append((np.full(len(node), place, dtype=np.int8), value, name[node], node))
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pa.table(dict(zip(("place", "value", "name", "node"), columns, strict=True)))
