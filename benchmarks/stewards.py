"""What a steward who knows the truth makes of a city: the queue cleared case by case, then the night again.

Run by `make bench-stewards`, or on a city that has had its night: `python -m benchmarks.stewards --site DIR` (a copy is
worked on). Each round answers what waits, in the order of the queue, and runs the night again, until nothing waits.
Writes benchmarks/results/stewards.json; docs/stewardship.md quotes that file.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.night import RESULTS, machine, run
from stewardship.rehearsal import answer_cases
from synthetic_city.truth import people
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

_ROUNDS = 8


def clear(site: Site) -> dict[str, int]:
    """Answer everything that waits from the truth; how many verdicts were given, and how many were refused."""
    snapshot = current_snapshot(site)
    assert snapshot is not None  # the night has run
    return asdict(answer_cases(site, snapshot, people(site, snapshot)))


def missed(site: Site) -> int:
    """Pairs of records of one person that are with two residents."""
    snapshot = current_snapshot(site)
    assert snapshot is not None
    who = people(site, snapshot)
    with read_store(snapshot) as con:
        resolved = con.execute("select record_id, resident_id from resolved.record").fetchall()
    groups: dict[str, dict[str, int]] = {}
    for record, resident in resolved:
        of_person = groups.setdefault(who.get(record, record), {})
        of_person[resident] = of_person.get(resident, 0) + 1
    return sum(_pairs(sum(one.values())) - sum(map(_pairs, one.values())) for one in groups.values())


def _pairs(records: int) -> int:
    return records * (records - 1) // 2


def measure(root: Path) -> dict[str, Any]:
    """Rounds of answers and nights, with the score before and after."""
    site = read_site(root)
    before, missed_before = run("score", "--site", str(root))["answer"], missed(site)
    rounds: list[dict[str, int]] = []
    for _ in range(_ROUNDS):
        rounds.append(clear(site))
        if not rounds[-1]["verdicts"]:
            break
        run("nightly", "--site", str(root))
        rounds[-1]["missed_after"] = missed(site)
    after, missed_after = run("score", "--site", str(root))["answer"], missed(site)
    snapshot = current_snapshot(site)
    assert snapshot is not None
    verdicts, recovered = sum(one["verdicts"] for one in rounds), missed_before - missed_after
    return {
        "records": len(people(site, snapshot)),
        "rounds": rounds,
        "pairs_before": before["pairs"],
        "pairs_after": after["pairs"],
        "missed_before": missed_before,
        "missed_after": missed_after,
        "recovered": recovered / missed_before if missed_before else 1.0,
        "verdicts": verdicts,
        "verdicts_per_recovered_pair": verdicts / recovered if recovered else None,
    }


def main() -> None:
    """Measure, write the results file, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, help="a city that has had its night; else one is made")
    parser.add_argument("--residents", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "site"
        if asked.site:
            shutil.copytree(asked.site, root, symlinks=True)
        else:
            run("city", str(root), "--residents", str(asked.residents), "--seed", str(asked.seed))
            run("nightly", "--site", str(root))
        found = {"machine": machine(), **measure(root)}
    (RESULTS / "stewards.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
