"""Snapshots: proven copies, a flip that readers never notice, the last five kept."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from warehouse import snapshot
from warehouse.site import Site
from warehouse.snapshot import SnapshotError, current_snapshot, prove_copy, publish_snapshot
from warehouse.store import open_store, read_store, scalar

NIGHT = date(2026, 3, 1)


@pytest.fixture
def filled(site: Site) -> Site:
    with open_store(site) as con:
        con.execute(
            "insert into staged.claim select 'r' || i, 'grid', 'phone', 's' || i, 'k' || i, 'ok', 'c',"
            " date '2026-03-01', null, date '2026-03-01' from range(20000) as t(i)"
        )
    return site


def test_a_snapshot_is_the_warehouse_and_only_its_owner_may_read_it(filled: Site) -> None:
    assert current_snapshot(filled) is None
    path = publish_snapshot(filled, NIGHT)
    assert path.name == "2026-03-01-1.duckdb"
    assert path.stat().st_mode & 0o777 == 0o600
    assert current_snapshot(filled) == path.resolve()
    prove_copy(filled.warehouse, path)
    assert not list(filled.snapshots.glob("*.part"))


def test_a_reader_keeps_the_old_snapshot_and_the_next_one_sees_the_new(filled: Site) -> None:
    publish_snapshot(filled, NIGHT)
    with read_store(filled.snapshots / "current.duckdb") as reading:
        with open_store(filled) as con:
            con.execute("delete from staged.claim where record_id <> 'r1'")
        publish_snapshot(filled, NIGHT)
        assert scalar(reading, "select count(*) from staged.claim") == 20000
        with read_store(filled.snapshots / "current.duckdb") as fresh:
            assert scalar(fresh, "select count(*) from staged.claim") == 1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_copy_with_one_flipped_byte_is_refused_and_the_one_before_stays(
    filled: Site, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    good = publish_snapshot(filled, NIGHT)

    def copy_badly(source: Path, target: Path) -> None:
        shutil.copyfile(source, target)
        content = bytearray(target.read_bytes())
        used = len(content.rstrip(b"\0"))
        content[int(used * share)] ^= 0x01
        target.write_bytes(content)

    monkeypatch.setattr(snapshot, "_copy_private", copy_badly)
    with pytest.raises(SnapshotError, match="快照未发布"):
        publish_snapshot(filled, NIGHT)
    assert current_snapshot(filled) == good.resolve()
    assert sorted(path.name for path in filled.snapshots.iterdir()) == [
        "2026-03-01-1.duckdb",
        "current.duckdb",
    ]


def test_a_copy_with_other_rows_is_refused_by_the_name_of_the_table(filled: Site, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(filled.warehouse, copy)
    prove_copy(filled.warehouse, copy)
    with open_store(filled) as con:
        con.execute("update staged.claim set key = 'other' where record_id = 'r7'")
    with pytest.raises(SnapshotError, match=r"staged\.claim"):
        prove_copy(filled.warehouse, copy)


def test_the_last_five_are_kept_also_when_an_old_night_is_run_again(filled: Site) -> None:
    nights = [date(2026, 3, day) for day in (1, 2, 3, 4, 5, 6, 1)]
    last = [publish_snapshot(filled, night) for night in nights][-1]
    kept = sorted(path.name for path in filled.snapshots.glob("2026*"))
    assert kept == [
        "2026-03-01-7.duckdb",
        "2026-03-03-3.duckdb",
        "2026-03-04-4.duckdb",
        "2026-03-05-5.duckdb",
        "2026-03-06-6.duckdb",
    ]
    assert current_snapshot(filled) == last.resolve()


def test_a_warehouse_that_was_not_closed_is_not_copied(filled: Site) -> None:
    with open_store(filled) as con:
        con.execute("insert into matched.conflict values ('k', 'a', 'b', 'why', 1.0)")
        with pytest.raises(SnapshotError, match="尚未关闭"):
            publish_snapshot(filled, NIGHT)
    assert current_snapshot(filled) is None
