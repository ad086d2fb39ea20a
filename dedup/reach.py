"""Joining clusters again, but only those within reach of a change.

Belongs here: which nodes a change reaches, the evidence and the verdicts among them, and writing down what became of
them. Lives elsewhere: joining itself (`cluster.py`), the tables (`memory.py`), what has changed (`changes.py`), the
order of a night's work (`night.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from dedup.cluster import Clusters, Evidence
from dedup.columns import Ints
from warehouse.ids import potential_ids
from warehouse.store import append, given, scalar

Said = tuple[str, str, str]  # left record, right record, verdict


def words_changed(
    con: duckdb.DuckDBPyConnection, said: Sequence[Said], declared: Sequence[tuple[str, str]]
) -> int:
    """Of how many records something was said or taken back since clusters were joined; leaves them in `spoken`.

    declared: pairs of ID numbers that are one person's, the smaller first.
    """
    _verdicts_changed(con, said)
    _numbers_changed(con, declared)
    return int(scalar(con, "select count(*) from spoken"))


def _verdicts_changed(con: duckdb.DuckDBPyConnection, said: Sequence[Said]) -> None:
    with given(con, "incoming", _verdict_table(said)):
        con.execute("create or replace temp table said as from incoming")
    con.execute(
        """
        create or replace temp table spoken as
        with news as (
            (from said except from matched.verdict) union all (from matched.verdict except from said)
        )
        select "left" as record_id from news union select "right" from news
        """
    )


def _numbers_changed(con: duckdb.DuckDBPyConnection, declared: Sequence[tuple[str, str]]) -> None:
    """Add to `spoken` the records that bear a number of which it was declared, or taken back, since clusters were joined that it is
    one person's with another. Leaves `declared` (low, high)."""
    rows = {
        name: pa.array([one[at] for one in declared], pa.string()) for at, name in enumerate(("low", "high"))
    }
    with given(con, "incoming", pa.table(rows)):
        con.execute("create or replace temp table declared as from incoming")
    con.execute(
        """
        insert into spoken
        with news as (
            (from declared except from matched.one_person) union all (from matched.one_person except from declared)
        )
        select record_id
        from matched.record semi join (
            select node from matched.node
            semi join (select low from news union select high from news) as news(trusted) using (trusted)
        ) using (node)
        """
    )


def _verdict_table(said: Sequence[Said]) -> pa.Table:
    names = ("left", "right", "verdict")
    return pa.table({name: pa.array([one[at] for one in said], pa.string()) for at, name in enumerate(names)})


_REACH = """
create or replace temp table reach as
with moved as (
    select record_id
    from matched.record semi join (select unnest(["left", "right"]) as record_id from said) using (record_id)
    semi join (select node from fresh_node union all from altered) using (node)
),
talked_of as (
    select record_id from spoken
    union all
    select unnest([s."left", s."right"]) from said as s
    where s."left" in (from moved) or s."right" in (from moved)
),
component as (
    from torn
    union
    select component from matched.node semi join linked using (node)
    union
    select component from matched.node semi join (
        select node from matched.record semi join talked_of using (record_id)
    ) using (node)
),
first as (
    select node, min(record_id) as record_id from matched.record semi join altered using (node) group by node
)
select n.node, coalesce(first.record_id, n.first_record) as first_record, n.trusted, n.weak
from matched.node as n semi join component using (component) left join first using (node)
union all
from fresh_node
"""


def find_reach(con: duckdb.DuckDBPyConnection, linked: Ints) -> pa.Table:
    """The nodes whose clusters have to be found anew, first records first: node, trusted.

    They are the fresh ones and the whole components of a node that was dissolved or altered, that a fresh node is linked to (`linked`: the nodes
    there), or of which stewards said something new. Leaves them in `reach` (node, first_record, trusted, weak).
    """
    with given(con, "linked", pa.table({"node": linked})):
        con.execute(_REACH)
    return con.sql("select node, trusted from reach order by first_record").to_arrow_table()


def evidence_in_reach(con: duckdb.DuckDBPyConnection) -> Evidence:
    """The pairs within reach that weigh anything, by the numbers of their nodes."""
    found = con.sql(
        """
        select c."left", c."right", p.weight
        from matched.candidate as c
        semi join reach as l on l.node = c."left"
        semi join reach as r on r.node = c."right"
        join matched.pattern as p on p.code = c.pattern and p.weight <> 0
        order by all
        """
    ).fetchnumpy()
    return Evidence(found["left"], found["right"], found["weight"])


def verdicts_in_reach(con: duckdb.DuckDBPyConnection, verdict: str) -> list[tuple[int, int]]:
    """Pairs of different nodes within reach of which stewards said so."""
    return con.execute(
        """
        select l.node, r.node
        from said
        join matched.record as l on l.record_id = said."left"
        join matched.record as r on r.record_id = said."right"
        where verdict = ? and l.node <> r.node and l.node in (select node from reach) and r.node in (select node from reach)
        order by all
        """,
        [verdict],
    ).fetchall()


def remember_clusters(
    con: duckdb.DuckDBPyConnection, node: Ints, clusters: Clusters, reasons: Mapping[str, str]
) -> None:
    """Replace what was known of the nodes within reach. `node`: their numbers, in the order they were clustered."""
    con.execute("delete from matched.node where node in (select node from reach)")
    con.execute(
        'delete from matched.refused where "left" in (select node from reach) or "right" in (select node from reach)'
    )
    found = {"node": node, "component": node[clusters.component], "cluster": node[clusters.label]}
    with given(con, "found", pa.table(found)):
        con.execute(
            "insert into matched.node"
            " select node, first_record, trusted, weak, component, cluster from reach join found using (node)"
        )
    refused = {
        "left": pa.array([int(node[one.left]) for one in clusters.refused], pa.int64()),
        "right": pa.array([int(node[one.right]) for one in clusters.refused], pa.int64()),
        "reason": pa.array([reasons[one.reason] for one in clusters.refused], pa.string()),
        "points": pa.array([one.points for one in clusters.refused], pa.float64()),
    }
    append(con, "matched.refused", pa.table(refused))
    con.execute("create or replace table matched.verdict as from said")
    con.execute("create or replace table matched.one_person as from declared")


def remember_residents(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Name the clusters within reach after their earliest records (first night, then record id): ids survive merges
    and splits.

    Leaves `resettled` (record_id): the records of which this is said, and those that were taken out.
    """
    con.execute(
        """
        create or replace temp table member as
        select r.record_id, r.first_night, n.cluster
        from matched.record as r semi join reach using (node) join matched.node as n using (node)
        """
    )
    earliest = con.sql(
        """
        select cluster, arg_min(record_id, (first_night, record_id)) as record_id
        from member group by cluster order by cluster
        """
    ).to_arrow_table()
    ids = potential_ids(key, "resident", earliest.column("record_id").to_pylist())
    con.execute(
        "create or replace temp table resettled as"
        " select record_id from member union all select record_id from left_behind"
    )
    con.execute("delete from resolved.record where record_id in (from resettled)")
    names = pa.table({"cluster": earliest.column("cluster"), "resident_id": pa.array(ids, pa.string())})
    with given(con, "named", names):
        con.execute(
            """
            insert into resolved.record
            select s.platform, s.source_key, record_id, named.resident_id, null, null, null
            from staged.record as s join member using (record_id) join named using (cluster)
            order by record_id
            """
        )
