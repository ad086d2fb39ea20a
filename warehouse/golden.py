"""The golden tables: building them, and one checksum over all of them.

Belongs here: the order of building, and what ID numbers say by themselves as a table.
Lives elsewhere: the rules, one SELECT per table under `sql/golden/`; who is who (`dedup`).
"""

from __future__ import annotations

import hashlib

import duckdb
import pyarrow as pa

from dedup.normalise.id_numbers import birth_date_of, sex_of
from warehouse.store import GOLDEN_TABLES, rebuild

# Their check character vouches for every digit, so also for the birth date and the sex inside them.
_CHECKED = "('ok', 'ok_unknown_area')"


def choose_values(con: duckdb.DuckDBPyConnection) -> int:
    """Make `golden.value` anew from the claims and from who is who; its rows. Households are grouped by these values."""
    _tell_what_numbers_say(con)
    return rebuild(con, "golden.value")


def build_golden(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Make the tables that are read off `golden.value` and the resolved households; the rows of each."""
    return {table: rebuild(con, table) for table in GOLDEN_TABLES if table != "golden.value"}


def golden_checksum(con: duckdb.DuckDBPyConnection) -> str:
    """One checksum over all golden tables and `resolved.record`, whatever the order of their rows.

    Each row is hashed by MD5 of its text and the hashes are added up: unlike exclusive or, a sum notices a row
    that stands twice, and MD5, unlike DuckDB's own hash, is the same in the next version.
    """
    total = hashlib.sha256()
    for table in ("resolved.record", *GOLDEN_TABLES):
        rows, added = con.execute(
            f"select count(*), coalesce(sum(md5_number_lower(t::varchar)::hugeint), 0) from {table} as t"
        ).fetchall()[0]
        total.update(f"{table}:{rows}:{added}\n".encode())
    return total.hexdigest()[:32]


def _tell_what_numbers_say(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        'select distinct "key" from staged.own'
        f" where field = 'id_number' and quality in {_CHECKED} order by 1"
    ).fetchall()
    numbers = [row[0] for row in rows]
    told = pa.table(
        {
            "id_number": pa.array(numbers, pa.string()),
            "birth_date": pa.array([birth_date_of(number) for number in numbers], pa.string()),
            "sex": pa.array([sex_of(number) for number in numbers], pa.string()),
        }
    )
    con.register("told", told)
    con.execute("create or replace table golden.id_number_says as select * from told")
    con.unregister("told")
