"""What would be golden, and what platforms would be told, if a few records belonged to other residents than today.

Belongs here: a small world of these records in memory, in which the same SELECTs are run as in a night.
Lives elsewhere: who would belong to whom (`dedup/supposing.py`), the SELECTs (`sql/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from warehouse.golden import build_golden, choose_values
from warehouse.publish import find_wanted
from warehouse.store import create_tables, given

_FACTS = (
    "platform", "platform_field", "feed", "field", "expressible", "broader", "quality", "department_only", "personal_only",
    "child_policy", "release", "admits", "follows",
)  # fmt: skip


class Cell(NamedTuple):
    """One cell that a platform would be told."""

    platform: str
    record_id: str
    field: str
    kind: str
    told: str


def wanted_if(snapshot: Path, night: date, residents: Mapping[str, str]) -> list[Cell]:
    """What platforms would be told of these records (record id → resident) on that night; nothing is written anywhere.

    What other residents state counts only for a phone that several share.
    """
    with _small_world(snapshot, residents) as con:
        choose_values(con)
        build_golden(con)
        con.execute(
            "insert into golden.value select * from site.golden.value"
            " semi join facts.personal_only using (field)"
            " where resident_id not in (select resident_id from site.resolved.record where record_id in (select record_id from supposed))"
        )
        find_wanted(con, night)
        rows = con.execute(
            "select platform, record_id, field, kind, told from outbox.wanted order by all"
        ).fetchall()
    return [Cell(*row) for row in rows]


@contextmanager
def _small_world(snapshot: Path, residents: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The facts, and these records with all that was stated and told of them."""
    with closing(duckdb.connect()) as con:
        create_tables(con)
        con.execute(f"attach '{str(snapshot).replace(chr(39), chr(39) * 2)}' as site (read_only)")
        who = pa.table({"record_id": list(residents), "resident_id": list(residents.values())})
        with given(con, "loading", who):
            con.execute("create temp table supposed as from loading")
        # The rows that we inserted on account of these records follow them.
        con.execute(
            "insert into supposed select a.record_id, supposed.resident_id from site.staged.adopted as a"
            " join supposed on a.newcomer = '+' || supposed.record_id"
        )
        for table in _FACTS:
            con.execute(f"insert into facts.{table} from site.facts.{table}")
        con.execute("insert into landed.pull from site.landed.pull")
        for table in ("staged.record", "staged.claim", "staged.echo", "staged.adopted"):
            con.execute(
                f"insert into {table} select t.* from site.{table} as t semi join supposed using (record_id)"
            )
        con.execute(
            "insert into outbox.told select * from site.outbox.told"
            " where ltrim(record_id, '+') in (select record_id from supposed)"
        )
        con.execute(
            "insert into resolved.record"
            " select r.* replace (supposed.resident_id as resident_id) from site.resolved.record as r join supposed using (record_id)"
        )
        yield con
