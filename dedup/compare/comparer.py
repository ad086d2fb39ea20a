"""What a comparer is.

Belongs here: the shape of a comparer. Lives elsewhere: the comparers themselves, beside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dedup.columns import Ints, Levels
from dedup.nodes import Nodes

Compare = Callable[["Comparer", Nodes, Ints, Ints, tuple[str, ...], Mapping[str, Any]], Levels]


@dataclass(frozen=True, slots=True)
class Comparer:
    """One way of comparing.

    `levels`: level names by code; the first is `missing`.
    `compare(comparer, nodes, left, right, columns, options)`: the level code of each pair of nodes, the same whichever
    of the two is left.
    """

    levels: tuple[str, ...]
    compare: Compare

    def code(self, level: str) -> int:
        """The code of a level."""
        return self.levels.index(level)

    def __call__(
        self, nodes: Nodes, left: Ints, right: Ints, columns: tuple[str, ...], options: Mapping[str, Any]
    ) -> Levels:
        return self.compare(self, nodes, left, right, columns, options)
