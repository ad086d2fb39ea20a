"""What a steward who knows the truth makes of a city: the queue cleared case by case, then the night again.

Run by `make bench-stewards`, or on a city that has had its night: `python -m benchmarks.stewards --site DIR` (a copy is
worked on). Each round answers what waits, in the order of the queue, and runs the night again, until nothing waits.
Writes benchmarks/results/stewards.json; docs/stewardship.md quotes that file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.cities import city, options
from benchmarks.night import RESULTS, machine, run
from stewardship.rehearsal import answer_cases
from synthetic_city.truth import people
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import given, read_store

_ROUNDS = 8


def clear(site: Site) -> dict[str, int]:
    """Answer everything that waits from the truth; how many verdicts were given, and how many were refused."""
    snapshot = current_snapshot(site)
    assert snapshot is not None  # the night has run
    return asdict(answer_cases(site, snapshot, people(site, snapshot)))


# Two records share evidence when whom they are counted to state one thing of them alike. A name is none by itself: it makes
# nobody the same person.
_MISSED = """
with member as (
    select who.person, r.record_id, r.resident_id from resolved.record as r join who on who.record_id = r.record_id
),

stated as (
    select distinct m.person, m.resident_id, c.field, unnest(string_split(c."key", ';')) as value
    from member as m
    join staged.own as c on c.record_id = m.record_id
    where c.field in ('id_number', 'phone', 'birth_date', 'address') and c."key" is not null
),

alike as (
    select distinct l.resident_id as one, r.resident_id as other
    from stated as l
    join stated as r on r.person = l.person and r.field = l.field and r.value = l.value and r.resident_id <> l.resident_id
)

select l.record_id, r.record_id, alike.one is not null
from member as l
join member as r on r.person = l.person and r.record_id > l.record_id and r.resident_id <> l.resident_id
left join alike on alike.one = l.resident_id and alike.other = r.resident_id
"""


def missed(site: Site) -> dict[tuple[str, str], bool]:
    """Pairs of records of one person that are with two residents, and whether these share any evidence."""
    snapshot = current_snapshot(site)
    assert snapshot is not None
    who = people(site, snapshot)
    told = pa.table({"record_id": list(who), "person": pa.array(list(who.values()), pa.string())})
    with read_store(snapshot) as con, given(con, "who", told):
        return {(left, right): alike for left, right, alike in con.execute(_MISSED).fetchall()}


def measure(root: Path) -> dict[str, Any]:
    """Rounds of answers and nights, with the score before and after."""
    site = read_site(root)
    before, missed_before = run("score", "--site", str(root))["answer"], missed(site)
    alike = {pair for pair, shared in missed_before.items() if shared}
    rounds: list[dict[str, int]] = []
    for _ in range(_ROUNDS):
        rounds.append(clear(site))
        if not rounds[-1]["verdicts"]:
            break
        run("nightly", "--site", str(root))
        rounds[-1]["missed_after"] = len(missed(site))
    after, missed_after = run("score", "--site", str(root))["answer"], missed(site)
    snapshot = current_snapshot(site)
    assert snapshot is not None
    verdicts, recovered = sum(one["verdicts"] for one in rounds), len(missed_before) - len(missed_after)
    return {
        "records": len(people(site, snapshot)),
        "rounds": rounds,
        "pairs_before": before["pairs"],
        "pairs_after": after["pairs"],
        "missed_before": len(missed_before),
        "missed_after": len(missed_after),
        "recovered": recovered / len(missed_before) if missed_before else 1.0,
        "missed_before_with_evidence": len(alike),
        "recovered_with_evidence": len(alike - missed_after.keys()) / len(alike) if alike else 1.0,
        "verdicts": verdicts,
        "verdicts_per_recovered_pair": verdicts / recovered if recovered else None,
    }


def main() -> None:
    """Measure, write the results file, print it."""
    with city(options(__doc__).parse_args()) as root:
        found = {"machine": machine(), **measure(root)}
    (RESULTS / "stewards.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
