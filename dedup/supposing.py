"""Who would be who if a steward said something else of two records.

Belongs here: clustering the records of one or two residents again under one more verdict.
Lives elsewhere: clustering itself (`cluster.py`), what follows for golden values (`warehouse/supposing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np

from dedup.cluster import Evidence, cluster
from dedup.explain import UnknownId


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
    nodes = sorted({row[2]: row[3] for row in rows}.items(), key=lambda item: item[1])
    place = {node: at for at, (node, _) in enumerate(nodes)}
    of_record = {row[0]: place[row[2]] for row in rows}
    verdict: Literal["same", "different"] = "different" if today[left] == today[right] else "same"
    said = {"same": _standing(con, of_record, "same"), "different": _standing(con, of_record, "different")}
    said[verdict].append((of_record[left], of_record[right]))
    numbers = {row[2]: row[4] for row in rows}
    codes = {number: at for at, number in enumerate(sorted({n for n in numbers.values() if n}))}
    trusted = np.array([codes.get(numbers[node] or "", -1) for node, _ in nodes], dtype=np.int64)
    found = cluster(len(nodes), _evidence(con, place), trusted, said["same"], said["different"])
    names = {at: f"{int(label)}" for at, label in enumerate(found.label)}
    return Supposed(verdict, today, {record: names[at] for record, at in of_record.items()})


def _standing(
    con: duckdb.DuckDBPyConnection, of_record: Mapping[str, int], verdict: str
) -> list[tuple[int, int]]:
    """What stewards said before, of these records."""
    rows = con.execute('select "left", "right" from matched.verdict where verdict = ?', [verdict]).fetchall()
    return [(of_record[a], of_record[b]) for a, b in rows if a in of_record and b in of_record]


def _evidence(con: duckdb.DuckDBPyConnection, place: Mapping[int, int]) -> Evidence:
    rows = con.execute(
        """
        select c."left", c."right", p.weight
        from matched.candidate as c
        join matched.pattern as p on p.code = c.pattern and p.weight <> 0
        where list_contains($nodes, c."left") and list_contains($nodes, c."right")
        order by all
        """,
        {"nodes": list(place)},
    ).fetchall()
    return Evidence(
        np.array([place[row[0]] for row in rows], dtype=np.int64),
        np.array([place[row[1]] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )
