"""Dagster's history, kept open for a night: the same files, readable by Dagster's own class afterwards."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.event_log import KeptEventLog
from pipelines.fingerprint import ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    return tmp_path


def test_what_it_writes_dagsters_own_class_reads(home: Path) -> None:
    @dg.asset
    def counted() -> int:
        return 1

    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptEventLog)
        ran = dg.materialize([counted], instance=instance)
        said = [event.event_type_value for event in ran.all_events]
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    kept = [entry.dagster_event_type for entry in own.get_logs_for_run(ran.run_id) if entry.dagster_event]
    assert [kind.value for kind in kept if kind is not None][-len(said) :] == said
    assert own.all_asset_keys() == [dg.AssetKey("counted")]
