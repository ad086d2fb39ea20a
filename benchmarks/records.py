"""Write a file of raw stated records with the truth beside them: the data sets of `matching.py`, or one to try things on.

Lives elsewhere: making them (`synthetic_city/records.py`).
"""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.processes import Stages
from synthetic_city.records import stated_records

TRUTH = ("person_id", "household_living", "household_registered")


def write_records(path: Path, *, residents: int, seed: int, noise: float = 1.0, sources: int = 12) -> int:
    """Write the records of a town as parquet; how many there are."""
    gc.disable()  # millions of objects that live to the end: looking for garbage among them takes a sixth of the time
    records = stated_records(residents=residents, seed=seed, noise=noise, sources=sources)
    gc.enable()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pq.write_table(records, unfinished, compression="zstd")
    unfinished.rename(path)
    return int(records.num_rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--residents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--sources", type=int, default=12)
    asked = parser.parse_args()
    stages = Stages()
    with stages("make"):
        records = write_records(
            asked.out, residents=asked.residents, seed=asked.seed, noise=asked.noise, sources=asked.sources
        )
    stages.report(records=records)


if __name__ == "__main__":
    main()
