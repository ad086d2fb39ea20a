"""The history of what every platform stated: one accepted export after the other.

Belongs here: merging a staged export into `staged.record`, `staged.claim` and `staged.quarantine`, noting pulls.
Lives elsewhere: reading a file into a staged export (`connectors`), what a value means (`dedup/normalise`).

A claim is one line (record, field, value) with the night it was first stated and the night it was no longer.
A value that comes back after having been different starts a new line. A record that is missing from a file keeps
its claims: only a file declared complete says that a record is gone, and even then its claims stay, marked by
`present = false` on the record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import duckdb
import pyarrow as pa

from warehouse.store import check_unique, given, transaction

PullStatus = Literal["unchanged", "refused", "unreadable"]
_MISSING = pa.schema([("night", pa.date32()), ("platform", pa.string()), ("message", pa.string())])


class StagedExport(Protocol):
    """What the connectors make of one export; `connectors.stage.Staged` is one."""

    @property
    def records(self) -> pa.Table: ...
    @property
    def claims(self) -> pa.Table: ...
    @property
    def quarantine(self) -> pa.Table: ...
    @property
    def rows_in(self) -> int: ...
    @property
    def staged(self) -> int: ...
    @property
    def quarantined(self) -> int: ...


@dataclass(frozen=True, slots=True)
class InForce:
    """The last export of a platform that was accepted."""

    night: date
    sha256: str
    source: str
    rows_in: int


class Unbalanced(RuntimeError):
    """Rows of an export that are neither staged nor in quarantine."""


class NightOutOfOrder(RuntimeError):
    """An export of an earlier night than one already absorbed: history is only ever continued."""


def absorb(
    con: duckdb.DuckDBPyConnection,
    night: date,
    platform_slug: str,
    sha256: str,
    source: str,
    staged: StagedExport,
    *,
    whole: bool = True,
) -> bool:
    """Merge one accepted export into the history; False when it is the one already in force tonight.

    One that is not `whole` tells only what changed: a record that is not in it is not gone, and a row that waits in
    quarantine goes on waiting.

    Raises:
        Unbalanced: rows in are not rows staged plus rows in quarantine.
        NightOutOfOrder: the platform already has a later night.
        NotUnique: a record, or a field of a record, stands twice in the export.
    """
    if staged.rows_in != staged.staged + staged.quarantined:
        raise Unbalanced(
            f"{platform_slug}（{source}）：读入 {staged.rows_in} 行，入库 {staged.staged} 行，隔离 {staged.quarantined} 行，"
            "对不上。这是程序错误，请保留该文件并报告"
        )
    before = in_force(con, platform_slug)
    if before is not None and night < before.night:
        raise NightOutOfOrder(
            f"{platform_slug}：{night} 的导出早于已入库的 {before.night}。请按日期顺序运行，或删除 warehouse.duckdb 重建"
        )
    if before is not None and (before.night, before.sha256) == (night, sha256):
        return False
    with transaction(con), _arriving(con, staged):
        check_unique(con, "arriving_record", "record_id")
        check_unique(con, "arriving_claim", "record_id", "field")
        told = {
            "night": night,
            "platform": platform_slug,
            "sha256": sha256,
            "source": source,
            "whole": whole,
        }
        for step in (*_MERGE_RECORDS, *_MERGE_CLAIMS, *_MERGE_QUARANTINE):
            # A statement is given only the parameters it names.
            con.execute(step, {name: value for name, value in told.items() if f"${name}" in step})
        _note(
            con,
            (
                night,
                platform_slug,
                sha256,
                source,
                staged.rows_in,
                staged.staged,
                staged.quarantined,
                "staged",
                "",
            ),
        )
    return True


def note_missing(con: duckdb.DuckDBPyConnection, pulls: Iterable[tuple[date, str, str]]) -> None:
    """Note the platforms of which nothing came: night, platform, message. Most of a catalogue, so they are noted at once."""
    rows = pa.Table.from_pylist([dict(zip(_MISSING.names, pull, strict=True)) for pull in pulls], _MISSING)
    with given(con, "gone", rows), transaction(con):
        con.execute(
            "delete from landed.pull where status = 'missing' and sha256 = ''"
            " and (night, platform) in (select (night, platform) from gone)"
        )
        con.execute(
            """
            insert into landed.pull
            select gone.night, platform, '', '', null, null, null, 'missing', any_value(gone.message),
                coalesce(max(earlier.turn), 0) + 1
            from gone left join landed.pull as earlier using (night, platform)
            group by gone.night, platform order by gone.night, platform
            """
        )


def note_pull(
    con: duckdb.DuckDBPyConnection,
    night: date,
    platform_slug: str,
    status: PullStatus,
    *,
    sha256: str = "",
    source: str = "",
    message: str = "",
) -> None:
    """Note a pull that states nothing new. What was in force stays in force.

    An unchanged file states tonight what it stated before, so its records were last seen tonight.
    """
    before = in_force(con, platform_slug) if status == "unchanged" else None
    with transaction(con):
        counts: tuple[int | None, int | None, int | None] = (None, None, None)
        if before is not None:
            con.execute(_STILL_STATED, {"night": night, "platform": platform_slug, "sha256": before.sha256})
            counts = con.execute(
                "select rows_in, staged, quarantined from landed.pull where platform = ? and sha256 = ?"
                " and status = 'staged' order by night desc, turn desc limit 1",
                [platform_slug, before.sha256],
            ).fetchall()[0]
        _note(con, (night, platform_slug, sha256, source, *counts, status, message))


def in_force(
    con: duckdb.DuckDBPyConnection, platform_slug: str, *, among: Collection[str] | None = None
) -> InForce | None:
    """The last accepted export of a platform, also when it was found unchanged since; None before the first.

    `among`: only exports of these bytes, such as those that were whole.
    """
    rows = con.execute(
        "select night, sha256, source, rows_in from landed.pull"
        " where platform = $slug and status in ('staged', 'unchanged')"
        " and ($among is null or list_contains($among, sha256)) order by night desc, turn desc limit 1",
        {"slug": platform_slug, "among": None if among is None else sorted(among)},
    ).fetchall()
    return InForce(*rows[0]) if rows else None


def ages(con: duckdb.DuckDBPyConnection, night: date) -> dict[str, int]:
    """How many nights have passed since each platform's export in force was last received; without those of which none ever was.

    A night is one that ran: it is not the calendar that makes an export stale.
    """
    return dict(
        con.execute(
            """
            with ran as (select distinct night from landed.pull where night <= $night),
            last as (
                select platform, max(night) as night from landed.pull where status in ('staged', 'unchanged')
                group by platform
            )
            select platform, count(ran.night) from last left join ran on ran.night > last.night group by platform
            """,
            {"night": night},
        ).fetchall()
    )


@contextmanager
def _arriving(con: duckdb.DuckDBPyConnection, staged: StagedExport) -> Iterator[None]:
    tables = {"record": staged.records, "claim": staged.claims, "quarantine": staged.quarantine}
    for name, table in tables.items():
        con.register(f"arriving_{name}", table)
    try:
        yield
    finally:
        for name in tables:
            con.unregister(f"arriving_{name}")


def _note(con: duckdb.DuckDBPyConnection, pull: tuple[object, ...]) -> None:
    """One line per pull; the same pull noted again stands once, in its last turn of the night."""
    night, platform, sha256, status = pull[0], pull[1], pull[2], pull[7]
    con.execute(
        "delete from landed.pull where night = ? and platform = ? and sha256 = ? and status = ?",
        [night, platform, sha256, status],
    )
    con.execute(
        "insert into landed.pull select ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " (select coalesce(max(turn), 0) + 1 from landed.pull where night = ? and platform = ?)",
        [*pull, night, platform],
    )


_STILL_STATED = """
update staged.record set last_night = $night where platform = $platform and sha256 = $sha256
"""

_MERGE_RECORDS = (
    # In the order in which the lines lie: DuckDB 2.0.0 takes seconds to put a few thousand texts into lines out of order.
    """
    update staged.record as r
    set last_night = $night, present = true, sha256 = $sha256, sheet = a.sheet, "row" = a."row", part = a.part,
        source_key = a.source_key
    from (
        select known.rowid as place, arriving.*
        from staged.record as known
        join arriving_record as arriving on arriving.record_id = known.record_id
        where known.platform = $platform
        order by place
    ) as a
    where r.rowid = a.place
    """,
    """
    insert into staged.record
    select record_id, $platform, source_key, generation, $night, $night, true, $sha256, sheet, "row", part
    from arriving_record
    anti join (select record_id from staged.record where platform = $platform) as known using (record_id)
    order by record_id
    """,
    # A key stands for one person at a time: whom it stood for before is no longer there. Otherwise absence is deletion only
    # in a file that is declared complete for its scope; a row put aside is not absent.
    """
    update staged.record
    set present = false
    where rowid in (
        select gone.place
        from (select rowid as place, record_id, source_key from staged.record where platform = $platform and present) as gone
        anti join arriving_record using (record_id)
        left join (select distinct source_key from arriving_record) as taken using (source_key)
        left join (select distinct source_key from arriving_quarantine) as aside using (source_key)
        where taken.source_key is not null
            or ($whole and (select complete from facts.platform where slug = $platform) and aside.source_key is null)
    )
    """,
)

# Most of a file states what stood before. The difference is found once, by the place of each line; `staged.claim` holds all
# platforms, and everything else is asked of what differs.
_MERGE_CLAIMS = (
    # place: of the line that stands, null when none does; same: the file states that value again.
    """
    create or replace temp table differing as
    select
        s.place, s.since, s.as_of as confirmed, a.*,
        s.place is not null and a.field is not null
            and s.stated is not distinct from a.stated and s."key" is not distinct from a."key" as same
    from arriving_claim as a
    full join (
        select rowid as place, *
        from staged.claim
        where platform = $platform and until is null and record_id in (select record_id from arriving_record)
    ) as s using (record_id, field)
    where not same or s.as_of <> coalesce(a.as_of, s.since) or (s.quality, s."column") is distinct from (a.quality, a."column")
    """,
    "update staged.claim set until = $night where rowid in (select place from differing where not same)",
    # The same value stated again: since stays, and a better reader may have graded it anew. The row's own date confirms
    # it only where nothing else of the row changed: a row whose date moved because somebody wrote into another cell
    # (as we do when we publish) says nothing of this one.
    """
    update staged.claim
    set as_of = if(changed.record_id is null, coalesce(d.as_of, d.since), d.confirmed), quality = d.quality, "column" = d."column"
    from differing as d
    left join (select distinct record_id from differing where not same and field <> 'updated_on') as changed using (record_id)
    where claim.rowid = d.place and d.same
    """,
    # One that began tonight and is already replaced (the same night, a second file) never stood: it is taken out.
    "delete from staged.claim where rowid in (select place from differing where not same and since = $night)",
    """
    insert into staged.claim
    select record_id, $platform, field, stated, "key", quality, "column", $night, null, coalesce(as_of, $night)
    from differing
    where not same and field is not null
    order by record_id, field
    """,
)

_MERGE_QUARANTINE = (
    "delete from staged.quarantine where platform = $platform and night = $night and $whole",
    "update staged.quarantine set until = $night where platform = $platform and until is null and $whole",
    """
    insert into staged.quarantine
    select
        $night, $platform, $sha256, $source, sheet, "row", "column", reason, message, stated, null, reference, source_key
    from arriving_quarantine
    """,
)
