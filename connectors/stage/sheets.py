"""Households on one sheet and their members on another, or inside one another: brought into one row per member.

Belongs here: joining by the household's number, and what has no partner.
Lives elsewhere: which sheets these are (`connectors/read/layout.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.platform import Export, TwoSheets
from connectors.stage.block import Block, Column, Flags, Places
from connectors.stage.quarantine import Quarantine


class Households:
    """The household sheet of an export, held while the members' sheet goes by in batches."""

    def __init__(self, block: Block, two: TwoSheets) -> None:
        self._block = block
        self._own, self._theirs = f"{two.household}/{two.link}", f"{two.members}/{two.link}"
        self._links = _links(block.columns[self._own])
        self._asked: Flags = np.zeros(len(block), dtype=np.bool_)

    def join(self, members: Block, quarantine: Quarantine) -> Block:
        """Members with the columns of their household; those of no household here are put aside."""
        place = self._place(_links(members.columns[self._theirs]))
        orphan = place < 0
        members = quarantine.take_out(members, orphan, "orphan_member", self._theirs)
        partners = place[~orphan]
        self._asked[partners] = True
        theirs = {name: _alone(column) for name, column in self._block.take(partners).columns.items()}
        return Block(members.sheets, members.rows, members.parts, {**theirs, **members.columns})

    def put_aside(self, quarantine: Quarantine) -> int:
        """Put households aside that no member asked for; how many are left. A number that stands twice counts once, with
        its first row."""
        first = self._place(self._links)
        twice = (first >= 0) & (first != np.arange(len(first)))
        empty = ~self._asked & ~twice
        quarantine.take_out(self._block, twice, "duplicate_household", self._own)
        quarantine.take_out(self._block, empty, "empty_household", self._own)
        return len(self._block) - int(twice.sum()) - int(empty.sum())

    def _place(self, links: pa.StringArray) -> Places:
        """The first row of the household that each number names; -1 for none."""
        found = pc.index_in(links, value_set=self._links, skip_nulls=True).fill_null(-1)
        return np.asarray(found.to_numpy(), dtype=np.int64)


def _links(column: Column) -> pa.StringArray:
    """The numbers of households; none where the cell is blank."""
    texts = pc.utf8_trim_whitespace(column.texts.dictionary_decode())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _alone(column: Column) -> Column:
    """A column that holds no more distinct texts than its rows state: a batch must not be asked of all households."""
    return Column(column.texts.dictionary_decode().dictionary_encode(), column.marks, column.several)


def without_members(block: Block, export: Export) -> Flags:
    """Rows of a nested export that are a household with nobody in it."""
    empty: Flags = np.zeros(len(block), dtype=np.bool_)
    inner = ".".join(export.records[1:]) + "."
    if len(export.records) > 1:
        empty = ~empty
        for name, column in block.columns.items():
            if name.startswith(inner):
                empty &= column.each(lambda text: not text)
    return empty
