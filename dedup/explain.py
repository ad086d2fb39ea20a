"""Why two records are, or are not, one person; and how a resident came together.

Belongs here: reading the reasons that a night left in `matched.*`, and scoring a pair that never met.
Lives elsewhere: making them (`match.py`, `tables.py`), putting them on a screen (`pipelines/commands`).

Nothing here quotes a value of a record: reasons are words and points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from dedup.model import Model, built_in
from dedup.prepare.resident import STATED
from dedup.score import Band, probability, score_pairs
from dedup.tables import in_words
from dedup.variants import collapse


class UnknownId(ValueError):
    """No record or resident of that id in this warehouse."""


@dataclass(frozen=True, slots=True)
class Why:
    """Two records side by side: what speaks for and against their being one person.

    `met`: some blocking key brought them together that night; if not, they were scored now, for this answer.
    """

    left: str
    right: str
    same_resident: bool
    met: bool
    band: str
    points: float
    probability: float
    cap: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a resident's cluster."""

    left: str
    right: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class How:
    """How a resident came together: records that stated the same, and the links, strongest first, that join the rest."""

    resident_id: str
    records: Sequence[Mapping[str, str]]
    alike: Sequence[Sequence[str]]
    steps: Sequence[Step]


def why(con: duckdb.DuckDBPyConnection, left: str, right: str, model: Model | None = None) -> Why:
    """What the matching says of two records.

    Raises:
        UnknownId: there is no such record.
    """
    model = model or built_in("resident")
    known = dict(
        con.execute(
            "select record_id, resident_id from resolved.record where record_id in (?, ?)", [left, right]
        ).fetchall()
    )
    for record in (left, right):
        if record not in known:
            raise UnknownId(
                f"没有编号为 {record} 的记录。编号见 snapshots/current.duckdb 的 resolved.record 表"
            )
    same = known[left] == known[right]
    found = con.execute(
        """
        select p.band, p.points, p.probability, p.cap, p.reason
        from matched.record as a, matched.record as b, matched.candidate as c
        join matched.pattern as p on p.code = c.pattern
        where a.record_id = ? and b.record_id = ?
            and ((c."left" = a.node and c."right" = b.node) or (c."left" = b.node and c."right" = a.node))
        """,
        [left, right],
    ).fetchall()
    if found:
        band, points, chance, cap, reason = found[0]
        return Why(left, right, same, True, band, points, chance, cap, reason)
    return _scored_now(con, left, right, same, model)


def _scored_now(con: duckdb.DuckDBPyConnection, left: str, right: str, same: bool, model: Model) -> Why:
    persons = con.sql(
        f"select {', '.join(STATED)} from staged.person where record_id in ('{_plain(left)}', '{_plain(right)}')"
    ).to_arrow_table()
    nodes = collapse(persons, model)
    pair = (np.array([nodes.record_node[0]]), np.array([nodes.record_node[-1]]))
    found = score_pairs(nodes, *pair, model)
    cap = model.caps[found.cap[0] - 1].zh if found.cap[0] else ""
    words = in_words([int(found.levels[one.name][0]) for one in model.comparisons], model)
    return Why(
        left,
        right,
        same,
        bool(len(nodes) == 1),
        Band(int(found.band[0])).name.lower(),
        float(found.points[0]),
        float(probability(found.points)[0]),
        cap,
        words,
    )


def _plain(record: str) -> str:
    return "".join(c for c in record if c.isalnum())


def how(con: duckdb.DuckDBPyConnection, resident: str) -> How:
    """How a resident's records came together.

    Raises:
        UnknownId: no record belongs to such a resident today.
    """
    records = con.execute(
        """
        select r.record_id, r.platform, n.node
        from resolved.record as r
        join matched.record as n using (record_id)
        join matched.node as first using (node)
        where r.resident_id = ?
        order by first.first_record, r.record_id
        """,
        [resident],
    ).fetchall()
    if not records:
        raise UnknownId(
            f"没有编号为 {resident} 的居民。编号见 snapshots/current.duckdb 的 golden.resident 表"
        )
    nodes: dict[int, list[str]] = {}
    for record, _, node in records:
        nodes.setdefault(node, []).append(record)
    links = con.execute(
        """
        select
            l.node, r.node, least(l.first_record, r.first_record) as "left",
            greatest(l.first_record, r.first_record) as "right", p.points, p.reason
        from matched.candidate as c
        join matched.pattern as p on p.code = c.pattern and p.band = 'link'
        join matched.node as l on l.node = c."left"
        join matched.node as r on r.node = c."right"
        where list_contains(?::bigint[], l.node) and list_contains(?::bigint[], r.node)
        order by p.points desc, "left", "right"
        """,
        [list(nodes), list(nodes)],
    ).fetchall()
    return How(
        resident,
        [{"record_id": record, "platform": platform} for record, platform, _ in records],
        [members for members in nodes.values() if len(members) > 1],
        _tree(links),
    )


def _tree(links: Sequence[tuple[int, int, str, str, float, str]]) -> list[Step]:
    """The strongest links that are enough to hold the cluster together."""
    leader: dict[int, int] = {}

    def find(node: int) -> int:
        while leader.get(node, node) != node:
            node = leader[node]
        return node

    steps = []
    for a, b, left, right, points, reason in links:
        one, other = find(a), find(b)
        if one != other:
            leader[max(one, other)] = min(one, other)
            steps.append(Step(left, right, points, reason))
    return steps
