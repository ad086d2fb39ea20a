"""What a failed door stops, and that what was stopped comes with the next night that passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

import pipelines.doors
from expectations.door import check_door

pytestmark = pytest.mark.usefixtures("plain_nights")


@pytest.fixture
def fail(monkeypatch):
    """Make the first critical check of a door fail, at some platforms or in the whole city."""

    def one(door: str, *platforms: str) -> None:
        def failing(name, frame):
            result = check_door(name, frame)
            if name != door:
                return result
            bad = next(check for check in result.checks if check.expectation.severity == "critical")
            checks = [replace(check, passed=check is not bad, platforms=platforms) for check in result.checks]
            return replace(result, checks=tuple(checks))

        monkeypatch.setattr(pipelines.doors, "check_door", failing)

    return one


@pytest.mark.parametrize("door", ["golden", "outbox"])
def test_a_critical_failure_writes_no_file_and_is_made_good_by_the_next_run(
    door, fail, towns, enter_once, tmp_path, monkeypatch
):
    site = tmp_path / "site"
    towns.town(site)
    fail(door)
    blocked = enter_once("nightly", "--site", site, "--json")
    assert (blocked.status, blocked.found["status"]) == (1, "blocked")
    assert blocked.found["published_cells"] == 0
    assert not list((site / "outbox").rglob("manifest.json"))
    assert (site / "snapshots" / "current.duckdb").exists() is (door == "outbox")
    monkeypatch.undo()
    passed = enter_once("nightly", "--site", site, "--json")
    assert (passed.status, passed.found["status"]) == (0, "done")
    assert passed.found["published_cells"] > 0


def test_a_platform_stopped_at_the_staged_door_receives_nothing_and_the_others_do(
    fail, towns, enter_once, tmp_path, monkeypatch
):
    site = tmp_path / "site"
    towns.town(site)
    fail("staged", "grid")
    ran = enter_once("nightly", "--site", site, "--json")
    assert (ran.status, ran.found["status"]) == (1, "partial")
    assert ran.found["platforms"]["grid"]["changes"] == 0
    monkeypatch.undo()
    again = enter_once("nightly", "--site", site, "--json")
    assert again.status == 0
    assert again.found["platforms"]["grid"]["changes"] > 0
