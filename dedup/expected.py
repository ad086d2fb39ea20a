"""What can be expected of a night's matching: estimates over what the warehouse remembers of it.

Belongs here: drawing records for a trial and adding up what was found, in the tables `matched.*`; keeping the answer.
Lives elsewhere: the tables (`memory.py`), thinning (`thinning.py`), estimating (`estimates.py`).

Adding up goes through everything that is matched, however little changed. So an answer is kept with the night it was
drawn on and carried from night to night, with the share of records that have changed since, until that share is more
than the model's `redraw`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from dedup.changes import remembered_crowd
from dedup.columns import Ints
from dedup.estimates import Estimates, Found, estimated, stands_for
from dedup.model import Model
from dedup.prepare.resident import STATED
from dedup.thinning import COPIES, FEWEST, NUMBERS, Case, Drawn, Trial, stated_by, trial
from dedup.variants import each_row

ONE_OF = 50  # records: a small site is asked of fewer of them
BARE = "(p.id_number is null or p.id_quality is null)"  # states no number

_HOLDERS = f"""
    create or replace temp table holder as
    select r.record_id, r.node, n.cluster, n.trusted, {BARE} as bare
    from matched.record as r join matched.node as n using (node) join staged.person as p using (record_id)
"""
_SIZES = """
    create or replace temp table size as
    select node, count(*) as records, bool_or(bare) as bare from holder group by node
"""
_COUNTS = """
    select count(*), count_if(bare), count(trusted) from holder
"""
_TOGETHER = """
    with people as (select count_if(not bare) as holding, count_if(bare) as without from holder group by cluster)
    select
        coalesce(sum(holding * (holding - 1) / 2), 0), coalesce(sum(holding * without), 0),
        coalesce(sum(without * (without - 1) / 2), 0)
    from people
"""
_LINKED = """
    select
        coalesce(sum(l.records * r.records), 0),
        coalesce(sum(l.records * r.records * (1 - p.probability)) filter (not l.bare and not r.bare), 0)
    from matched.candidate as c
    join matched.pattern as p on p.code = c.pattern and p.band = 'link'
    join size as l on l.node = c."left"
    join size as r on r.node = c."right"
"""
_SHARED = """
    select record_id from holder where trusted is not null
    qualify count(*) over (partition by cluster, trusted) > 1 order by hash(record_id), record_id limit ?
"""
_LIKE = "select record_id from holder where bare order by hash(record_id), record_id limit ?"
_CONFLICT = """
    create or replace temp table stranger as
    select
        l.first_record as one, r.first_record as other, a.records * b.records as pairs
    from matched.candidate as c
    join matched.pattern as p on p.code = c.pattern and p.{number} = 'conflict'
    join matched.node as l on l.node = c."left"
    join matched.node as r on r.node = c."right"
    join size as a on a.node = l.node
    join size as b on b.node = r.node
"""
_STRANGERS = """
    select least(one, other), greatest(one, other) from stranger order by hash(least(one, other)), 1, 2 limit ?
"""


def remember_expected(
    con: duckdb.DuckDBPyConnection, model: Model, changed: float, night: date | None
) -> Estimates:
    """What to expect of what is matched now: what was drawn before, unless more has changed since than the model allows.

    `changed`: the share of records that are new tonight, state something else or are gone, or of which stewards said
    something new. `night`: tonight.
    """
    last = last_expected(con)
    if last is not None and last.changed + changed <= model.redraw:
        found = replace(last, changed=last.changed + changed)
    else:
        found = replace(_drawn_anew(con, model), drawn=night)
    con.execute("delete from matched.estimate")
    con.execute("insert into matched.estimate values (?, ?, ?, ?, ?, ?, ?, ?)", list(astuple(found)))
    return found


def last_expected(con: duckdb.DuckDBPyConnection) -> Estimates | None:
    """What was kept; None before the first night."""
    rows = con.execute("from matched.estimate").fetchall()
    return Estimates(*rows[0]) if rows else None


def _drawn_anew(con: duckdb.DuckDBPyConnection, model: Model) -> Estimates:
    con.execute(_HOLDERS)
    con.execute(_SIZES)
    (sums,), (links,) = (con.execute(query).fetchall() for query in (_TOGETHER, _LINKED))
    return estimated(_trial(con, model), Found(*map(float, (*sums, *links))), model.link)


def _trial(con: duckdb.DuckDBPyConnection, model: Model) -> Trial | None:
    number = next((one for one in model.comparisons if one.compares == NUMBERS), None)
    ((records, bare, holders),) = con.execute(_COUNTS).fetchall()
    copies = min(COPIES, max(records // ONE_OF, FEWEST))
    shared, like = (_names(con, query, copies) for query in (_SHARED, _LIKE))
    if number is None or len(shared) < FEWEST or not like:
        return None
    con.execute(_CONFLICT.format(number=number.name))
    pairs = con.execute(_STRANGERS, [copies]).fetchall()
    ((weight,),) = con.execute("select coalesce(sum(pairs), 0) from stranger").fetchall()
    asked = {record for names in (shared, like, *pairs) for record in names}
    persons = _persons(con, shared, sorted(asked))
    row = {record: place for place, record in enumerate(persons.column("record_id").to_pylist())}

    def rows(names: Sequence[str]) -> Ints:
        return np.array([row[name] for name in names], dtype=np.int64)

    case = Case(
        each_row(persons, model, remembered_crowd(con, model)),
        persons.column("cluster").to_numpy(),
        stated_by(persons, np.arange(persons.num_rows)),
    )
    drawn = Drawn(
        copied=rows(shared),
        like=np.resize(rows(like), len(shared)),
        one=rows([one for one, _ in pairs]),
        other=rows([other for _, other in pairs]),
        stranger_pairs=stands_for(float(weight), len(pairs), bare, float(holders), records),
    )
    return trial(case, drawn, model)


def _names(con: duckdb.DuckDBPyConnection, query: str, most: int) -> list[str]:
    return [name for (name,) in con.execute(query, [most]).fetchall()]


def _persons(con: duckdb.DuckDBPyConnection, shared: list[str], asked: list[str]) -> pa.Table:
    """The records asked for and all of the clusters of those that share a number, by record id, with their clusters."""
    con.register("asked", pa.table({"record_id": asked}))
    con.register("shared", pa.table({"record_id": shared}))
    persons = con.sql(
        f"""
        select p.record_id, h.cluster, {", ".join(f"p.{name}" for name in STATED)}
        from staged.person as p join holder as h using (record_id)
        where p.record_id in (select record_id from asked)
            or h.cluster in (select cluster from holder semi join shared using (record_id))
        order by p.record_id
        """
    ).to_arrow_table()
    con.unregister("asked")
    con.unregister("shared")
    return persons
