"""Matching in proportion to change: one record in a hundred states something else, on a city that was matched before.

Run by `make bench-matching`, or `python -m benchmarks.increment`: a hundred thousand and a million records. The match step of the night runs
over a warehouse with everything in it, again after the change, and once more over everything in another warehouse,
whose residents must be the same ones. Writes benchmarks/results/increment.json.
Lives elsewhere: whole nights (`night.py`), matching beside others (`matching.py`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.night import machine
from benchmarks.processes import Stages
from benchmarks.records import write_records
from dedup.link import KEYS
from dedup.model import built_in
from dedup.night import MatchSummary, match_night
from dedup.prepare.resident import STATED
from dedup.records import read_records

RESULTS = Path(__file__).parent / "results" / "increment.json"
KEY = b"benchmark"
CHANGED = 0.01
MATCHING = ("block", "score", "cluster")  # with looking up who else is in a block, and what they state
FIELDS = (
    "phone",
    "address",
    "name",
    "birth_date",
)  # a changed record takes one of these over from another record


def persons(records: Path) -> pa.Table:
    """What `staged.person` would hold of a file of raw records."""
    model = built_in("resident")
    stated = read_records(records, built_in("household"))  # the same columns and `source`
    keys = KEYS[model.reads](stated, model)
    night = pa.array(np.full(len(stated), "2026-11-16", dtype="datetime64[D]"))
    return pa.table(
        {"record_id": stated["record_id"], "platform": stated["source"], "first_night": night}
        | {name: keys[name] for name in STATED}
    )


def changed(rows: pa.Table, seed: int) -> pa.Table:
    """The rows with one value of one record in a hundred replaced by that of another record."""
    random = np.random.default_rng(seed)
    which = random.choice(len(rows), int(len(rows) * CHANGED), replace=False)
    for place, name in enumerate(FIELDS):
        taken = np.arange(len(rows))
        some = which[place :: len(FIELDS)]
        taken[some] = random.integers(0, len(rows), len(some))
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].take(pa.array(taken)))
    return rows


def opened(file: Path, rows: pa.Table) -> duckdb.DuckDBPyConnection:
    """A warehouse that holds these persons and nothing else."""
    con = duckdb.connect(str(file), config={"memory_limit": "1GB", "threads": 2})
    con.execute(resources.files("warehouse").joinpath("sql/schema.sql").read_text(encoding="utf-8"))
    con.register("incoming", rows)
    con.execute("create table staged.person as from incoming")
    con.execute(
        "insert into staged.record by name select record_id, platform, record_id as source_key from incoming"
    )
    con.unregister("incoming")
    return con


def residents(con: duckdb.DuckDBPyConnection) -> str:
    """A digest of who is whom."""
    query = "select bit_xor(hash(record_id, resident_id)), count(*) from resolved.record"
    return str(con.execute(query).fetchall()[0])


def matched(con: duckdb.DuckDBPyConnection, stages: Stages, name: str) -> MatchSummary:
    """The match step, by the clock."""
    with stages(name):
        return match_night(con, key=KEY)


def measure(residents_asked: int, seed: int) -> dict[str, Any]:
    """Everything, one in a hundred changed, and everything again."""
    stages = Stages()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.parquet"
        write_records(raw, residents=residents_asked, seed=seed)
        before = persons(raw)
        after = changed(before, seed)
        with opened(Path(folder) / "by_night.duckdb", before) as con:
            matched(con, stages, "everything")
            con.execute("checkpoint")
            con.register("incoming", after)
            con.execute("create or replace table staged.person as from incoming")
            increment = matched(con, stages, "increment")
            by_night = residents(con)
        with opened(Path(folder) / "at_once.duckdb", after) as con:
            again = matched(con, stages, "everything_again")
            at_once = residents(con)
    return {
        "residents": residents_asked,
        "seed": seed,
        "records": increment.records,
        "changed_records": int(len(before) * CHANGED),
        "fresh_nodes": increment.fresh,
        "pairs": increment.pairs,
        "same_residents": by_night == at_once,
        "wall_s": {name: round(value, 2) for name, value in stages.wall.items()},
        "cpu_s": {name: round(value, 2) for name, value in stages.cpu.items()},
        "share_of_cpu": round(stages.cpu["increment"] / stages.cpu["everything_again"], 4),
        "share_of_cpu_matching": round(
            sum(increment.clock.cpu[step] for step in MATCHING) / stages.cpu["everything_again"], 4
        ),
        "estimate_carried": increment.estimates is not None and increment.estimates.changed > 0,
        "cpu_of_increment": {name: round(value, 3) for name, value in increment.clock.cpu.items()},
        "cpu_of_everything_again": {name: round(value, 3) for name, value in again.clock.cpu.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, nargs="+", default=[20_500, 205_000])
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    sizes = " ".join(map(str, asked.residents))
    found = {
        "command": f"python -m benchmarks.increment --residents {sizes} --repeats {asked.repeats}",
        "machine": machine(),
        "runs": [
            measure(residents, seed)
            for residents in asked.residents
            for seed in range(asked.seed, asked.seed + asked.repeats)
        ],
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["runs"], indent=1))


if __name__ == "__main__":
    main()
