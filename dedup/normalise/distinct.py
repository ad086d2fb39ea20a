"""Columns of texts, looked at once per distinct text.

Belongs here: what the column readers of several kinds share.
Lives elsewhere: those readers, each beside the reader of one value of its kind; choosing between them (`bulk.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


class Reads(NamedTuple):
    """What a column of texts says. A text that is left open, for the reader of single values, has no quality."""

    keys: pa.StringArray
    qualities: pa.StringArray


def each(texts: pa.StringArray, judge: Callable[[str], bool]) -> Flags:
    """What `judge` says of each text, none missing."""
    encoded = texts.dictionary_encode()
    judged = np.array([judge(text) for text in encoded.dictionary.to_pylist()], dtype=np.bool_)
    return np.asarray(judged[encoded.indices.to_numpy()])


def themselves(texts: pa.StringArray, sure: Flags | pa.BooleanArray) -> Reads:
    """The texts that surely read as themselves and are good; the others are left open."""
    nothing = pa.scalar(None, pa.string())
    return Reads(pc.if_else(sure, texts, nothing), pc.if_else(sure, pa.scalar("ok"), nothing))


def graded(texts: pa.StringArray, rows: Flags, grades: Codes, names: Sequence[str]) -> Reads:
    """Texts that read as themselves, with the grades of these rows as codes into `names`; others are left open."""
    code = np.full(len(texts), -1, dtype=np.int64)
    code[rows] = grades
    left_open = code < 0
    return Reads(
        pc.if_else(pa.array(left_open), pa.scalar(None, pa.string()), texts),
        pa.array(names, pa.string()).take(pa.array(code, mask=left_open)),
    )


def nothing_known(texts: pa.StringArray) -> Reads:
    """All texts left open."""
    return Reads(*(pa.nulls(len(texts), pa.string()) for _ in Reads._fields))
