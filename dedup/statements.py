"""What a node states, as one text: written once, and taken apart again for the few nodes that a night meets.

Belongs here: putting the stated columns into a row, and back. Lives elsewhere: the table that keeps them (`memory.py`),
asking for them (`changes.py`).

`staged.person` would say the same, but its columns are packed with dictionaries: reading a few rows of them unpacks them
all, which costs a night of few changes more than comparing does.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dedup.prepare.resident import STATED

_BETWEEN = "\x1f"  # no reader of stated values leaves it in a key


def written(persons: pa.Table) -> pa.ChunkedArray:
    """The stated columns of each row as one text; what is missing is ''."""
    columns = (persons.column(name).cast(pa.string()) for name in STATED)
    return pc.binary_join_element_wise(*columns, _BETWEEN, null_handling="replace", null_replacement="")


def taken_apart(statements: pa.ChunkedArray) -> pa.Table:
    """The stated columns of such texts.

    >>> once = pa.table({name: pa.array(["王玮珺" if name == "name" else None]) for name in STATED})
    >>> taken_apart(written(once)).column("name").to_pylist(), taken_apart(written(once)).column("phone").to_pylist()
    (['王玮珺'], [None])
    """
    pieces = pc.split_pattern(statements.combine_chunks(), _BETWEEN).flatten()
    pieces = pc.if_else(pc.equal(pieces, ""), pa.scalar(None, pa.string()), pieces)
    return pa.table({name: pieces[place :: len(STATED)] for place, name in enumerate(STATED)})
