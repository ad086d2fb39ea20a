"""What has changed since the last run, and whom it concerns: the nodes that a night looks at anew.

Belongs here: comparing `staged.person` with what is remembered, and finding who else is touched by the difference.
Lives elsewhere: the tables and writing what was found (`memory.py`), joining clusters again (`reach.py`), the order of
a night's work (`night.py`).

A table is looked through once for each question and by one narrow column (a hash, a node's number, a record's id);
everything else is asked of the rows that were found. That is what keeps the work in proportion to the change.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.blocking import BlockRows, block_table
from dedup.columns import Ints
from dedup.crowding import Crowded, share_rows
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.prepare.resident import STATED
from dedup.statements import taken_apart
from warehouse.store import given, scalar

_READ = f"""
    select *, hash(record_id, first_night, variant) as row_hash
    from (select record_id, first_night, {", ".join(STATED)}, hash({", ".join(STATED)}) as variant from staged.person)
"""
_OLDEST_FIRST = [("record_id", "ascending")]


_APART = """
    with asked as (
        select "left", "right" from {said} where verdict = 'different' and "left" <> "right"
    ),
    stating as (
        select record_id, variant from ({records}) semi join (
            select unnest(["left", "right"]) as record_id from asked
        ) using (record_id)
    )
    select distinct unnest(["left", "right"]) as record_id
    from asked
    join stating as l on l.record_id = "left"
    join stating as r on r.record_id = "right" and r.variant = l.variant
"""


# --- records and nodes -------------------------------------------------------------------------------------------


def find_apart(con: duckdb.DuckDBPyConnection) -> None:
    """Note the records that stewards keep apart from others that state the same, in the temporary table `apart`
    (record_id): these are nodes of their own. In `regrouped`, those that were no such nodes on the last run, and those
    that are none any more: they are looked at as if they stated something else."""
    now = _APART.format(said="said", records=_READ)
    con.execute(f"create or replace temp table apart as {now}")
    before = _APART.format(said="matched.verdict", records="from matched.record")
    con.execute(
        f"""
        create or replace temp table regrouped as
        with before as ({before})
        (from apart except from before) union all (from before except from apart)
        """
    )


def find_changed(con: duckdb.DuckDBPyConnection) -> int:
    """How many records are new, state something else than on the last run, are kept apart or no longer are, or are gone.

    Leaves temporary tables:

        changed     the records that are new, state something else or are regrouped, with what they state
        outdated    record_id, node: what is remembered of those, and of records that are gone
        dissolved   node: those that no record is left of. All that is said of them is forgotten
        joining     record_id, first_night, variant, row_hash, node: changed records that now state what a node stands for
        altered     node: those that only lose or gain a record. What they state, and with it their pairs, stays
    """
    con.execute(
        f"""
        create or replace temp table changed as
        from ({_READ}) anti join (
            select row_hash from matched.record anti join regrouped using (record_id)
        ) using (row_hash)
        """
    )
    known = _find_outdated(con)
    _find_joining(con)
    _alter(con)
    return known


def _find_outdated(con: duckdb.DuckDBPyConnection) -> int:
    """Leave `outdated` and `dissolved`; how many records are changed or gone."""
    con.execute(
        "create or replace temp table outdated as"
        " select record_id, node from matched.record semi join changed using (record_id)"
    )
    ((changed, gone),) = con.execute(
        """
        select
            (select count(*) from changed),
            (select count(*) from matched.record) - (select count(*) from staged.person)
            + (select count(*) from changed) - (select count(*) from outdated)
        """
    ).fetchall()
    if gone:  # looking for them takes a comparison of all ids: only when the numbers say that there are any
        con.execute(
            """
            create or replace temp table outdated as
            from outdated
            union all
            select record_id, node from matched.record anti join staged.person using (record_id)
            """
        )
    con.execute(
        """
        create or replace temp table dissolved as
        select node from matched.record semi join outdated using (node)
        group by node having count(*) = (select count(*) from outdated as o where o.node = record.node)
        """
    )
    return int(changed + gone)


def _find_joining(con: duckdb.DuckDBPyConnection) -> None:
    """Leave `joining`."""
    con.execute(
        """
        create or replace temp table joining as
        select record_id, first_night, variant, row_hash, node
        from changed join (
            select distinct variant, node
            from matched.record semi join changed using (variant) anti join dissolved using (node)
            semi join (select node from matched.node where not weak) using (node)
        ) using (variant)
        anti join apart using (record_id)
        """
    )


def _alter(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace temp table altered as
        (select node from outdated union select node from joining) except from dissolved
        """
    )


def changed_persons(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """The changed records that no node stands for, in the order of their ids, with what they state."""
    return con.sql("from changed anti join joining using (record_id) order by record_id").to_arrow_table()


def all_persons(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same of all records there are, when nothing is remembered; the temporary tables of `find_changed` are left
    empty."""
    persons = con.sql(f"from ({_READ}) order by record_id").to_arrow_table()
    con.execute("create or replace temp table outdated as select record_id, node from matched.record limit 0")
    con.execute("create or replace temp table dissolved as select node from matched.node limit 0")
    con.execute("create or replace temp table joining as from matched.record limit 0")
    _alter(con)
    return persons


def kept_apart(con: duckdb.DuckDBPyConnection, persons: pa.Table) -> Ints:
    """The rows of persons that are in the temporary table `apart`."""
    apart = con.sql("from apart order by record_id").to_arrow_table().column("record_id")
    return np.flatnonzero(pc.is_in(persons.column("record_id"), apart))


def dissolve_unsettled(con: duckdb.DuckDBPyConnection, persons: pa.Table) -> pa.Table:
    """Dissolve the nodes in the temporary table `unsettled` too: the persons given and those nodes' records, in the
    order of their ids."""
    con.execute("create or replace temp table dissolved as from dissolved union from unsettled")
    con.execute(
        """
        create or replace temp table reread as
        from matched.record semi join unsettled using (node) anti join outdated using (record_id)
        """
    )
    again = con.sql(
        "select r.* exclude (node), s.stated from reread as r join matched.statement as s using (node)"
    ).to_arrow_table()
    joined = con.sql(
        "from changed semi join (from joining semi join unsettled using (node)) using (record_id)"
    ).to_arrow_table()
    more = [_with_statements(again).select(persons.column_names), joined.select(persons.column_names)]
    con.execute("create or replace temp table joining as from joining anti join unsettled using (node)")
    _alter(con)
    return pa.concat_tables([persons, *more]).sort_by(_OLDEST_FIRST)


def _with_statements(records: pa.Table) -> pa.Table:
    """Records with what they state in columns instead of as one text."""
    stated = taken_apart(records.column("stated"))
    return pa.table(
        {name: records.column(name) for name in records.column_names}
        | dict(zip(STATED, stated.columns, strict=True))
    ).drop_columns("stated")


def persons_of(con: duckdb.DuckDBPyConnection, nodes: Ints) -> pa.Table:
    """What nodes state, in the order of the nodes given."""
    with given(con, "asked", pa.table({"node": nodes, "turn": np.arange(len(nodes))})):
        found = con.sql(
            "select stated from matched.statement join asked using (node) order by turn"
        ).to_arrow_table()
    return taken_apart(found.column("stated"))


# --- blocks ------------------------------------------------------------------------------------------------------


def look_around(con: duckdb.DuckDBPyConnection) -> None:
    """Begin to look for neighbours: no block was looked up yet.

    Leaves temporary tables: `around` (rows of remembered nodes, dissolved ones among them, in the blocks that were looked
    up) and `sought` (the values of these blocks).
    """
    con.execute("create or replace temp table around as from matched.block limit 0")
    con.execute("create or replace temp table sought as select value from matched.block limit 0")


def find_neighbours(con: duckdb.DuckDBPyConnection, fresh: BlockRows) -> None:
    """Note who is, and was, in the blocks that gain a node, or that are over their budget, in the temporary table `around`;
    and in `fresh_block` the rows of fresh nodes. A block within its budget that only loses nodes makes no new pairs.

    A block is looked up by its value alone: two keys that agree on one by accident are then told apart. All blocks over
    their budget are looked up, for they are few, and asking which of them the dissolved nodes were in would take going
    through `matched.block` once more.
    """
    # Made with its rows: DuckDB 2.0.0 loses what is appended to an empty temporary table of the same transaction once
    # it is more than a row group (122,880 rows).
    with given(con, "incoming", block_table(fresh, fresh.node)):
        con.execute("create or replace temp table fresh_block as from incoming")
    con.execute(
        """
        create or replace temp table wanted as
        from (select value from fresh_block union all select value from matched.cut) anti join sought using (value)
        """
    )
    con.execute(
        """
        create or replace temp table around as
        from around
        union all
        from matched.block semi join wanted using (value) anti join matched.gone using (node)
        """
    )
    con.execute("create or replace temp table sought as from sought union all from wanted")


def neighbours(con: duckdb.DuckDBPyConnection) -> BlockRows:
    """The rows of nodes that stay in the blocks that fresh nodes are in."""
    found = con.sql(
        """
        select "key", value, node, asks
        from around semi join fresh_block using (value) anti join dissolved using (node)
        """
    ).fetchnumpy()
    return BlockRows(found["key"], found["value"], found["node"], found["asks"])


def find_unsettled(con: duckdb.DuckDBPyConnection, before: Crowded, now: Crowded, model: Model) -> int:
    """Note the nodes that have to be looked at anew though they did not change, in the temporary table `unsettled`;
    how many there are: the members of a block that crosses its budget, and whoever shares a value that becomes crowded
    or ceases to be so.

    Leaves `resized` (key, value, before, now): the pairs that each block near a change made and makes, of those that are
    large enough to have a budget.
    """
    con.execute(
        """
        create or replace temp table resized as
        with member as (
            select "key", value, asks, true as was, node not in (from dissolved) as "is" from around
            union all
            select "key", value, asks, false, true from fresh_block
        ),
        large as (
            select value from member group by value
            having matched.pairs_made(count(*), 0) > (select min(budget) from matched.key)
        )
        select
            "key", value,
            matched.pairs_made(count_if(was), count_if(was and not asks)) as before,
            matched.pairs_made(count_if("is"), count_if("is" and not asks)) as now
        from member semi join large using (value) group by "key", value
        """
    )
    with given(con, "flipped", _flipped(before, now, model)):
        con.execute(
            """
            create or replace temp table unsettled as
            with crossed as (
                select "key", value from resized join matched.key as k using ("key")
                where (before > k.budget) <> (now > k.budget)
            )
            select node from around semi join crossed using ("key", value) anti join dissolved using (node)
            union
            select node from matched.share semi join flipped using (place, value) anti join dissolved using (node)
            """
        )
    return int(scalar(con, "select count(*) from unsettled"))


def _flipped(before: Crowded, now: Crowded, model: Model) -> pa.Table:
    changed = [np.setxor1d(before[column], now[column]) for column in model.crowd]
    return pa.table(
        {
            "place": np.repeat(np.arange(len(changed), dtype=np.int8), [len(values) for values in changed]),
            "value": np.concatenate([np.array([], dtype=np.uint64), *changed]),
        }
    )


# --- crowds ------------------------------------------------------------------------------------------------------


def remembered_crowd(con: duckdb.DuckDBPyConnection, model: Model) -> Crowded:
    """The values that too many names shared on the last run."""
    return _crowd(con.sql("select place, value from matched.crowd order by all"), model)


def crowd_now(con: duckdb.DuckDBPyConnection, fresh: Nodes, model: Model) -> Crowded:
    """The values that too many names share, with fresh nodes in the place of the dissolved ones."""
    most = pa.table({"place": np.arange(len(model.crowd)), "most": list(model.crowd.values())})
    with given(con, "fresh_share", share_rows(fresh, model)), given(con, "allowed", most):
        rows = con.sql(
            """
            with again as (
                select value from fresh_share
                union
                select value from matched.share semi join dissolved using (node)
            ),
            sharing as (
                select place, value, name
                from matched.share semi join again using (value) anti join dissolved using (node)
                union all
                select place, value, name from fresh_share
            ),
            crowded as (
                select place, value from sharing join allowed using (place)
                group by place, value, most having count(distinct name) filter (name <> 0) > most
            )
            select place, value from matched.crowd anti join again using (value)
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
