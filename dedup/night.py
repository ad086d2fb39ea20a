"""Matching as a step of the night: from `staged.person` to `matched.*` and `resolved.record`, work in proportion to
change.

Belongs here: the order of the work. Lives elsewhere: what has changed (`changes.py`), what is within reach of a change
(`reach.py`), what is remembered (`memory.py`) and expected (`expected.py`), each step of matching (`variants.py`,
`blocking.py`, `score.py`, `cluster.py`), households and dwellings (`households.py`).

A record that states something new becomes a fresh node, or joins the node that already stands for what it states; a
node that no record is left of is dissolved. Fresh nodes are paired with each other and with those who stay in their
blocks, and only clusters within reach of a change are joined anew. A first night, or one with another model or
software, is the same with everything fresh. What comes out is what a matching of everything at once would find
(`tests/dedup/test_increment.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from dedup import changes, memory, reach
from dedup.blocking import BlockRows, Cuts, block_rows, pairs_of_rows
from dedup.cluster import Evidence, cluster
from dedup.columns import Ints, distinct
from dedup.crowding import Crowded, crowded_values
from dedup.estimates import Estimates
from dedup.expected import last_expected, remember_expected
from dedup.model import Model, built_in
from dedup.nodes import Nodes
from dedup.score import score_pairs, weights
from dedup.stopwatch import Stopwatch
from dedup.tables import REFUSED_ZH, meaning
from dedup.variants import collapse, each_row
from warehouse.store import transaction


class Verdict(Protocol):
    """One standing word of a steward on two records."""

    @property
    def left(self) -> str: ...
    @property
    def right(self) -> str: ...
    @property
    def verdict(self) -> str: ...


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """What matching holds after the step, and what the step did. `fresh`: nodes that were looked at; `skipped`: nothing
    that matching reads had changed since the last run. `clock`: what each part of the step took."""

    records: int
    variants: int
    pairs: int
    clusters: int
    conflicts: int
    fresh: int
    skipped: bool
    estimates: Estimates | None = None
    clock: Stopwatch = field(default_factory=Stopwatch)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The nodes that are looked at anew, the records they are made of, the blocks they are in, and who else is there;
    whether that is everything there is."""

    persons: pa.Table
    nodes: Nodes
    rows: BlockRows
    crowded: Crowded
    neighbours: BlockRows
    everything: bool


def match_night(
    con: duckdb.DuckDBPyConnection,
    *,
    key: bytes,
    verdicts: Iterable[Verdict] = (),
    one_person: Iterable[tuple[str, str]] = (),
    model: Model | None = None,
    software: str = "",
    night: date | None = None,
) -> MatchSummary:
    """Bring matching up to the person records of the warehouse, all of it or, when killed, nothing.

    `one_person`: pairs of ID numbers that were declared to be one person's. `software`: a digest of the program that
    matches. `night`: tonight, to say when an estimate was drawn.
    """
    model = model or built_in("resident")
    said = sorted({(v.left, v.right, v.verdict) for v in verdicts if v.verdict in ("same", "different")})
    matcher = memory.matcher_of(model, software)
    clock = Stopwatch()
    with transaction(con):  # what is remembered is never half of a night
        before = memory.last_run(con, matcher)
        if before is None:
            memory.forget(con, model)
        with clock("changes"):
            spoken = reach.words_changed(con, said, sorted({(min(pair), max(pair)) for pair in one_person}))
            changes.find_apart(con)
            changed = changes.find_changed(con) if before else None
        if before and not changed and not spoken:
            return _summary(before, 0, last_expected(con), clock, skipped=True)
        fresh = _everything(con, model, clock) if before is None else _fresh(con, model, clock)
        linked = _look_at(con, fresh, model, clock)
        with clock("cluster"):
            _join_anew(con, linked)
        with clock("name"):
            reach.remember_residents(con, key)
        with clock("tell"):
            counts = memory.remember_run(con, matcher, model)
        with clock("expect"):
            expected = remember_expected(
                con, model, ((changed or 0) + spoken) / max(counts.records, 1), night
            )
    return _summary(counts, len(fresh.nodes), expected, clock, skipped=False)


def _summary(
    counts: memory.Counts,
    fresh: int,
    expected: Estimates | None,
    clock: Stopwatch,
    *,
    skipped: bool,
) -> MatchSummary:
    return MatchSummary(
        counts.records,
        counts.variants,
        counts.pairs,
        counts.clusters,
        counts.conflicts,
        fresh,
        skipped,
        expected,
        clock,
    )


def _everything(con: duckdb.DuckDBPyConnection, model: Model, clock: Stopwatch) -> Fresh:
    """All nodes there are."""
    with clock("normalise"):
        persons = changes.all_persons(con)
        nodes = collapse(persons, model, alone=changes.kept_apart(con, persons))
        crowded = crowded_values(nodes, model)
    with clock("block"):
        changes.look_around(con)
        rows = block_rows(nodes, model)
    return Fresh(persons, nodes, rows, crowded, rows.where(np.arange(0)), True)


def _fresh(con: duckdb.DuckDBPyConnection, model: Model, clock: Stopwatch) -> Fresh:
    """The nodes of what changed. A value that becomes crowded, or a block that crosses its budget, unsettles more, until
    nothing does."""
    crowded = changes.remembered_crowd(con, model)
    persons = changes.changed_persons(con)
    changes.look_around(con)
    while True:
        with clock("normalise"):
            nodes = collapse(persons, model, crowded, changes.kept_apart(con, persons))
            now = changes.crowd_now(con, nodes, model)
        with clock("block"):
            rows = block_rows(nodes, model)
            changes.find_neighbours(con, rows)
            unsettled = changes.find_unsettled(con, crowded, now, model)
            if not unsettled and _alike(crowded, now):
                return Fresh(persons, nodes, rows, crowded, changes.neighbours(con), False)
        with clock("normalise"):
            crowded = now
            persons = changes.dissolve_unsettled(con, persons)


def _alike(one: Crowded, other: Crowded) -> bool:
    return all(np.array_equal(one[column], other[column]) for column in one)


def _look_at(
    con: duckdb.DuckDBPyConnection,
    fresh: Fresh,
    model: Model,
    clock: Stopwatch,
) -> Ints:
    """Pair the fresh nodes with each other and with their neighbours, and remember them instead of the dissolved.

    Returns the numbers of the old nodes that a fresh one is linked to.
    """
    with clock("block"):
        left, right, old, cuts = _pairs(fresh, model)
    with clock("score"):
        nodes = _beside_each_other(con, fresh, old, model) if len(old) else fresh.nodes
        scored = score_pairs(nodes, left, right, model)
    with clock("remember"):
        start = memory.next_node(con)
        number = np.arange(start, start + len(fresh.nodes))
        memory.forget_outdated(con)
        memory.remember_nodes(con, fresh.persons, fresh.nodes, fresh.rows, number, model)
        memory.remember_crowd(con, fresh.crowded)
        numbers = np.concatenate([number, old])
        memory.remember_pairs(
            con, numbers[left], numbers[right], scored.code[scored.pattern], meaning(scored, model)
        )
        memory.remember_cuts(con, cuts if fresh.everything else None)
    linked = right[(right >= len(fresh.nodes)) & (weights(scored, model) > 0)[scored.pattern]]
    return numbers[distinct(linked)]


def _pairs(fresh: Fresh, model: Model) -> tuple[Ints, Ints, Ints, Cuts]:
    """Pairs that involve a fresh node, by place: the fresh nodes first, then those old ones, also given, that they meet.
    And what was cut."""
    count = len(fresh.nodes)
    place, known = pd.factorize(fresh.neighbours.node)
    rows = fresh.rows.and_also(fresh.neighbours, node=count + place)
    found = pairs_of_rows(rows, count + len(known), model)
    some = found.left < count  # left is the smaller of the two
    left, right = found.left[some], found.right[some]
    met = np.zeros(count + len(known), dtype=np.bool_)
    met[:count] = met[right] = True
    place = np.cumsum(met) - 1
    return place[left], place[right], np.asarray(known)[met[count:]], found.cuts


def _beside_each_other(con: duckdb.DuckDBPyConnection, fresh: Fresh, old: Ints, model: Model) -> Nodes:
    """The fresh nodes and some old ones as one set of nodes, a row of stated values each."""
    stated = changes.persons_of(con, old)
    own = fresh.persons.select(stated.column_names).take(pa.array(fresh.nodes.first_record()))
    return each_row(pa.concat_tables([own, stated]), model, fresh.crowded)


def _join_anew(con: duckdb.DuckDBPyConnection, linked: Ints) -> None:
    """Join the clusters within reach of what changed."""
    reached = reach.find_reach(con, linked)
    node = reached.column("node").to_numpy()
    found = reach.evidence_in_reach(con)
    place = pd.Series(np.arange(len(node)), index=node)

    def places(nodes: Ints) -> Ints:
        return np.asarray(place.reindex(nodes).to_numpy(), dtype=np.int64)

    def pairs(verdict: str) -> list[tuple[int, int]]:
        return [(int(place[a]), int(place[b])) for a, b in reach.verdicts_in_reach(con, verdict)]

    number = reached.column("trusted").combine_chunks().dictionary_encode()
    code = {value: at for at, value in enumerate(number.dictionary.to_pylist())}
    declared = con.execute("from declared order by all").fetchall()
    clusters = cluster(
        len(node),
        Evidence(places(found.left), places(found.right), found.weight),
        number.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64),
        pairs("same"),
        pairs("different"),
        [(code[low], code[high]) for low, high in declared if low in code and high in code],
    )
    reach.remember_clusters(con, node, clusters, REFUSED_ZH)
