"""People whom a platform did not have and whom we told it to take in.

Belongs here: what their rows are called, and whose records the rows become.
Lives elsewhere: who is taken in where (`sql/outbox/newcomer.sql`), recognising the row in the platform's next export
(`sql/staged/adopted.sql`).

Until a platform gives such a row a number of its own, it is called `+` and the record from which the ID number was taken
that stands in it. The record that it becomes belongs to whoever holds that one, today and after every merge and split.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

_MARK = "+"

# The records that are rows of ours, and whose they are today.
_SETTLED = """
select s.platform, s.source_key, a.record_id, r.resident_id
from staged.adopted as a
join staged.record as s on s.record_id = a.record_id
join resolved.record as r on a.newcomer = '+' || r.record_id
"""


def is_newcomer(record_id: str) -> bool:
    """Whether it is a row that the platform has not given a number yet."""
    return record_id.startswith(_MARK)


def rows_about(record_ids: Iterable[str]) -> set[str]:
    """These records, and the rows that may have been inserted on their account.

    >>> sorted(rows_about(["a"]))
    ['+a', 'a']
    """
    known = set(record_ids)
    return known | {_MARK + record_id for record_id in known}


def settle_newcomers(con: duckdb.DuckDBPyConnection) -> None:
    """Give every row of ours to its resident, in `resolved.record`. Call it after matching, which does not see these rows."""
    con.execute(
        f"delete from resolved.record where record_id in (select record_id from staged.adopted)"
        f" and (record_id, resident_id) not in (select (record_id, resident_id) from ({_SETTLED}))"
    )
    con.execute(
        f"insert into resolved.record select *, null, null, null from ({_SETTLED}) as settled"
        " anti join resolved.record as known on known.record_id = settled.record_id order by settled.record_id"
    )
