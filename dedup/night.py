"""Matching as a step of the night: from `staged.person` to `matched.*` and `resolved.record`.

Belongs here: reading and writing the tables of matching, and skipping the work when nothing changed.
Lives elsewhere: matching itself (`match.py`), households and dwellings (`households.py`), golden values (`warehouse`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.match import Matched, match
from dedup.model import LEVELS, Model, built_in
from dedup.score import CAP_ZH, Band, Cap
from dedup.variants import STATED, Ints
from warehouse.ids import potential_ids

Records = npt.NDArray[np.object_]  # record ids in order


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
    """What the match step did. `skipped`: nothing that matching reads had changed since the last run."""

    records: int
    variants: int
    pairs: int
    clusters: int
    conflicts: int
    skipped: bool
    seconds: Mapping[str, float] = field(default_factory=dict)


def match_night(
    con: duckdb.DuckDBPyConnection,
    *,
    key: bytes,
    verdicts: Iterable[Verdict] = (),
    model: Model | None = None,
) -> MatchSummary:
    """Match all person records of the warehouse; do nothing when neither records, verdicts nor model changed."""
    model = model or built_in("resident")
    said = sorted((v.left, v.right, v.verdict) for v in verdicts)
    fingerprint = _fingerprint(con, model, said)
    last = con.execute(
        "select fingerprint, records, variants, pairs, clusters, conflicts from matched.run"
    ).fetchall()
    if last and last[0][0] == fingerprint:
        _, records, variants, pairs, clusters, conflicts = last[0]
        return MatchSummary(records, variants, pairs, clusters, conflicts, skipped=True)
    persons = con.sql(
        f"""
        select p.record_id, p.platform, r.source_key, p.first_night, {", ".join(f"p.{name}" for name in STATED)}
        from staged.person as p
        join staged.record as r using (record_id)
        order by p.record_id
        """
    ).to_arrow_table()
    records = np.array(persons.column("record_id").to_pylist(), dtype=object)
    same, different = _rows_of(said, records)
    matched = match(persons, model, same, different)
    conflicts = _conflicts(matched, records)
    _write(con, "matched.node", _node_table(matched, records))
    _write(con, "matched.pair", _pair_table(matched, records))
    _write(con, "matched.conflict", conflicts)
    _write(con, "matched.block_cut", _cut_table(matched))
    _write(con, "resolved.record", _resolved(persons, matched.record_label, key))
    summary = MatchSummary(
        records=len(records),
        variants=len(matched.nodes),
        pairs=len(matched.pairs.left),
        clusters=len(np.unique(matched.clusters.label)),
        conflicts=conflicts.num_rows,
        skipped=False,
        seconds=matched.seconds,
    )
    run = pa.table(
        {
            "fingerprint": [fingerprint],
            "model": [model.version],
            "records": [summary.records],
            "variants": [summary.variants],
            "pairs": [summary.pairs],
            "clusters": [summary.clusters],
            "conflicts": [summary.conflicts],
        }
    )
    _write(con, "matched.run", run)
    return summary


def _fingerprint(con: duckdb.DuckDBPyConnection, model: Model, said: list[tuple[str, str, str]]) -> str:
    rows = con.execute(
        "select count(*), bit_xor(hash(p)), sum(hash(p)::hugeint) from staged.person as p"
    ).fetchall()
    return f"{model.version} {rows[0]} {sha256(repr(said).encode()).hexdigest()}"


def _rows_of(
    said: list[tuple[str, str, str]], records: Records
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    row = {record: place for place, record in enumerate(records)}
    known = [(row[a], row[b], verdict) for a, b, verdict in said if a in row and b in row]
    return (
        [(a, b) for a, b, verdict in known if verdict == "same"],
        [(a, b) for a, b, verdict in known if verdict == "different"],
    )


def _write(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    con.register("incoming", rows)
    con.execute(f"create or replace table {table} as select * from incoming")
    con.unregister("incoming")


def _first_record(matched: Matched) -> Ints:
    """For each node the row of its first record."""
    node = matched.nodes.record_node
    first = np.zeros(len(matched.nodes), dtype=np.int64)
    first[node[::-1]] = np.arange(len(node))[::-1]
    return first


def _node_table(matched: Matched, records: Records) -> pa.Table:
    return pa.table(
        {"record_id": records, "node": matched.nodes.record_node, "cluster": matched.record_label}
    )


def _pair_table(matched: Matched, records: Records) -> pa.Table:
    """Pairs that were linked, wait for a person, or were capped; by their first records, with the level of each field."""
    scored, first = matched.scored, _first_record(matched)
    keep = (scored.band != Band.APART) | (scored.cap == Cap.ID_CONFLICT)
    columns: dict[str, pa.Array] = {
        "left": pa.array(records[first[matched.pairs.left[keep]]]),
        "right": pa.array(records[first[matched.pairs.right[keep]]]),
        "points": pa.array(scored.points[keep]),
        "band": pa.array([Band(code).name.lower() for code in scored.band[keep]]),
        "cap": pa.array([CAP_ZH[Cap(code)] for code in scored.cap[keep]]),
    }
    for comparison, level in matched.levels.items():
        columns[comparison] = pa.DictionaryArray.from_arrays(
            pa.array(level[keep], type=pa.int8()), pa.array(LEVELS[comparison])
        ).cast(pa.string())
    return pa.table(columns)


def _conflicts(matched: Matched, records: Records) -> pa.Table:
    """What waits for a person: possible matches, refused joins, one ID number on two people. One row per pair of clusters."""
    first, label = _first_record(matched), matched.clusters.label
    found: dict[tuple[int, int], tuple[str, int, int, str, float]] = {}

    def add(kind: str, left: int, right: int, reason: str, points: float) -> None:
        pair = (min(label[left], label[right]), max(label[left], label[right]))
        if pair[0] != pair[1] and (pair not in found or found[pair][4] < points):
            found[pair] = (kind, left, right, reason, points)

    review = np.flatnonzero(matched.scored.band == Band.REVIEW)
    for place in review:
        cap = Cap(int(matched.scored.cap[place]))
        id_equal = matched.levels["id_number"][place] == LEVELS["id_number"].index("equal")
        kind = "one_id_two_people" if id_equal and cap is Cap.NAME_DIFFERS else "possible_match"
        left, right = int(matched.pairs.left[place]), int(matched.pairs.right[place])
        add(kind, left, right, CAP_ZH[cap], float(matched.scored.points[place]))
    for refused in matched.clusters.refused:
        add("refused_join", refused.left, refused.right, refused.reason, refused.points + 100.0)
    rows = sorted(found.values(), key=lambda row: (row[1], row[2]))
    return pa.table(
        {
            "kind": pa.array([row[0] for row in rows], type=pa.string()),
            "left": pa.array([records[first[row[1]]] for row in rows], type=pa.string()),
            "right": pa.array([records[first[row[2]]] for row in rows], type=pa.string()),
            "reason": pa.array([row[3] for row in rows], type=pa.string()),
            "points": pa.array([row[4] for row in rows], type=pa.float64()),
        }
    )


def _cut_table(matched: Matched) -> pa.Table:
    cuts = matched.pairs.cuts
    return pa.table(
        {
            "columns": pa.array(["+".join(cut.columns) for cut in cuts], type=pa.string()),
            "blocks": pa.array([cut.blocks for cut in cuts], type=pa.int64()),
            "pairs": pa.array([cut.pairs for cut in cuts], type=pa.int64()),
        }
    )


def _resolved(persons: pa.Table, label: Ints, key: bytes) -> pa.Table:
    """Name each cluster after its earliest record (first night, then record id): ids survive merges and splits."""
    frame = persons.select(["record_id", "platform", "source_key", "first_night"]).to_pandas()
    frame["label"] = label
    ordered = frame.sort_values(["first_night", "record_id"], kind="stable")
    earliest = ordered.groupby("label", sort=False)["record_id"].first()
    ids = dict(zip(earliest.index, potential_ids(key, "resident", earliest.tolist()), strict=True))
    nothing = pa.nulls(len(frame), type=pa.string())
    return pa.table(
        {
            "platform": persons.column("platform"),
            "source_key": persons.column("source_key"),
            "record_id": persons.column("record_id"),
            "resident_id": pa.array([ids[cluster] for cluster in label], type=pa.string()),
            "household_living_id": nothing,
            "household_registered_id": nothing,
            "dwelling_id": nothing,
        }
    )
