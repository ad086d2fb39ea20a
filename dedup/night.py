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
import pyarrow as pa

from dedup.columns import Ints
from dedup.match import Matched, match
from dedup.model import Model, built_in
from dedup.prepare.resident import STATED
from dedup.tables import Records, conflict_table, cut_table, pair_table
from warehouse.ids import potential_ids


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
    software: str = "",
) -> MatchSummary:
    """Match all person records of the warehouse; do nothing when neither records, verdicts, model nor software changed.

    `software`: a digest of the program that matches.
    """
    model = model or built_in("resident")
    said = sorted((v.left, v.right, v.verdict) for v in verdicts)
    fingerprint = _fingerprint(con, f"{software} {model.version}", said)
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
    conflicts = conflict_table(matched, records, model)
    _write(con, "matched.node", _node_table(matched, records))
    _write(con, "matched.pair", pair_table(matched, records, model))
    _write(con, "matched.conflict", conflicts)
    _write(con, "matched.block_cut", cut_table(matched))
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


def _fingerprint(con: duckdb.DuckDBPyConnection, matcher: str, said: list[tuple[str, str, str]]) -> str:
    rows = con.execute(
        "select count(*), bit_xor(hash(p)), sum(hash(p)::hugeint) from staged.person as p"
    ).fetchall()
    return f"{matcher} {rows[0]} {sha256(repr(said).encode()).hexdigest()}"


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


def _node_table(matched: Matched, records: Records) -> pa.Table:
    return pa.table(
        {"record_id": records, "node": matched.nodes.record_node, "cluster": matched.record_label}
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
