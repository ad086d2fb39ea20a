"""What matching remembers from one night to the next, so that a night only looks at what changed.

Belongs here: the tables `matched.*`, what has changed since they were written, and writing what was found.
Lives elsewhere: matching itself (`match.py` and its steps), the order of a night's work (`night.py`).

    matched.record     record_id, row_hash (of all that matching reads of it), variant (of what it states), node
    matched.node       node, first_record (orders nodes), trusted (its number that may veto), component, cluster
    matched.block      key (its place in the model), value (hash of what the members agree on), node, asks
    matched.share      place (in the model's [crowd]), value, name (hashes), node; matched.crowd: place, value
    matched.candidate  left, right (nodes), pattern; matched.pattern: what a pattern of levels says
    matched.refused    left, right (nodes), reason, points
    matched.verdict    left, right (records), verdict: what stewards said when clusters were last joined
    matched.pair, matched.conflict, matched.block_cut: the same for readers, by record id (`sql/matched/`)

A node here has a number for good; which of two comes first is decided by their first records, never by the number, so
that a warehouse made in one night and one made in ten hold the same clusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from dedup.blocking import BlockRows
from dedup.cluster import Clusters, Evidence
from dedup.columns import Ints
from dedup.crowding import Crowded, share_rows
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.prepare.resident import STATED
from warehouse.ids import potential_ids

Said = tuple[str, str, str]  # left record, right record, verdict

_TABLES = ("record", "node", "key", "block", "share", "crowd", "candidate", "refused", "verdict", "run")
_VARIANT = f"hash({', '.join(STATED)})"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much matching holds."""

    records: int
    variants: int
    pairs: int
    clusters: int
    conflicts: int


def matcher_of(model: Model, software: str) -> str:
    """A digest of all that decides what matching makes of the same records."""
    return sha256(f"{software} {pd.__version__} {model!r}".encode()).hexdigest()


def last_run(con: duckdb.DuckDBPyConnection, matcher: str) -> Counts | None:
    """What the same matcher left; None when there is nothing, or another one left it."""
    query = "select records, variants, pairs, clusters, conflicts from matched.run where matcher = ?"
    rows = con.execute(query, [matcher]).fetchall()
    return Counts(*rows[0]) if rows else None


def forget(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Begin anew: nothing was ever matched."""
    con.execute("drop view if exists matched.pair")
    con.execute("drop table if exists matched.pattern")
    for name in _TABLES:
        con.execute(f"delete from matched.{name}")
    con.execute("delete from resolved.record")
    keys = {
        "key": np.arange(len(model.blocks), dtype=np.int8),
        "columns": ["+".join(key.columns) for key in model.blocks],
        "budget": [key.budget for key in model.blocks],
    }
    _append(con, "matched.key", pa.table(keys))


# --- what has changed --------------------------------------------------------------------------------------------


def find_touched(con: duckdb.DuckDBPyConnection) -> int:
    """Note the variants that some record took on or gave up since the last run; how many there are.

    Leaves the temporary tables `touched` (variant) and `dissolved` (node): all that is said of them is found anew.
    """
    con.execute(
        f"""
        create or replace temp table seen as
        select record_id, {_VARIANT} as variant, hash(record_id, first_night, {_VARIANT}) as row_hash
        from staged.person
        """
    )
    con.execute(
        """
        create or replace temp table touched as
        select distinct variant from (
            select variant from seen anti join matched.record using (row_hash)
            union all
            select variant from matched.record anti join seen using (row_hash)
        )
        """
    )
    _dissolve(con)
    return _count(con, "touched")


def touch(con: duckdb.DuckDBPyConnection) -> None:
    """Add the variants of the nodes in the temporary table `unsettled` to those that are looked at anew."""
    con.execute(
        "insert into touched select distinct variant from matched.record semi join unsettled using (node)"
    )
    _dissolve(con)


def _dissolve(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace temp table dissolved as"
        " select distinct node from matched.record semi join touched using (variant)"
    )


def touched_persons(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """All records of the touched variants, in the order of their ids."""
    return con.sql(
        f"""
        select p.record_id, {", ".join(f"p.{name}" for name in STATED)}
        from staged.person as p
        semi join touched as t on t.variant = {_VARIANT}
        order by p.record_id
        """
    ).to_arrow_table()


def persons_of(con: duckdb.DuckDBPyConnection, nodes: Ints) -> pa.Table:
    """What the first records of nodes state, in the order of the nodes given."""
    with _given(con, "asked", pa.table({"node": nodes, "turn": np.arange(len(nodes))})):
        return con.sql(
            f"""
            select {", ".join(f"p.{name}" for name in STATED)}
            from asked join matched.node as n using (node) join staged.person as p on p.record_id = n.first_record
            order by asked.turn
            """
        ).to_arrow_table()


# --- blocks and crowds -------------------------------------------------------------------------------------------


def remembered_crowd(con: duckdb.DuckDBPyConnection, model: Model) -> Crowded:
    """The values that too many names shared on the last run."""
    return _crowd(con.sql("select place, value from matched.crowd order by all"), model)


def crowd_now(con: duckdb.DuckDBPyConnection, fresh: Nodes, model: Model) -> Crowded:
    """The values that too many names share, with fresh nodes in the place of the dissolved ones."""
    most = pa.table({"place": np.arange(len(model.crowd)), "most": list(model.crowd.values())})
    with _given(con, "fresh_share", share_rows(fresh, model)), _given(con, "allowed", most):
        rows = con.sql(
            """
            with again as (
                select place, value from fresh_share
                union
                select place, value from matched.share semi join dissolved using (node)
            ),
            sharing as (
                select place, value, name
                from matched.share semi join again using (place, value) anti join dissolved using (node)
                union all
                select place, value, name from fresh_share
            ),
            crowded as (
                select place, value from sharing join allowed using (place)
                group by place, value, most having count(distinct name) > most
            )
            select place, value from matched.crowd anti join again using (place, value)
            union all
            select place, value from crowded
            order by all
            """
        )
        return _crowd(rows, model)


def _crowd(rows: duckdb.DuckDBPyRelation, model: Model) -> Crowded:
    found = rows.fetchnumpy()
    return {
        column: np.asarray(found["value"][found["place"] == place], dtype=np.uint64)
        for place, column in enumerate(model.crowd)
    }


def find_neighbours(con: duckdb.DuckDBPyConnection, fresh: BlockRows) -> None:
    """Note who is in the blocks that gain or lose a node, in the temporary table `near`: a block's row each, and
    whether its node is dissolved."""
    # Made with its rows: DuckDB 2.0.0 loses what is appended to an empty temporary table of the same transaction once
    # it is more than a row group (122,880 rows).
    with _given(con, "incoming", _block_table(fresh, fresh.node)):
        con.execute("create or replace temp table fresh_block as from incoming")
    con.execute(
        """
        create or replace temp table near as
        with again as (
            select "key", value from fresh_block
            union
            select "key", value from matched.block semi join dissolved using (node)
        )
        select b.*, d.node is not null as gone
        from matched.block as b semi join again using ("key", value) left join dissolved as d using (node)
        """
    )


def find_unsettled(con: duckdb.DuckDBPyConnection, before: Crowded, now: Crowded, model: Model) -> int:
    """Note the nodes that have to be looked at anew though they did not change, in the temporary table `unsettled`;
    how many there are: the members of a block that crosses its budget, and whoever shares a value that becomes crowded
    or ceases to be so."""
    with _given(con, "flipped", _flipped(before, now, model)):
        con.execute(
            """
            create or replace temp table unsettled as
            with after as (
                select "key", value, asks, true as was, not gone as "is" from near
                union all
                select "key", value, asks, false, true from fresh_block
            ),
            counted as (
                select
                    "key", value, count_if(was) as size_before, count_if(was and not asks) as silent_before,
                    count_if("is") as size_now, count_if("is" and not asks) as silent_now
                from after group by "key", value
            ),
            crossed as (
                select "key", value from counted join matched.key as k using ("key")
                where (matched.pairs_made(size_before, silent_before) > k.budget)
                    <> (matched.pairs_made(size_now, silent_now) > k.budget)
            )
            select distinct node from (
                select node from near semi join crossed using ("key", value) where not gone
                union all
                select node from matched.share semi join flipped using (place, value) anti join dissolved using (node)
            )
            """
        )
    return _count(con, "unsettled")


def _flipped(before: Crowded, now: Crowded, model: Model) -> pa.Table:
    changed = [np.setxor1d(before[column], now[column]) for column in model.crowd]
    return pa.table(
        {
            "place": np.repeat(np.arange(len(changed), dtype=np.int8), [len(values) for values in changed]),
            "value": np.concatenate([np.array([], dtype=np.uint64), *changed]),
        }
    )


def neighbours(con: duckdb.DuckDBPyConnection) -> BlockRows:
    """The rows of nodes that stay in the blocks that fresh nodes are in."""
    found = con.sql(
        """
        select "key", value, node, asks from near semi join fresh_block using ("key", value)
        where not gone order by "key", value, node
        """
    ).fetchnumpy()
    return BlockRows(found["key"], found["value"], found["node"], found["asks"])


# --- writing what was found --------------------------------------------------------------------------------------


def next_node(con: duckdb.DuckDBPyConnection) -> int:
    """The first number that no node bears."""
    return int(con.execute("select coalesce(max(node) + 1, 0) from matched.node").fetchall()[0][0])


def forget_dissolved(con: duckdb.DuckDBPyConnection) -> None:
    """Take out all that is said of dissolved nodes. Leaves `torn` (component), the components that they were in."""
    con.execute(
        "create or replace temp table torn as"
        " select distinct component from matched.node semi join dissolved using (node)"
    )
    con.execute(
        "delete from resolved.record where record_id in"
        " (select record_id from matched.record semi join dissolved using (node))"
    )
    for table in ("record", "node", "block", "share"):
        con.execute(f"delete from matched.{table} where node in (from dissolved)")
    for table in ("candidate", "refused"):
        con.execute(
            f'delete from matched.{table} where "left" in (from dissolved) or "right" in (from dissolved)'
        )


def remember_nodes(
    con: duckdb.DuckDBPyConnection,
    persons: pa.Table,
    fresh: Nodes,
    rows: BlockRows,
    number: Ints,
    model: Model,
) -> None:
    """Add fresh nodes with their records, blocks and shares; `number`: what each is called for good.

    Leaves `fresh_node` (node, first_record, trusted): they are in no component yet.
    """
    _append(con, "matched.block", _block_table(rows, number[rows.node]))
    shares = share_rows(fresh, model)
    _append(con, "matched.share", shares.set_column(3, "node", pa.array(number[shares["node"].to_numpy()])))
    records = persons.column("record_id")
    with _given(con, "placed", pa.table({"record_id": records, "node": number[fresh.record_node]})):
        con.execute(
            "insert into matched.record"
            " select record_id, row_hash, variant, node from seen join placed using (record_id)"
        )
    first = pa.array(fresh.first_record())
    nodes = {"node": number, "first_record": records.take(first), "trusted": pa.array(trusted_numbers(fresh))}
    with _given(con, "incoming", pa.table(nodes)):
        con.execute("create or replace temp table fresh_node as from incoming")


def trusted_numbers(nodes: Nodes) -> list[str | None]:
    """Per node the number that may veto."""
    values = [*nodes["id_number"].values, None]
    codes = np.where(nodes.facts["id_trusted"], nodes["id_number"].codes, -1)
    return [values[code] for code in codes]


def remember_crowd(con: duckdb.DuckDBPyConnection, crowded: Crowded) -> None:
    """Replace the crowded values."""
    con.execute("delete from matched.crowd")
    for place, values in enumerate(crowded.values()):
        _append(
            con, "matched.crowd", pa.table({"place": np.full(len(values), place, np.int8), "value": values})
        )


def remember_pairs(
    con: duckdb.DuckDBPyConnection, left: Ints, right: Ints, pattern: Ints, meaning: pa.Table
) -> None:
    """Add pairs; and what their patterns mean, where a pattern was not met before."""
    _append(con, "matched.candidate", pa.table({"left": left, "right": right, "pattern": pattern}))
    with _given(con, "met", meaning):
        con.execute("create table if not exists matched.pattern as from met limit 0")
        con.execute("insert into matched.pattern select * from met anti join matched.pattern using (code)")


# --- clusters ----------------------------------------------------------------------------------------------------


def verdicts_changed(con: duckdb.DuckDBPyConnection, said: Sequence[Said]) -> int:
    """How many verdicts were said or taken back since clusters were joined; leaves their records in `spoken`."""
    with _given(con, "incoming", _verdict_table(said)):
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
    return _count(con, "spoken")


def _verdict_table(said: Sequence[Said]) -> pa.Table:
    names = ("left", "right", "verdict")
    return pa.table({name: pa.array([one[at] for one in said], pa.string()) for at, name in enumerate(names)})


def find_reach(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """The nodes whose clusters have to be found anew, first records first: node, trusted.

    They are the fresh ones and the whole components that lost a node, that a fresh node is linked to, or of which
    stewards said something new. Leaves them in `reach` (node, first_record, trusted).
    """
    con.execute(
        """
        create or replace temp table reach as
        with linked as (
            select unnest([c."left", c."right"]) as node
            from matched.candidate as c join matched.pattern as p on p.code = c.pattern and p.weight > 0
            where c."left" in (select node from fresh_node) or c."right" in (select node from fresh_node)
        ),
        talked_of as (
            select record_id from spoken
            union all
            select unnest([s."left", s."right"]) from said as s
            where s."left" in (select record_id from matched.record semi join fresh_node using (node))
                or s."right" in (select record_id from matched.record semi join fresh_node using (node))
        ),
        component as (
            from torn
            union
            select component from matched.node semi join linked using (node)
            union
            select component from matched.node semi join (
                select node from matched.record semi join talked_of using (record_id)
            ) using (node)
        )
        select node, first_record, trusted from matched.node semi join component using (component)
        union all
        from fresh_node
        """
    )
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
    with _given(con, "found", pa.table(found)):
        con.execute(
            "insert into matched.node"
            " select node, first_record, trusted, component, cluster from reach join found using (node)"
        )
    refused = {
        "left": pa.array([int(node[one.left]) for one in clusters.refused], pa.int64()),
        "right": pa.array([int(node[one.right]) for one in clusters.refused], pa.int64()),
        "reason": pa.array([reasons[one.reason] for one in clusters.refused], pa.string()),
        "points": pa.array([one.points for one in clusters.refused], pa.float64()),
    }
    _append(con, "matched.refused", pa.table(refused))
    con.execute("create or replace table matched.verdict as from said")


def remember_residents(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Name the clusters within reach after their earliest records (first night, then record id): ids survive merges
    and splits."""
    earliest = con.sql(
        """
        select n.cluster, arg_min(record_id, (p.first_night, record_id)) as record_id
        from matched.node as n semi join reach using (node)
        join matched.record as r using (node) join staged.person as p using (record_id)
        group by n.cluster order by n.cluster
        """
    ).to_arrow_table()
    ids = potential_ids(key, "resident", earliest.column("record_id").to_pylist())
    names = pa.table({"cluster": earliest.column("cluster"), "resident_id": pa.array(ids, pa.string())})
    con.execute(
        "delete from resolved.record where record_id in"
        " (select record_id from matched.record semi join reach using (node))"
    )
    with _given(con, "named", names):
        con.execute(
            """
            insert into resolved.record
            select s.platform, s.source_key, record_id, named.resident_id, null, null, null
            from matched.record as r
            join matched.node as n using (node) join named using (cluster)
            join staged.record as s using (record_id)
            order by record_id
            """
        )


def remember_run(con: duckdb.DuckDBPyConnection, matcher: str, model: Model) -> Counts:
    """Lay out what readers see, and note what matching holds now."""
    for name in ("conflict", "block_cut"):
        con.execute(f"create or replace table matched.{name} as {_select(name)}")
    con.execute(f"create or replace view matched.pair as {_select('pair')}")
    clusters = con.execute("select count(distinct cluster) from matched.node").fetchall()[0][0]
    records, variants, pairs, conflicts = (
        _count(con, f"matched.{table}") for table in ("record", "node", "candidate", "conflict")
    )
    counts = Counts(records, variants, pairs, int(clusters), conflicts)
    con.execute("delete from matched.run")
    con.execute(
        "insert into matched.run values (?, ?, ?, ?, ?, ?, ?)",
        [matcher, model.version, records, variants, pairs, counts.clusters, conflicts],
    )
    return counts


# --- small parts -------------------------------------------------------------------------------------------------


def _select(name: str) -> str:
    return resources.files("dedup").joinpath(f"sql/matched/{name}.sql").read_text(encoding="utf-8")


def _block_table(rows: BlockRows, node: Ints) -> pa.Table:
    return pa.table({"key": rows.key, "value": rows.value, "node": node, "asks": rows.asks})


@contextmanager
def _given(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Rows that a query may read by a name."""
    con.register(name, rows)
    try:
        yield
    finally:
        con.unregister(name)


def _append(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    with _given(con, "incoming", rows):
        con.execute(f"insert into {table} by name from incoming")


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])
