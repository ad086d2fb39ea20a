"""Households on one sheet and their members on another, or inside one another: brought into one row per member.

Belongs here: joining by the household's number, and what has no partner.
Lives elsewhere: which sheets these are (`connectors/read/layout.py`).
"""

from __future__ import annotations

import numpy as np

from connectors.platform import Export, TwoSheets
from connectors.stage.block import Block, Flags
from connectors.stage.quarantine import Quarantine


def join_households(
    members: Block, households: Block, two: TwoSheets, quarantine: Quarantine
) -> tuple[Block, int]:
    """Members with the columns of their household, and how many households were used.

    A household number that stands twice counts once, with its first row; the others are put aside.
    """
    own, theirs = f"{two.household}/{two.link}", f"{two.members}/{two.link}"
    links = [text.strip() for text in households.columns[own].texts.to_pylist()]
    place: dict[str, int] = {}
    for at, link in enumerate(links):
        place.setdefault(link, at)
    twice = np.array([bool(link) and place[link] != at for at, link in enumerate(links)], dtype=np.bool_)
    wanted = [text.strip() for text in members.columns[theirs].texts.to_pylist()]
    asked = set(wanted)
    empty = np.array([link not in asked or not link for link in links], dtype=np.bool_) & ~twice
    quarantine.take_out(households, twice, "duplicate_household", own)
    quarantine.take_out(households, empty, "empty_household", own)
    orphan = np.array([not link or link not in place for link in wanted], dtype=np.bool_)
    members = quarantine.take_out(members, orphan, "orphan_member", theirs)
    known = [link for link in wanted if link in place and link]
    partners = np.array([place[link] for link in known], dtype=np.int64)
    columns = {**households.take(partners).columns, **members.columns}
    used = len(households) - int(twice.sum()) - int(empty.sum())
    return Block(members.sheets, members.rows, members.parts, columns), used


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
