"""Where the tags of a sheet's rows stand in its bytes.

Belongs here: finding them, all at once.
Lives elsewhere: whether they can be trusted (`xlsx_parts.py`: neither text nor attributes of XML may hold a "<", so that
without comments and CDATA each one begins a tag), what is made of them (`xlsx_rows.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ROW_END = b"</row>"
CELL = b'<c r="'

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class Tags(NamedTuple):
    """Places in bytes of XML, in order: of each tag that begins with "c", and of each end of a row."""

    cells: Places
    row_ends: Places
    declares: bool  # something begins with "<!"


def tags_of(xml: Bytes) -> Tags:
    """The tags of rows and cells.

    >>> tags_of(np.frombuffer(b'<row r="7"><c r="A7"/></row>', np.uint8))
    Tags(cells=array([11]), row_ends=array([22]), declares=False)
    """
    at = np.flatnonzero(xml == ord("<"))
    second = xml.take(at + 1, mode="clip")
    row_ends = standing(ROW_END[2:], xml, at[second == ord("/")] + 2) - 2
    return Tags(at[second == ord("c")], row_ends, bool((second == ord("!")).any()))


def standing(text: bytes, xml: Bytes, at: Places) -> Places:
    """Those of these places at which this text stands, in which no byte follows itself."""
    for offset, byte in enumerate(text):
        at = at[xml.take(at + offset, mode="clip") == byte]
    return at
