"""Taking exports in when the program itself fails, or is killed: the next run is as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import intake
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

STAGED = ("staged.record", "staged.claim", "staged.quarantine", "staged.fill")
KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from pipelines import intake
from pipelines.night import open_night
from pipelines.steps import run_step

place, at = sys.argv[2], int(sys.argv[3])
whole = getattr(intake, place)
calls = []

def killed(*given, **named):
    calls.append(place)
    if len(calls) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)

setattr(intake, place, killed)
with open_night(Path(sys.argv[1]), date.fromisoformat(sys.argv[4])) as night:
    for step in ("land", "stage"):
        run_step(night, step)
"""


def tables(root: Path) -> dict[str, list[tuple]]:
    """What is remembered of the exports; messages name the folder they lie in."""
    with read_store(root / "warehouse.duckdb") as con:
        found = {name: con.execute(f"select * from {name} order by all").fetchall() for name in STAGED}
        pulls = "select * exclude (message) from landed.pull order by all"
        return found | {"landed.pull": con.execute(pulls).fetchall()}


@pytest.fixture(scope="module")
def undisturbed(towns, tmp_path_factory) -> tuple[Path, Path]:
    """A town after its first night, whose second waits in the inbox; and the same town after its second."""
    site = towns.town(tmp_path_factory.mktemp("undisturbed") / "first")
    for slug, rest in (("grid", range(5, 60)), ("social_card", range(57))):
        towns.deliver(site, slug, towns.NIGHTS[1], rest)
    towns.stage_night(site.root, towns.NIGHTS[0])
    second = site.root.with_name("second")
    shutil.copytree(site.root, second, symlinks=True)
    towns.stage_night(second, towns.NIGHTS[1])
    return site.root, second


def test_a_fault_of_the_program_costs_one_run_and_the_next_takes_the_export_in(
    towns, undisturbed, tmp_path, monkeypatch
):
    first, second = undisturbed
    root = shutil.copytree(first, tmp_path / "site", symlinks=True)
    absorb = intake.absorb

    def torn(con, night, slug, *given, **named):
        if slug == "grid":
            raise duckdb.TransactionException("Failed to commit")
        return absorb(con, night, slug, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(intake, "absorb", torn)
        outcomes = towns.stage_night(root, towns.NIGHTS[1]).outcomes
    assert (outcomes["grid"].status, outcomes["social_card"].status) == ("refused", "staged")
    assert "TransactionException" in outcomes["grid"].message
    outcomes = towns.stage_night(root, towns.NIGHTS[1]).outcomes
    assert (outcomes["grid"].status, outcomes["grid"].staged) == ("staged", 55)
    assert tables(root) == tables(second)


@pytest.mark.parametrize(("place", "at"), [("stage", 2), ("note_uses", 1), ("absorb", 2)])
def test_a_night_killed_while_it_takes_exports_in_is_simply_run_again(
    towns, undisturbed, tmp_path, place, at
):
    first, second = undisturbed
    root = shutil.copytree(first, tmp_path / "site", symlinks=True)
    there = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", KILLED, str(root), place, str(at), towns.NIGHTS[1].isoformat()]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": there}, check=False)
    assert done.returncode == -signal.SIGKILL
    outcomes = towns.stage_night(root, towns.NIGHTS[1]).outcomes
    assert not [outcome.message for outcome in outcomes.values() if outcome.failed]
    assert tables(root) == tables(second)
    assert not list((root / "scratch").glob("staging-*"))
