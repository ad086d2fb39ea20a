"""How right the warehouse is, against the truth that a synthetic city knows.

Belongs here: pairs, clusters, households and golden cells, computed from `resolved.record` and `golden.*` alone,
as any outsider could.
Lives elsewhere: the truth (`synthetic_city` writes `truth/records.parquet` and `truth/residents.parquet`).

Pairs are never written out: a group of n records has n(n-1)/2 of them. A true record that was never staged, or
never resolved, stands alone. A golden value is right when it equals the true resident's key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from warehouse.fields import fields
from warehouse.site import Site, SiteError
from warehouse.store import read_store, scalar

MOST_LISTED = 200

# One row per true record of the latest night, beside what we made of it.
_JOINED = """
create temp table joined as
with truth as (
    select *, row_number() over (order by platform, source_key, record_id) as place
    from read_parquet($records)
    where night = (select max(night) from read_parquet($records))
)
select
    t.record_id, t.resident, t.household_living, t.household_registered,
    r.resident_id,
    coalesce(r.resident_id, 'alone ' || t.place) as cluster,
    r.household_living_id,
    r.household_registered_id
from truth as t
left join (
    -- A key may have stood for several people, one after the other: the truth is of the one it stands for now.
    select r.*
    from resolved.record as r
    left join staged.record as s on s.record_id = r.record_id
    qualify row_number() over (
        partition by r.platform, r.source_key order by s.present desc, s.last_night desc, s.generation desc
    ) = 1
) as r on r.platform = t.platform and r.source_key = t.source_key
"""

_PAIRS = """
with both_sides as (select resident, cluster, count(*) as n from joined group by resident, cluster),
true_side as (select sum(n) as n from both_sides group by resident),
our_side as (select sum(n) as n from both_sides group by cluster)
select
    coalesce((select sum(n * (n - 1) // 2) from both_sides), 0)::bigint,
    coalesce((select sum(n * (n - 1) // 2) from our_side), 0)::bigint,
    coalesce((select sum(n * (n - 1) // 2) from true_side), 0)::bigint
"""

# One pair of records for each two people whom a cluster holds together.
_FALSE_MERGES = f"""
with one as (select cluster, resident, min(record_id) as record_id from joined group by cluster, resident)
select a.record_id, b.record_id
from one as a
join one as b on b.cluster = a.cluster and b.resident > a.resident
order by 1, 2
limit {MOST_LISTED}
"""

# A true group is exact when one of ours holds all of its records and nothing else.
_EXACT = """
with ours as (select {ours} as name, count(*) as n from joined group by all),
truth as (
    select {truth}, count(*) as n, count({ours}) as placed, count(distinct {ours}) as names, min({ours}) as name
    from joined
    where {truth} is not null
    group by {truth}
)
select avg((truth.placed = truth.n and truth.names = 1 and ours.n = truth.n)::integer)
from truth
left join ours on ours.name = truth.name
"""

# Each resident of ours stands for the true one whom most of its records belong to.
_STANDS_FOR = """
create temp table stands_for as
select resident_id, resident
from joined
where resident_id is not null
group by resident_id, resident
qualify row_number() over (partition by resident_id order by count(*) desc, resident) = 1
"""

_CELL = """
select avg((g."{field}" is not distinct from t."{field}")::integer)
from stands_for as s
join golden.resident as g on g.resident_id = s.resident_id and g."{field}" is not null
join truth_residents as t on t.resident = s.resident
"""

# Of the true residents who have the value, how many have it in golden, right or wrong.
_KNOWN = """
select avg((t.resident in (
    select s.resident from stands_for as s join golden.resident as g on g.resident_id = s.resident_id
    where g."{field}" is not null
))::integer)
from truth_residents as t
where t."{field}" is not null and t.resident in (select resident from joined)
"""


def score(site: Site) -> dict[str, Any]:
    """Every figure of the latest night in the truth, shares between 0 and 1; None where there is nothing to count.

    `cells` is the share of golden cells that are right, `cells_known` the share of true values that golden has.

    Raises:
        SiteError: the site has no truth, or no warehouse yet.
    """
    records, residents = site.truth / "records.parquet", site.truth / "residents.parquet"
    for file, next_move in (
        (records, "只有 enter-once city 建立的站点才有真值"),
        (site.warehouse, "请先运行 enter-once nightly"),
    ):
        if not file.exists():
            raise SiteError(file, "找不到文件，无法评分", next_move)
    with read_store(site.warehouse) as con:
        con.execute(_JOINED, {"records": str(records)})
        con.execute(_STANDS_FOR)
        return {
            "records": scalar(con, "select count(*) from joined"),
            "not_resolved": scalar(con, "select count(*) from joined where resident_id is null"),
            "pairs": _pairs(con),
            "clusters": {"exact": _exact(con, "resident", "cluster")},
            "households": {
                kind: {"exact": _exact(con, f"household_{kind}", f"household_{kind}_id")}
                for kind in ("living", "registered")
            },
            **(_cells(con, residents) if residents.exists() else {"cells": {}, "cells_known": {}}),
        }


def _pairs(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    both, ours, true = con.execute(_PAIRS).fetchall()[0]
    return {
        "precision": both / ours if ours else None,
        "recall": both / true if true else None,
        "f1": 2 * both / (ours + true) if ours + true else None,
        "false_merges": ours - both,
        "false_merge_records": [list(pair) for pair in con.execute(_FALSE_MERGES).fetchall()],
    }


def _exact(con: duckdb.DuckDBPyConnection, truth: str, ours: str) -> float | None:
    share: float | None = scalar(con, _EXACT.format(truth=truth, ours=ours))
    return share


def _cells(con: duckdb.DuckDBPyConnection, residents: Path) -> dict[str, dict[str, float | None]]:
    """Accuracy of every golden field that the truth knows too."""
    con.execute(
        "create temp table truth_residents as select * from read_parquet($file)", {"file": str(residents)}
    )
    known = {row[0] for row in con.execute("select column_name from (describe truth_residents)").fetchall()}
    if "night" in known:
        con.execute("delete from truth_residents where night < (select max(night) from truth_residents)")
    golden = [row[0] for row in con.execute("select column_name from (describe golden.resident)").fetchall()]
    names = [name for name in golden if name in fields() and name in known]
    return {
        key: {name: scalar(con, query.format(field=name)) for name in names}
        for key, query in (("cells", _CELL), ("cells_known", _KNOWN))
    }
