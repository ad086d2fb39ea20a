"""What people said takes effect between two nights: the same residents as the next night would find, and nobody is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.applying import APPLYING, apply, due
from pipelines.definitions import apply_job, somebody_asked
from pipelines.night import WrongNight
from pipelines.steps import STEPS
from warehouse.applying import ask, last_request, open_request, said_up_to
from warehouse.ledger import Line, open_ledger
from warehouse.lock import AlreadyRunning, only_writer
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")


@pytest.fixture
def site(first_night, tmp_path: Path, monkeypatch) -> Site:
    root, ran = first_night
    assert ran.status == 0
    shutil.copytree(root, tmp_path / "site", symlinks=True)
    monkeypatch.setenv("ENTER_ONCE_SITE", str(tmp_path / "site"))
    return read_site(tmp_path / "site")


def seen(site: Site, query: str) -> list[tuple[Any, ...]]:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        return con.execute(query).fetchall()


def lines(site: Site) -> list[Line]:
    with open_ledger(site) as ledger:
        return ledger.lines()


def parted(site: Site) -> tuple[str, str]:
    """Two records of one resident, of whom somebody says that they are two people."""
    ((left, right),) = seen(
        site,
        "select min(record_id), max(record_id) from resolved.record group by resident_id having count(*) > 1"
        " order by all limit 1",
    )
    with open_ledger(site) as ledger:
        ledger.judge(left, right, "different", by="王芳", because="见过面", seen="")
    return left, right


def residents(site: Site, pair: tuple[str, str]) -> int:
    return seen(site, f"select count(distinct resident_id) from resolved.record where record_id in {pair}")[
        0
    ][0]


def files(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_verdict_takes_effect_at_once_as_the_next_night_would_have_it_and_nobody_is_told(site, enter_once):
    pair = parted(site)
    assert residents(site, pair) == 1
    before, outbox, landing = lines(site), files(site.outbox), files(site.landing)
    shutil.rmtree(site.inbox)  # nothing is pulled
    applied = enter_once("apply", "--by", "王芳", "--site", site.root, "--json")
    assert applied.status == 0
    assert residents(site, pair) == 2
    assert [line.kind for line in lines(site)[len(before) :]] == ["apply", "applying"]
    assert (files(site.outbox), files(site.landing)) == (outbox, landing)
    with open_ledger(site) as ledger:
        snapshot = current_snapshot(site)
        assert snapshot is not None and said_up_to(snapshot) == ledger.last()
        assert last_request(ledger, said_up_to(snapshot)).state == "done"  # type: ignore[union-attr]
    now = seen(site, "select record_id, resident_id from resolved.record order by all")
    (site.inbox / "2026-11-20").mkdir(parents=True)
    assert (
        enter_once("nightly", "--site", site.root, "--json").found["golden_checksum"]
        == applied.found["golden_checksum"]
    )
    assert seen(site, "select record_id, resident_id from resolved.record order by all") == now


def test_a_night_that_did_not_come_to_its_end_has_to_first_and_the_request_says_so(
    site, monkeypatch, enter_once
):
    monkeypatch.setitem(STEPS, "golden", lambda night: 1 / 0)
    assert enter_once("nightly", "--site", site.root).status == 1
    monkeypatch.undo()
    shown = current_snapshot(site)
    told = enter_once("apply", "--site", site.root)
    assert told.status == 2 and "enter-once nightly" in told.err
    with open_ledger(site) as ledger:
        request = last_request(ledger, 0)
    assert request is not None and request.state == "failed" and "没有跑完" in request.problem
    assert current_snapshot(site) == shown
    assert enter_once("nightly", "--site", site.root, "--json").status == 0
    assert enter_once("apply", "--site", site.root, "--json").status == 0


def test_a_step_that_fails_is_told_at_the_request_without_a_value_and_asking_again_is_another_try(
    site, monkeypatch, enter_once
):
    pair = parted(site)
    with open_ledger(site) as ledger:
        ask(ledger, "王芳")

    def choke(_night: object) -> None:
        int("33010219900101123X")

    with monkeypatch.context() as patched:
        patched.setitem(APPLYING, "golden", choke)
        with pytest.raises(RuntimeError):
            apply(site.root)
    with open_ledger(site) as ledger:
        request = last_request(ledger, 0)
        assert request is not None and request.state == "failed"
        assert "golden" in request.problem and "33010219900101123X" not in request.problem
    assert due(site.root) is None
    assert enter_once("apply", "--site", site.root).status == 0
    assert residents(site, pair) == 2


def test_a_request_waits_for_the_night_that_is_at_work(site, enter_once):
    with only_writer(site):
        assert due(site.root) is None
        assert enter_once("apply", "--site", site.root).status == 1
        with open_ledger(site) as ledger:
            assert open_request(site, ledger) is not None
        with pytest.raises(AlreadyRunning):
            apply(site.root)
    assert due(site.root) is not None
    assert enter_once("nightly", "--site", site.root, "--json").status == 0  # reads the same ledger
    assert due(site.root) is None


def test_the_sensor_starts_one_run_for_a_request_and_the_run_does_it(site):
    pair = parted(site)

    def looks() -> Any:
        return somebody_asked()

    assert isinstance(looks(), dg.SkipReason)
    with open_ledger(site) as ledger:
        ask(ledger, "王芳")
    first, again = looks(), looks()
    assert first.run_key == again.run_key  # Dagster starts one run per key
    with dg.DagsterInstance.ephemeral() as instance:
        ran = apply_job.execute_in_process(instance=instance)
    assert {event.asset_key.to_user_string() for event in ran.get_asset_materialization_events()} == {
        "matched",
        "resolved",
        "golden",
        "snapshot",
    }
    assert residents(site, pair) == 2
    assert isinstance(looks(), dg.SkipReason)
    assert apply(site.root) is None


def test_where_no_night_ran_nothing_can_take_effect(towns, tmp_path):
    site = towns.town(tmp_path / "site")
    with open_ledger(site) as ledger:
        ask(ledger, "王芳")
    with pytest.raises(WrongNight):
        apply(site.root)
    assert due(site.root) is None
