"""The hand-written rules that a community office would use, in DuckDB: `python -m benchmarks.rules R2|R3 IN OUT`.

R2: the same ID number, or the same name with the same birth date, phone or home. R3: R2, unless two valid ID numbers
or two birth dates differ. Then connected components. IN is what `prepared.py` wrote; OUT has row and cluster.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from benchmarks.accuracy import components, write_clusters
from benchmarks.processes import Stages

KEYS = (("id",), ("name", "dob"), ("name", "phone"), ("name", "home"))
VETO = """
    AND NOT coalesce(l.id_valid AND r.id_valid AND l.id <> r.id, false)
    AND NOT coalesce(l.dob <> r.dob, false)
"""


def edges_sql(veto: bool) -> str:
    """All pairs of rows that agree on one of the keys."""
    pairs = (
        "SELECT l.row AS left_row, r.row AS right_row FROM person l JOIN person r ON l.row < r.row AND "
        + " AND ".join(f"l.{column} = r.{column}" for column in key)
        + (VETO if veto else "")
        for key in KEYS
    )
    return " UNION ALL ".join(pairs)


def main() -> None:
    rule, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    stages = Stages()
    con = duckdb.connect()
    con.execute(f"CREATE TABLE person AS FROM read_parquet('{source}')").fetchall()
    with stages("block"):
        edges = con.execute(edges_sql(veto=rule == "R3")).fetchnumpy()
    with stages("cluster"):
        rows = pq.read_metadata(source).num_rows
        label = components(rows, np.asarray(edges["left_row"]), np.asarray(edges["right_row"]))
    write_clusters(target, label)
    stages.report(pairs=len(edges["left_row"]))


if __name__ == "__main__":
    main()
