"""What matching remembers from one night to the next, so that a night only looks at what changed.

Belongs here: the tables `matched.*`, and writing down nodes, blocks, pairs and what readers see of them.
Lives elsewhere: what has changed since (`changes.py`), clusters and residents (`reach.py`), what can be expected of it
all (`expected.py`), matching itself (`match.py` and its steps), the order of a night's work (`night.py`).

    matched.record     record_id, first_night, variant (hash of what it states), row_hash (of all that matching reads), node
    matched.node       node, first_record (orders nodes), trusted (its number that may veto), weak (stands for one record
                       only, whoever states the same: it says too little, or a steward keeps it apart), component, cluster
    matched.statement  node, stated: what it states, as one text (`statements.py`)
    matched.block      key (its place in the model), value (hash of what the members agree on), node, asks
    matched.gone       node: those that are no more, whose rows in matched.block still stand
    matched.cut        key, value, pairs: the blocks over their budget, and the pairs that they would have made
    matched.share      place (in the model's [crowd]), value, name (hashes), node; matched.crowd: place, value
    matched.candidate  left, right (nodes), pattern; matched.pattern: what a pattern of levels says
    matched.refused    left, right (nodes), reason, points
    matched.verdict    left, right (records), verdict: what stewards said when clusters were last joined
    matched.one_person low, high (ID numbers): those that were declared to be one person's then
    matched.pair, matched.conflict, matched.block_cut: the same for readers, by record id (`sql/matched/`)

A node here has a number for good; which of two comes first is decided by their first records, never by the number, so
that a warehouse made in one night and one made in ten hold the same clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from dedup.blocking import BlockRows, Cuts, block_table
from dedup.columns import Ints
from dedup.crowding import Crowded, share_rows
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.statements import written
from dedup.variants import weak
from warehouse.store import append, given, scalar

_TABLES = (
    "record",
    "node",
    "statement",
    "key",
    "block",
    "gone",
    "cut",
    "share",
    "crowd",
    "candidate",
    "refused",
    "verdict",
    "one_person",
    "conflict",
    "estimate",
    "run",
)
MOST_GONE = 0.1  # of all nodes
_OF_RECORDS = ("record_id", "first_night", "variant", "row_hash")


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
    append(con, "matched.key", pa.table(keys))


def next_node(con: duckdb.DuckDBPyConnection) -> int:
    """The first number that no node bears, nor one whose rows still stand."""
    known = "(select node from matched.node union all from matched.gone)"
    return int(scalar(con, f"select coalesce(max(node) + 1, 0) from {known}"))


def forget_outdated(con: duckdb.DuckDBPyConnection) -> None:
    """Take out outdated records, and all that is said of dissolved nodes.

    Leaves `torn` (component), the components of dissolved and altered nodes, and `left_behind` (record_id), the records
    that were taken out.
    """
    con.execute(
        """
        create or replace temp table torn as
        select distinct component
        from matched.node semi join (from dissolved union all from altered) using (node)
        """
    )
    con.execute(
        """
        create or replace temp table left_behind as
        select record_id from outdated
        union
        select record_id from matched.record semi join dissolved using (node)
        """
    )
    con.execute(
        """
        delete from matched.record
        where node in (from dissolved union all from altered) and record_id in (from left_behind)
        """
    )
    _forget_blocks(con)
    for table in ("node", "statement", "share"):
        con.execute(f"delete from matched.{table} where node in (from dissolved)")
    for table in ("candidate", "refused"):
        con.execute(
            f'delete from matched.{table} where "left" in (from dissolved) or "right" in (from dissolved)'
        )


def _forget_blocks(con: duckdb.DuckDBPyConnection) -> None:
    """Dissolved nodes are in no block any more. Their rows are taken out all together once they are a share worth going
    through the whole table for; until then whoever looks into a block passes over them."""
    con.execute("insert into matched.gone from dissolved")
    gone, nodes = (int(scalar(con, f"select count(*) from matched.{table}")) for table in ("gone", "node"))
    if gone > MOST_GONE * nodes:
        con.execute("delete from matched.block where node in (from matched.gone)")
        con.execute("delete from matched.gone")


def remember_nodes(
    con: duckdb.DuckDBPyConnection,
    persons: pa.Table,
    fresh: Nodes,
    rows: BlockRows,
    number: Ints,
    model: Model,
) -> None:
    """Add fresh nodes with what they state, their records, blocks and shares, and records to altered nodes; `number`: what each fresh node
    is called for good.

    Leaves `fresh_node` (node, first_record, trusted, weak): they are in no component yet.
    """
    append(con, "matched.block", block_table(rows, number[rows.node]))
    shares = share_rows(fresh, model)
    append(con, "matched.share", shares.set_column(3, "node", pa.array(number[shares["node"].to_numpy()])))
    placed = persons.select(_OF_RECORDS).append_column("node", pa.array(number[fresh.record_node]))
    append(con, "matched.record", placed)
    con.execute("insert into matched.record by name from joining")
    first = persons.take(pa.array(fresh.first_record()))
    append(con, "matched.statement", pa.table({"node": number, "stated": written(first)}))
    nodes = {
        "node": number,
        "first_record": first.column("record_id"),
        "trusted": pa.array(trusted_numbers(fresh), pa.string()),
        "weak": weak(fresh, model),
    }
    with given(con, "incoming", pa.table(nodes)):
        con.execute("create or replace temp table fresh_node as from incoming")


def trusted_numbers(nodes: Nodes) -> list[str | None]:
    """Per node the number that may veto."""
    values = [*nodes["id_number"].values.strings, None]
    codes = np.where(nodes.facts["id_trusted"], nodes["id_number"].codes, -1)
    return [values[code] for code in codes]


def remember_crowd(con: duckdb.DuckDBPyConnection, crowded: Crowded) -> None:
    """Replace the crowded values."""
    con.execute("delete from matched.crowd")
    for place, values in enumerate(crowded.values()):
        append(
            con, "matched.crowd", pa.table({"place": np.full(len(values), place, np.int8), "value": values})
        )


def remember_pairs(
    con: duckdb.DuckDBPyConnection, left: Ints, right: Ints, pattern: Ints, meaning: pa.Table
) -> None:
    """Add pairs; and what their patterns mean, where a pattern was not met before."""
    append(con, "matched.candidate", pa.table({"left": left, "right": right, "pattern": pattern}))
    with given(con, "met", meaning):
        con.execute("create table if not exists matched.pattern as from met limit 0")
        con.execute("insert into matched.pattern select * from met anti join matched.pattern using (code)")


def remember_cuts(con: duckdb.DuckDBPyConnection, first: Cuts | None) -> None:
    """Bring the blocks over their budget up to what `resized` says; `first`: those of a run over everything."""
    if first is not None:
        append(con, "matched.cut", pa.table({"key": first.key, "value": first.value, "pairs": first.pairs}))
        return
    con.execute('delete from matched.cut where ("key", value) in (select "key", value from resized)')
    con.execute(
        'insert into matched.cut select "key", value, now from resized join matched.key as k using ("key")'
        " where now > k.budget"
    )


def remember_run(con: duckdb.DuckDBPyConnection, matcher: str, model: Model) -> Counts:
    """Lay out what readers see, and note what matching holds now. What waits for a person is laid out anew where the
    records in `resettled` are concerned."""
    con.execute(
        'delete from matched.conflict where "left" in (from resettled) or "right" in (from resettled)'
    )
    con.execute(f"insert into matched.conflict {_select('conflict')}")
    con.execute(f"create or replace table matched.block_cut as {_select('block_cut')}")
    con.execute(f"create or replace view matched.pair as {_select('pair')}")
    (counted,) = con.execute(
        """
        select
            (select count(*) from matched.record), (select count(*) from matched.node),
            (select count(*) from matched.candidate),
            (select count(*) from matched.node where node = cluster), -- a cluster bears the number of one of its nodes
            (select count(*) from matched.conflict)
        """
    ).fetchall()
    con.execute("delete from matched.run")
    con.execute("insert into matched.run values (?, ?, ?, ?, ?, ?, ?)", [matcher, model.version, *counted])
    return Counts(*counted)


def _select(name: str) -> str:
    return resources.files("dedup").joinpath(f"sql/matched/{name}.sql").read_text(encoding="utf-8")
