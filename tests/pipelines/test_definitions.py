"""Dagster's side of the night: what it loads, shows and stores; the steps themselves are stood in for."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any, cast

import dagster as dg
import duckdb
import pytest

import pipelines.steps
from connectors.platform import read_platforms
from pipelines.conduct import conduct
from pipelines.definitions import definitions, defs
from pipelines.night import Night, Outcome

SECRET = "33010219900101123X"


@pytest.fixture
def quick_night(towns, tmp_path, monkeypatch) -> Night:
    """An open night whose steps do nothing but say that they ran."""
    ran: list[str] = []
    for name in pipelines.steps.STEPS:
        monkeypatch.setitem(pipelines.steps.STEPS, name, lambda night, name=name: ran.append(name))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", "")
    platforms = {slug: one for slug, one in read_platforms()[0].items() if slug in ("grid", "social_card")}
    night = Night(towns.town(tmp_path / "site"), date(2026, 11, 20), duckdb.connect(), platforms, {})
    night.outcomes = {slug: Outcome(title=one.title, status="staged") for slug, one in platforms.items()}
    cast(Any, night).ran = ran
    return night


def instance_of(night: Night) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(night.site.dagster_home))


def test_what_dagster_loads_is_whole():
    dg.Definitions.validate_loadable(defs)
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    for slug, platform in read_platforms()[0].items():
        assert {f"landed/{slug}", f"staged/{slug}"} <= keys
        assert (f"published/{slug}" in keys) is bool(platform.receive.fields)
    assert {"matched", "resolved", "golden", "receipts", "snapshot", "report"} <= keys


def test_the_night_starts_at_half_past_one_in_shanghai():
    schedule = defs.resolve_schedule_def("nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 1 * * *", "Asia/Shanghai")


def test_the_night_is_about_ten_steps_and_needs_no_pool():
    job = definitions(read_platforms()[0]).resolve_job_def("nightly")
    assert len(job.graph.nodes) == len(pipelines.steps.STEPS)
    assert all(not node.definition.pools for node in job.graph.nodes)


def test_the_steps_run_once_each_and_in_their_order(quick_night):
    conduct(quick_night)
    assert cast(Any, quick_night).ran == list(pipelines.steps.STEPS)


def test_nothing_but_our_own_words_reaches_the_terminal(quick_night, capfd):
    conduct(quick_night)
    assert capfd.readouterr() == ("", "")


def test_a_platform_that_fails_has_a_failed_check_and_stops_nobody(quick_night):
    quick_night.outcomes["grid"].status = "unreadable"
    quick_night.outcomes["grid"].message = "grid：文件 a.xlsx：打不开。请重新导出"
    conduct(quick_night)
    assert cast(Any, quick_night).ran[-1] == "report"
    with instance_of(quick_night) as instance:
        (run,) = instance.get_runs()
        checks = [
            event.asset_check_evaluation_data
            for event in (entry.dagster_event for entry in instance.all_logs(run.run_id))
            if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ]
    failed = {(one.asset_key.to_user_string(), one.check_name) for one in checks if not one.passed}
    assert failed == {("landed/grid", "readable")}
    assert run.status == dg.DagsterRunStatus.SUCCESS


def test_a_step_that_fails_tells_dagster_nothing_of_the_value_it_choked_on(quick_night, monkeypatch):
    def choke(night: Night) -> None:
        int(SECRET)

    monkeypatch.setitem(pipelines.steps.STEPS, "match", choke)
    with pytest.raises(pipelines.steps.StepFailed, match="match"):
        conduct(quick_night)
    assert cast(Any, quick_night).ran == ["land", "stage"]
    stored = [file for file in quick_night.site.root.rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in stored)
    for folder in (quick_night.site.dagster_home, quick_night.site.reports):
        for file in folder.rglob("*"):
            assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_a_run_that_was_killed_is_closed_by_the_next(quick_night):
    conduct(quick_night)
    with instance_of(quick_night) as instance:
        dead = instance.create_run_for_job(
            definitions(quick_night.platforms).resolve_job_def("nightly"), status=dg.DagsterRunStatus.STARTED
        )
    conduct(quick_night)
    with instance_of(quick_night) as instance:
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE
        assert not instance.telemetry_enabled


def test_the_steps_can_be_read_without_dagster():
    folder = Path(pipelines.steps.__file__).parent
    conducting = {"assets.py", "definitions.py", "conduct.py"}
    for file in folder.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert ("dagster" in names) is (file.name in conducting), file.name


def test_dagster_and_the_clerk_hear_only_of_platforms_that_the_site_uses(
    towns, tmp_path, enter_once, monkeypatch
):
    site = tmp_path / "site"
    towns.town(site)
    ran = enter_once("nightly", "--site", site)
    assert "social_card" in ran.out
    assert "veterans" not in ran.out
    monkeypatch.setenv("DAGSTER_HOME", str(site / "dagster"))
    with dg.DagsterInstance.get() as instance:
        told = {key.to_user_string() for key in instance.all_asset_keys()}
    assert "landed/social_card" in told
    assert "landed/veterans" not in told
