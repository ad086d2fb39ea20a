"""How long it takes until what stewards said shows, with Dagster running beside the desk as `make serve` runs it.

Run by `make bench-desk`, or on a city that has had its night: `python -m benchmarks.applying --site DIR` (a copy is worked on).
`dagster dev` is started on the site. Each time some cases are answered from the truth, the desk's button is pressed (the line that
it leaves in the ledger), and the clock runs until the snapshot shows what was said. The last time two ID numbers of two people are declared to
be one person's by two approvers, with a verdict, and it is looked whether the two are one resident then. Writes
benchmarks/results/applying.json; docs/stewardship.md quotes that file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.cities import city, options
from benchmarks.night import RESULTS, machine
from benchmarks.processes import free_port
from stewardship.rehearsal import answer_cases
from stewardship.standing import Standing
from stewardship.store import open_desk
from stewardship.verdicts import Saying, give_together
from synthetic_city.truth import people
from warehouse.applying import ask, last_request, said_up_to
from warehouse.ledger import open_ledger
from warehouse.one_person import declare
from warehouse.site import VARIABLE, Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

_AT_ONCE = 20  # cases answered before the button is pressed
_TIMES = 5
_PATIENCE = 600.0  # seconds
HOME = Path(__file__).parents[1]

# Two people who live apart, of whom records state a number that may veto.
_TWO_PEOPLE = """
select any_value(m.record_id), any_value(n.trusted)
from matched.node as n
join matched.record as m using (node)
join resolved.record as r on r.record_id = m.record_id
where n.trusted is not null
group by r.resident_id
having count(distinct n.trusted) = 1
order by r.resident_id
limit 2
"""


def snapshot_of(site: Site) -> Path:
    """What readers see now."""
    snapshot = current_snapshot(site)
    assert snapshot is not None  # the night has run
    return snapshot


def until_it_shows(site: Site) -> float:
    """Press the button; seconds until readers see what was said.

    Raises:
        RuntimeError: it could not be done, or takes too long.
    """
    begun = time.perf_counter()
    with open_ledger(site) as ledger:
        ask(ledger, "benchmark")
        while time.perf_counter() - begun < _PATIENCE:
            request = last_request(ledger, said_up_to(snapshot_of(site)))
            if request is not None and request.state == "done":
                return time.perf_counter() - begun
            if request is not None and request.state == "failed":
                raise RuntimeError(request.problem)
            time.sleep(0.1)
    raise RuntimeError("nothing was done")


def one_of_two(site: Site) -> dict[str, Any]:
    """Two people's numbers declared to be one person's, and a steward's word on their records; whether they are one then."""
    with read_store(snapshot_of(site)) as con:
        (one, low), (other, high) = con.execute(_TWO_PEOPLE).fetchall()
    numbers = min(low, high), max(low, high)
    standing, left, right = Standing(), min(one, other), max(one, other)
    with open_ledger(site) as ledger, open_desk(site) as desk:
        for approver in ("first", "second"):
            declare(ledger, *numbers, by=approver, because="benchmark", evidence="made up", needs=2)
        standing.refresh(ledger)
        word = Saying(left, right, "same", standing.known(left, right, "truth"), "", 0.0, 1)
        give_together(ledger, desk, standing, [word], by="truth", because="", alike=lambda _: (), model="")
    seconds = until_it_shows(site)
    with read_store(snapshot_of(site)) as con:
        query = "select distinct resident_id from resolved.record where record_id in (?, ?)"
        residents = con.execute(query, [one, other]).fetchall()
    return {"seconds": round(seconds, 1), "one_resident": len(residents) == 1}


@contextmanager
def dagster_dev(root: Path) -> Iterator[None]:
    """Dagster as `make serve` runs it, from when it answers."""
    home, port = root / "dagster", free_port()
    home.mkdir(exist_ok=True)
    shutil.copy(HOME / "dagster.yaml", home)
    own = {"DAGSTER_HOME": str(home.resolve()), VARIABLE: str(root.resolve())}
    dagster = str(Path(sys.executable).parent / "dagster")
    command = [dagster, "dev", "-m", "pipelines.definitions", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=HOME, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(address, timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError("dagster dev does not answer")


def measure(root: Path) -> dict[str, Any]:
    """Some answers and the button, several times, and the two numbers."""
    site = read_site(root)
    who = people(site, snapshot_of(site))
    rounds: list[dict[str, float]] = []
    with dagster_dev(root):
        for _ in range(_TIMES):
            answered = answer_cases(site, snapshot_of(site), who, most=_AT_ONCE)
            rounds.append({"verdicts": answered.verdicts, "seconds": round(until_it_shows(site), 1)})
        declared = one_of_two(site)
    seconds = [one["seconds"] for one in rounds]
    return {
        "records": len(who),
        "load": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "median_s": median(seconds),
        "most_s": max(seconds),
        "declared": declared,
    }


def main() -> None:
    """Measure, write the results file, print it."""
    with city(options(__doc__).parse_args()) as root:
        found = {"machine": machine(), **measure(root)}
    (RESULTS / "applying.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
