"""A warehouse that holds person records and nothing else, as matching sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

import duckdb

from dedup.prepare.resident import STATED

KEY = b"a key for tests"
FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)


@dataclass(frozen=True)
class Said:
    """A steward's word on two records."""

    left: str
    right: str
    verdict: str


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty one, in memory."""
    con = duckdb.connect()
    con.execute(resources.files("warehouse").joinpath("sql/schema.sql").read_text(encoding="utf-8"))
    columns = ", ".join(f"{name} varchar" for name in STATED)
    con.execute(
        f"create table staged.person (record_id varchar, platform varchar, first_night date, {columns})"
    )
    con.execute("drop table staged.record")
    con.execute(
        "create view staged.record as select record_id, platform, record_id as source_key from staged.person"
    )
    return con


def state(con: duckdb.DuckDBPyConnection, record: str, night: date = FIRST, **said: Any) -> None:
    """Have a record state this from now on."""
    con.execute("delete from staged.person where record_id = ?", [record])
    number = said.get("id_number")
    row = {"name_quality": "ok", "id_quality": "ok" if number else None, **said}
    con.execute(
        f"insert into staged.person values ({', '.join('?' * (3 + len(STATED)))})",
        [record, "grid", night, *(row.get(name) for name in STATED)],
    )
