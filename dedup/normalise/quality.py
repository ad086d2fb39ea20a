"""What a reader hands back: the key and how good it is.

Belongs here: the result type, shared by all readers.
Lives elsewhere: the readers (one module per kind), choosing a reader (`read.py`).
"""

from __future__ import annotations

from typing import NamedTuple


class Read(NamedTuple):
    """A stated value made comparable, and what kind of value it was.

    `key` is None when the value says nothing. `quality` is a word from the reader's own docstring; `empty` and
    `none` are common to all: a blank, and an explicit "has none".
    """

    key: str | None
    quality: str


EMPTY = Read(None, "empty")
NONE = Read(None, "none")
INVALID = Read(None, "invalid")
