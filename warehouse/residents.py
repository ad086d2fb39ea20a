"""Who holds an id today: any id ever issued leads, through its record, to the resident of now.

Belongs here: that one lookup. Lives elsewhere: how ids are made (`ids.py`), who is who (`dedup`).
"""

from __future__ import annotations

import duckdb

from warehouse.ids import potential_ids


class UnknownResident(ValueError):
    """An id that no resident bears or ever bore."""

    def __init__(self, resident_id: str) -> None:
        super().__init__(f"没有编号为 {resident_id} 的居民，从前也没有过。请核对编号（R 开头的 17 位）")


def resident_today(con: duckdb.DuckDBPyConnection, key: bytes, resident_id: str) -> str:
    """The id that the resident bears today who is, or once was, called so.

    Raises:
        UnknownResident: no record of this warehouse ever lent this id.
    """
    known = "select 1 from resolved.record where resident_id = ? limit 1"
    if con.execute(known, [resident_id]).fetchall():
        return resident_id
    rows = con.execute("select record_id, resident_id from resolved.record order by record_id").fetchall()
    for issued, (_, today) in zip(
        potential_ids(key, "resident", (row[0] for row in rows)), rows, strict=True
    ):
        if issued == resident_id:
            return str(today)
    raise UnknownResident(resident_id)
