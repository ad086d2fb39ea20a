"""Who would be who if a steward said something else of two records.

Belongs here: clustering the records of one or two residents again under one more verdict.
Lives elsewhere: clustering itself (`cluster.py`), what follows for golden values (`warehouse/supposing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import duckdb
import numpy as np

from dedup.cluster import Evidence, cluster
from dedup.columns import Ints
from dedup.explain import UnknownId, why


@dataclass(frozen=True, slots=True)
class Supposed:
    """The other verdict, and to whom each record would belong: record id → a name of its cluster."""

    verdict: Literal["same", "different"]
    today: Mapping[str, str]
    then: Mapping[str, str]

    @property
    def changes(self) -> bool:
        """Whether anything would be joined or split: a veto, or other evidence, may stand against it."""
        return len(set(self.today.values())) != len(set(self.then.values()))


def supposing(con: duckdb.DuckDBPyConnection, left: str, right: str) -> Supposed:
    """What would become of two residents if their records were said to be the same, or of one if they were said to differ.

    Raises:
        UnknownId: there is no such record, or it belongs to nobody by matching.
    """
    rows = con.execute(
        """
        with mine as (select resident_id from resolved.record where record_id in ($left, $right))
        select r.record_id, r.resident_id, m.node, n.first_record, n.trusted
        from resolved.record as r
        semi join mine using (resident_id)
        join matched.record as m using (record_id)
        join matched.node as n using (node)
        order by n.first_record, r.record_id
        """,
        {"left": left, "right": right},
    ).fetchall()
    today = {row[0]: row[1] for row in rows}
    for record in (left, right):
        if record not in today:
            raise UnknownId(f"没有编号为 {record} 的记录。编号见 enter-once how 或底库的 resolved.record 表")
    verdict: Literal["same", "different"] = "different" if today[left] == today[right] else "same"
    node_of = {row[0]: row[2] for row in rows}
    alone = {left, right} if node_of[left] == node_of[right] and left != right else set()
    of_record = _places(node_of, alone)
    said = {"same": _standing(con, of_record, "same"), "different": _standing(con, of_record, "different")}
    said[verdict].append((of_record[left], of_record[right]))
    places: dict[int, set[int]] = {}
    for record, at in of_record.items():
        places.setdefault(node_of[record], set()).add(at)
    evidence = _evidence(con, places, why(con, left, right).points if alone else 0.0)
    trusted = _trusted(of_record, {row[0]: row[4] for row in rows})
    found = cluster(len(trusted), evidence, trusted, said["same"], said["different"])
    names = {at: f"{int(label)}" for at, label in enumerate(found.label)}
    return Supposed(verdict, today, {record: names[at] for record, at in of_record.items()})


def _places(node_of: Mapping[str, int], alone: Set[str]) -> dict[str, int]:
    """Per record its place among the nodes, in the order of their first records; `alone`: records that would be nodes of
    their own, being kept apart from others that state the same."""
    place: dict[tuple[int, str], int] = {}
    return {
        record: place.setdefault((node_of[record], record if record in alone else ""), len(place))
        for record in sorted(node_of)
    }


def _trusted(of_record: Mapping[str, int], number_of: Mapping[str, str | None]) -> Ints:
    """Per place the code of the number that may veto."""
    codes = {number: at for at, number in enumerate(sorted({n for n in number_of.values() if n}))}
    trusted = np.full(max(of_record.values()) + 1, -1, dtype=np.int64)
    for record, at in of_record.items():
        trusted[at] = codes.get(number_of[record] or "", -1)
    return trusted


def _standing(
    con: duckdb.DuckDBPyConnection, of_record: Mapping[str, int], verdict: str
) -> list[tuple[int, int]]:
    """What stewards said before, of these records."""
    rows = con.execute('select "left", "right" from matched.verdict where verdict = ?', [verdict]).fetchall()
    return [(of_record[a], of_record[b]) for a, b in rows if a in of_record and b in of_record]


def _evidence(con: duckdb.DuckDBPyConnection, places: Mapping[int, Set[int]], alike: float) -> Evidence:
    """What the pairs of some nodes weigh; `places` of each: several, where it would fall apart into nodes that state the
    same, which is worth `alike`."""
    rows = con.execute(
        """
        select c."left", c."right", p.weight
        from matched.candidate as c
        join matched.pattern as p on p.code = c.pattern and p.weight <> 0
        where list_contains($nodes, c."left") and list_contains($nodes, c."right")
        order by all
        """,
        {"nodes": list(places)},
    ).fetchall()
    weighing = [(a, b, weight) for one, other, weight in rows for a, b in product(places[one], places[other])]
    weighing += [(a, b, alike) for parts in places.values() for a, b in combinations(sorted(parts), 2)]
    return Evidence(
        np.array([a for a, _, _ in weighing], dtype=np.int64),
        np.array([b for _, b, _ in weighing], dtype=np.int64),
        np.array([weight for _, _, weight in weighing], dtype=np.float64),
    )
