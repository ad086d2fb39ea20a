"""Reading columns of stated values: what `read` says of each value, at a fraction of the time.

Belongs here: looking at each distinct value once, and choosing by kind the shortcut for values in their usual shape.
Lives elsewhere: the shortcuts, each beside the reader whose rules it shares (`names.py` and so on); reading one value
(`read.py`). That both say the same of every value is a law: `tests/dedup/normalise/test_bulk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date as Day
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.addresses import split_addresses
from dedup.normalise.area import Area
from dedup.normalise.dates import in_iso, whole_days
from dedup.normalise.distinct import Reads, nothing_known
from dedup.normalise.id_numbers import shaped_numbers
from dedup.normalise.names import common_names
from dedup.normalise.phones import plain_mobiles
from dedup.normalise.quality import Read
from dedup.normalise.read import LONGEST, NO_CODES, Kind, read
from dedup.normalise.texts import plain_identifiers


def read_many(
    kind: Kind,
    stated: pa.Array | pa.ChunkedArray,
    *,
    numeric_cell: bool = False,
    area: Area | None = None,
    table: str | None = None,
    codes: Mapping[str, str] = NO_CODES,
    night: Day | None = None,
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Keys and qualities of a column of strings, as `read` gives them one by one; a missing value has neither.

    >>> keys, qualities = read_many("name", pa.array(["张 伟", None, "张伟", "不详"]))
    >>> keys.to_pylist(), qualities.to_pylist()
    (['张伟', None, '张伟', None], ['ok', None, 'ok', 'empty'])
    """
    one = partial(read, kind, numeric_cell=numeric_cell, area=area, table=table, codes=codes, night=night)
    met = _encoded(stated)
    if kind == "date":
        spelled = _encoded(in_iso(met.dictionary))
        met = _taken(spelled, met.indices)
    texts = met.dictionary
    reads = _completed(texts, _shortcut(kind, texts, numeric_cell, area, night), one)
    # Most texts are their own key, and they are distinct already.
    keys = met if reads.keys.equals(texts) else _taken(_encoded(reads.keys), met.indices)
    return keys, _taken(_encoded(reads.qualities), met.indices)


def _shortcut(
    kind: Kind, texts: pa.StringArray, numeric_cell: bool, area: Area | None, night: Day | None
) -> Reads:
    """The texts in their usual shape, read; all others are left open."""
    if pc.any(pc.greater(pc.utf8_length(texts), LONGEST)).as_py():  # somebody's notes: one by one, to be safe
        return nothing_known(texts)
    match kind:
        case "name":
            return common_names(texts)
        case "id_number" if not numeric_cell:
            return shaped_numbers(texts)
        case "date" if not numeric_cell:
            return whole_days(texts, night)
        case "phone":
            return plain_mobiles(texts)
        case "address":
            return split_addresses(texts, area)
        case "identifier":
            return plain_identifiers(texts)
        case _:
            return nothing_known(texts)


def _completed(texts: pa.StringArray, reads: Reads, one: Callable[[str], Read]) -> Reads:
    """The texts that a shortcut left open, read one by one."""
    left_open = pc.is_null(reads.qualities)
    found = [one(text) for text in texts.filter(left_open).to_pylist()]
    return Reads(
        pc.replace_with_mask(reads.keys, left_open, pa.array([said.key for said in found], pa.string())),
        pc.replace_with_mask(
            reads.qualities, left_open, pa.array([said.quality for said in found], pa.string())
        ),
    )


def _encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column.dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def _taken(column: pa.DictionaryArray, rows: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(column.indices.take(rows), column.dictionary)
