"""What a platform's exports usually look like, so that one that does not can be noticed before it is taken in.

Belongs here: how full each column of each accepted export was, what is usual, code values and dates met before.
Lives elsewhere: measuring an export (`connectors/stage/profile.py`), what is too different (`expectations/gate.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import duckdb
import pyarrow as pa

from warehouse.store import append

_EXPORTS = 5  # the last so many accepted exports say what is usual: one odd one does not


class Fill(NamedTuple):
    """One column of one export: of so many rows, how many state something, and how many something usable."""

    field: str  # ours; "key" for the platform's own key
    column: str
    rows: int
    filled: int
    usable: int


@dataclass(frozen=True, slots=True)
class Usual:
    """How a column usually is: the share of rows that state something, and of these the share that is usable."""

    filled: float
    usable: float | None


@dataclass(frozen=True, slots=True)
class Backward:
    """Rows whose own date of change is before, and after, the one they stated last time."""

    back: int = 0
    ahead: int = 0


def note_fill(
    con: duckdb.DuckDBPyConnection, night: date, platform: str, sha256: str, fills: Sequence[Fill]
) -> None:
    """Keep how full an accepted export was."""
    con.execute("delete from staged.fill where platform = ? and night = ?", [platform, night])
    export = {"night": night, "platform": platform, "sha256": sha256}
    if fills:
        append(con, "staged.fill", pa.Table.from_pylist([export | fill._asdict() for fill in fills]))


def usual(con: duckdb.DuckDBPyConnection, platform: str, night: date) -> dict[str, Usual]:
    """What was usual for each column of a platform before a night; nothing before its first export."""
    rows = con.execute(
        f"""
        select field, median(filled / "rows"), median(usable / nullif(filled, 0))
        from (
            select *, dense_rank() over (order by night desc) as place
            from staged.fill as f
            semi join landed.pull as p
                on p.platform = f.platform and p.night = f.night and p.sha256 = f.sha256 and p.status = 'staged'
            where platform = ? and night < ? and "rows" > 0
        )
        where place <= {_EXPORTS}
        group by field
        """,
        [platform, night],
    ).fetchall()
    return {field: Usual(filled, usable) for field, filled, usable in rows}


def stated_before(
    con: duckdb.DuckDBPyConnection, platform: str, field: str, texts: Sequence[str]
) -> set[str]:
    """Of these texts, those that the platform has ever stated in a field."""
    rows = con.execute(
        "select distinct stated from staged.claim where platform = ? and field = ? and list_contains(?, stated)",
        [platform, field, list(texts)],
    ).fetchall()
    return {text for (text,) in rows}


def backward(con: duckdb.DuckDBPyConnection, platform: str, claims: pa.Table) -> Backward:
    """How many records of an arriving export say that they were last changed earlier, and later, than they said before."""
    con.register("arriving_claim", claims)
    try:
        rows = con.execute(
            """
            select
                count(*) filter (where a."key" < c."key"),
                count(*) filter (where a."key" > c."key")
            from arriving_claim as a
            join staged.claim as c on c.record_id = a.record_id and c.field = a.field
            where c.platform = ? and c.field = 'updated_on' and c.until is null
                and c.quality = 'ok' and a.quality = 'ok'
            """,
            [platform],
        ).fetchall()
    finally:
        con.unregister("arriving_claim")
    return Backward(*rows[0])


def same_as_earlier(con: duckdb.DuckDBPyConnection, platform: str, sha256: str) -> date | None:
    """The last night on which these very bytes were in force before others took their place, if there was one."""
    rows = con.execute(
        "select max(night) from landed.pull"
        " where platform = ? and sha256 = ? and status in ('staged', 'unchanged')",
        [platform, sha256],
    ).fetchall()
    found: date | None = rows[0][0]
    return found
