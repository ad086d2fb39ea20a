"""Matching as a step of the night: from `staged.person` to `matched.*` and `resolved.record`, work in proportion to
change.

Belongs here: the order of the work. Lives elsewhere: what is remembered and what has changed (`memory.py`), each step
of matching (`variants.py`, `blocking.py`, `score.py`, `cluster.py`), households and dwellings (`households.py`).

A variant that some record took on or gave up is dissolved: its records become fresh nodes, which are paired with each
other and with those who stay in their blocks, and only clusters within reach of a change are joined anew. A first
night, or one with another model or software, is the same with everything fresh. What comes out is what a matching of
everything at once would find (`tests/dedup/test_increment.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from dedup import memory
from dedup.blocking import BlockRows, block_rows, pairs_of_rows
from dedup.cluster import Evidence, cluster
from dedup.columns import Ints
from dedup.crowding import Crowded, crowded_values
from dedup.estimates import Estimates
from dedup.expected import last_expected, remember_expected
from dedup.match import timed
from dedup.model import Model, built_in
from dedup.nodes import Nodes
from dedup.score import score_pairs
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
    that matching reads had changed since the last run."""

    records: int
    variants: int
    pairs: int
    clusters: int
    conflicts: int
    fresh: int
    skipped: bool
    seconds: Mapping[str, float] = field(default_factory=dict)
    estimates: Estimates | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """The nodes that are looked at anew, the records they are made of, the blocks they are in, and who else is there."""

    persons: pa.Table
    nodes: Nodes
    rows: BlockRows
    crowded: Crowded
    neighbours: BlockRows


def match_night(
    con: duckdb.DuckDBPyConnection,
    *,
    key: bytes,
    verdicts: Iterable[Verdict] = (),
    model: Model | None = None,
    software: str = "",
) -> MatchSummary:
    """Bring matching up to the person records of the warehouse, all of it or, when killed, nothing.

    `software`: a digest of the program that matches.
    """
    model = model or built_in("resident")
    said = sorted({(v.left, v.right, v.verdict) for v in verdicts if v.verdict in ("same", "different")})
    matcher = memory.matcher_of(model, software)
    seconds: dict[str, float] = {}
    with transaction(con):  # what is remembered is never half of a night
        before = memory.last_run(con, matcher)
        if before is None:
            memory.forget(con, model)
        with timed(seconds, {}, "changes"):
            touched = memory.find_touched(con)
            spoken = memory.verdicts_changed(con, said)
        if before is not None and not touched and not spoken:
            return _summary(before, 0, last_expected(con), skipped=True, seconds=seconds)
        with timed(seconds, {}, "normalise"):
            fresh = _fresh(con, model, everything=before is None)
        _look_at(con, fresh, model, seconds)
        with timed(seconds, {}, "cluster"):
            _join_anew(con, key)
        counts = memory.remember_run(con, matcher, model)
        with timed(seconds, {}, "expect"):
            expected = remember_expected(con, model)
    return _summary(counts, len(fresh.nodes), expected, skipped=False, seconds=seconds)


def _summary(
    counts: memory.Counts,
    fresh: int,
    expected: Estimates | None,
    *,
    skipped: bool,
    seconds: Mapping[str, float],
) -> MatchSummary:
    return MatchSummary(
        counts.records,
        counts.variants,
        counts.pairs,
        counts.clusters,
        counts.conflicts,
        fresh,
        skipped,
        seconds,
        expected,
    )


def _fresh(con: duckdb.DuckDBPyConnection, model: Model, *, everything: bool) -> Fresh:
    """The nodes of all touched variants. A value that becomes crowded, or a block that crosses its budget, touches
    more, until nothing does."""
    crowded = None if everything else memory.remembered_crowd(con, model)
    while True:
        persons = memory.touched_persons(con)
        nodes = collapse(persons, model, crowded)
        rows = block_rows(nodes, model)
        if crowded is None:
            return Fresh(persons, nodes, rows, crowded_values(nodes, model), rows.where(np.arange(0)))
        memory.find_neighbours(con, rows)
        now = memory.crowd_now(con, nodes, model)
        if not memory.find_unsettled(con, crowded, now, model) and _alike(crowded, now):
            return Fresh(persons, nodes, rows, crowded, memory.neighbours(con))
        crowded = now
        memory.touch(con)


def _alike(one: Crowded, other: Crowded) -> bool:
    return all(np.array_equal(one[column], other[column]) for column in one)


def _look_at(con: duckdb.DuckDBPyConnection, fresh: Fresh, model: Model, seconds: dict[str, float]) -> None:
    """Pair the fresh nodes with each other and with their neighbours, and remember them instead of the dissolved."""
    with timed(seconds, {}, "block"):
        left, right, old = _pairs(fresh, model)
    with timed(seconds, {}, "score"):
        nodes = _beside_each_other(con, fresh, old, model) if len(old) else fresh.nodes
        scored = score_pairs(nodes, left, right, model)
    with timed(seconds, {}, "remember"):
        start = memory.next_node(con)
        number = np.arange(start, start + len(fresh.nodes))
        memory.forget_dissolved(con)
        memory.remember_nodes(con, fresh.persons, fresh.nodes, fresh.rows, number, model)
        memory.remember_crowd(con, fresh.crowded)
        numbers = np.concatenate([number, old])
        memory.remember_pairs(
            con, numbers[left], numbers[right], scored.code[scored.pattern], meaning(scored, model)
        )


def _pairs(fresh: Fresh, model: Model) -> tuple[Ints, Ints, Ints]:
    """Pairs that involve a fresh node, by place: the fresh nodes first, then those old ones, also given, that they meet."""
    count = len(fresh.nodes)
    place, known = pd.factorize(fresh.neighbours.node)
    rows = fresh.rows.and_also(fresh.neighbours, node=count + place)
    found = pairs_of_rows(rows, count + len(known), model)
    some = found.left < count  # left is the smaller of the two
    left, right = found.left[some], found.right[some]
    met = np.unique(np.concatenate([left, right]))
    met = met[met >= count]
    again = np.concatenate([np.arange(count), np.zeros(len(known), dtype=np.int64)])
    again[met] = count + np.arange(len(met))
    return again[left], again[right], np.asarray(known)[met - count]


def _beside_each_other(con: duckdb.DuckDBPyConnection, fresh: Fresh, old: Ints, model: Model) -> Nodes:
    """The fresh nodes and some old ones as one set of nodes, a row of stated values each."""
    stated = memory.persons_of(con, old)
    own = fresh.persons.select(stated.column_names).take(pa.array(fresh.nodes.first_record()))
    return each_row(pa.concat_tables([own, stated]), model, fresh.crowded)


def _join_anew(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Join the clusters within reach of what changed, and name them."""
    reach = memory.find_reach(con)
    node = reach.column("node").to_numpy()
    found = memory.evidence_in_reach(con)
    place = pd.Series(np.arange(len(node)), index=node)

    def places(nodes: Ints) -> Ints:
        return np.asarray(place.reindex(nodes).to_numpy(), dtype=np.int64)

    def pairs(verdict: str) -> list[tuple[int, int]]:
        return [(int(place[a]), int(place[b])) for a, b in memory.verdicts_in_reach(con, verdict)]

    number = reach.column("trusted").combine_chunks().dictionary_encode().indices
    clusters = cluster(
        len(node),
        Evidence(places(found.left), places(found.right), found.weight),
        number.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64),
        pairs("same"),
        pairs("different"),
    )
    memory.remember_clusters(con, node, clusters, REFUSED_ZH)
    memory.remember_residents(con, key)
