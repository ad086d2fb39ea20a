"""Who would be who if a steward said something else of two records.

Belongs here: clustering the records of a few residents again under other verdicts.
Lives elsewhere: clustering itself (`cluster.py`), what follows for golden values (`warehouse/supposing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
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


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The records of some residents as the last night joined them, to be joined again under other words.

    today: record id → resident. node_of: of each record the records that state the same, as a number. number_of: the ID number that
    may veto. one_person: numbers that were declared to be one person's. links: pairs of nodes with what they weigh. alike: of a node that may fall apart, what its records weigh against
    each other.
    """

    today: Mapping[str, str]
    node_of: Mapping[str, int]
    number_of: Mapping[str, str | None]
    one_person: Sequence[tuple[str, str]]
    links: Sequence[tuple[int, int, float]]
    alike: Mapping[int, float]

    def joined(self, words: Iterable[tuple[str, str, str]]) -> dict[str, str]:
        """To whom each record would belong under these words, each (record, record, same or different): record id → a name
        of its cluster. Words on other records say nothing here."""
        about = [one for one in words if one[0] in self.node_of and one[1] in self.node_of]
        apart = [(a, b) for a, b, word in about if word == "different" and self.node_of[a] == self.node_of[b]]
        of_record = _places(self.node_of, {record for pair in apart for record in pair})
        places: dict[int, set[int]] = {}
        for record, at in of_record.items():
            places.setdefault(self.node_of[record], set()).add(at)
        codes = {number: at for at, number in enumerate(sorted({n for n in self.number_of.values() if n}))}
        trusted = _trusted(of_record, self.number_of, codes)
        declared = [(codes[a], codes[b]) for a, b in self.one_person if a in codes and b in codes]
        same, different = (
            [(of_record[a], of_record[b]) for a, b, word in about if word == wanted]
            for wanted in ("same", "different")
        )
        found = cluster(len(trusted), self._evidence(places), trusted, same, different, declared)
        names = {at: f"{int(label)}" for at, label in enumerate(found.label)}
        return {record: names[at] for record, at in of_record.items()}

    def _evidence(self, places: Mapping[int, Set[int]]) -> Evidence:
        """What the pairs of nodes weigh; `places` of each: several, where it falls apart into nodes that state the same."""
        weighing = [
            (a, b, weight)
            for one, other, weight in self.links
            for a, b in product(sorted(places[one]), sorted(places[other]))
        ]
        weighing += [
            (a, b, self.alike.get(node, 0.0))
            for node, parts in places.items()
            for a, b in combinations(sorted(parts), 2)
        ]
        return Evidence(
            np.array([a for a, _, _ in weighing], dtype=np.int64),
            np.array([b for _, b, _ in weighing], dtype=np.int64),
            np.array([weight for _, _, weight in weighing], dtype=np.float64),
        )


def neighbourhood(
    con: duckdb.DuckDBPyConnection, residents: Collection[str], apart: Iterable[tuple[str, str]] = ()
) -> Neighbourhood:
    """All records of these residents; `apart`: pairs that may be kept apart although they state the same."""
    rows = con.execute(
        """
        select r.record_id, r.resident_id, m.node, n.trusted
        from resolved.record as r
        join matched.record as m using (record_id)
        join matched.node as n using (node)
        where list_contains($residents, r.resident_id)
        order by n.first_record, r.record_id
        """,
        {"residents": sorted(residents)},
    ).fetchall()
    node_of = {record: node for record, _, node, _ in rows}
    links = con.execute(
        """
        select c."left", c."right", p.weight
        from matched.candidate as c
        join matched.pattern as p on p.code = c.pattern and p.weight <> 0
        where list_contains($nodes, c."left") and list_contains($nodes, c."right")
        order by all
        """,
        {"nodes": sorted({*node_of.values()})},
    ).fetchall()
    alike: dict[int, float] = {}
    for left, right in apart:
        node = node_of.get(left)
        if node is not None and left != right and node == node_of.get(right) and node not in alike:
            alike[node] = why(con, left, right).points
    return Neighbourhood(
        {record: resident for record, resident, _, _ in rows},
        node_of,
        {record: number for record, _, _, number in rows},
        _one_person(con),
        links,
        alike,
    )


def _one_person(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The numbers that were declared to be one person's, when clusters were last joined; a night of an older release noted none."""
    query = "select 1 from duckdb_tables() where schema_name = 'matched' and table_name = 'one_person'"
    return (
        con.execute("from matched.one_person order by all").fetchall()
        if con.execute(query).fetchall()
        else []
    )


def supposing(con: duckdb.DuckDBPyConnection, left: str, right: str) -> Supposed:
    """What would become of two residents if their records were said to be the same, or of one if they were said to differ.

    Raises:
        UnknownId: there is no such record, or it belongs to nobody by matching.
    """
    residents = con.execute(
        "select resident_id from resolved.record where record_id in ($left, $right)",
        {"left": left, "right": right},
    ).fetchall()
    found = neighbourhood(con, [resident for (resident,) in residents], [(left, right)])
    for record in (left, right):
        if record not in found.today:
            raise UnknownId(f"没有编号为 {record} 的记录。编号见 enter-once how 或底库的 resolved.record 表")
    verdict: Literal["same", "different"] = "different" if found.today[left] == found.today[right] else "same"
    said = con.execute('select "left", "right", verdict from matched.verdict').fetchall()
    return Supposed(verdict, found.today, found.joined([*said, (left, right, verdict)]))


def _places(node_of: Mapping[str, int], alone: Set[str]) -> dict[str, int]:
    """Per record its place among the nodes, in the order of their first records; `alone`: records that would be nodes of
    their own, being kept apart from others that state the same."""
    place: dict[tuple[int, str], int] = {}
    return {
        record: place.setdefault((node_of[record], record if record in alone else ""), len(place))
        for record in sorted(node_of)
    }


def _trusted(
    of_record: Mapping[str, int], number_of: Mapping[str, str | None], codes: Mapping[str, int]
) -> Ints:
    """Per place the code of the number that may veto."""
    trusted = np.full(max(of_record.values()) + 1, -1, dtype=np.int64)
    for record, at in of_record.items():
        trusted[at] = codes.get(number_of[record] or "", -1)
    return trusted
