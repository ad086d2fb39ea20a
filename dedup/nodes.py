"""Records that state the same values are one node: compare variants, not records.

Belongs here: what is compared, and turning records into nodes. Lives elsewhere: the columns of each kind of records
(`prepare/`), which nodes meet (`blocking.py`), comparing them (`compare/`).

A variant that does not identify anybody by itself (a bare name) is not collapsed: each of its records is a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.columns import Coded, Ints


@dataclass(frozen=True, slots=True)
class Nodes:
    """What is compared: one row per node in every column and fact; `record_node` has one per input record."""

    record_node: Ints
    columns: Mapping[str, Coded]
    facts: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return int(self.record_node.max()) + 1 if len(self.record_node) else 0

    def __getitem__(self, name: str) -> Coded:
        return self.columns[name]

    def take(self, rows: Ints) -> Nodes:
        """Some nodes as nodes of their own, each with its records, its columns over the values they hold; columns over one
        table of values stay over one."""
        records = np.bincount(self.record_node, minlength=len(self))[rows]
        return Nodes(
            np.repeat(np.arange(len(rows)), records),
            _over_own_values({name: column.take(rows) for name, column in self.columns.items()}),
            {name: fact[rows] for name, fact in self.facts.items()},
        )

    def first_record(self) -> Ints:
        """For each node the row of its first record."""
        first = np.zeros(len(self), dtype=np.int64)
        first[self.record_node[::-1]] = np.arange(len(self.record_node))[::-1]
        return first


def _over_own_values(columns: Mapping[str, Coded]) -> dict[str, Coded]:
    used: dict[int, npt.NDArray[np.bool_]] = {}
    for column in columns.values():
        met = used.setdefault(id(column.values), np.zeros(len(column.values), dtype=np.bool_))
        met[column.codes[column.codes >= 0]] = True
    tables = {id(column.values): column.values for column in columns.values()}
    own = {table: values.where(used[table]) for table, values in tables.items()}
    place = {table: np.append(np.cumsum(met) - 1, -1) for table, met in used.items()}
    return {
        name: Coded(place[id(column.values)][column.codes], own[id(column.values)])
        for name, column in columns.items()
    }
