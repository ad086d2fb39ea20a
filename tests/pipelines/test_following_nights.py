"""What one night leaves for the next: what was lost, broken or cut short is made good, and nothing is said twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from connectors.platform import PLATFORMS, read_platform
from connectors.write import write_export

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

LOGIN_PAGE = "<html><body><form action='/login'>请登录</form></body></html>"


def rows(site: Path, query: str) -> list[tuple]:
    with duckdb.connect(str((site / "snapshots" / "current.duckdb").resolve()), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_warehouse_that_is_deleted_comes_back_the_same_and_sends_nothing_again(towns, fresh, enter_once):
    towns.deliver(towns.read_site(fresh), "grid", towns.NIGHTS[1], range(5, 65))
    nights = [enter_once("nightly", "--site", fresh, "--json").found for _ in towns.NIGHTS]
    assert [night["night"] for night in nights] == [day.isoformat() for day in towns.NIGHTS]
    assert nights[1]["residents"] == 65
    (fresh / "warehouse.duckdb").unlink()
    again = enter_once("nightly", "--site", fresh, "--json").found
    assert again["night"] == nights[1]["night"]
    assert again["golden_checksum"] == nights[1]["golden_checksum"]
    assert again["published_cells"] == 0


def test_a_night_that_dies_after_taking_in_is_made_up_for_by_the_next_run(fresh, monkeypatch, enter_once):
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.steps.rebuild", lambda _con, _table: 1 / 0)
        assert enter_once("nightly", "--site", fresh, "--json").status == 1
    ran = enter_once("nightly", "--site", fresh, "--json")
    assert ran.status == 0 and not ran.found["steps"]["stage"]["skipped"]
    assert rows(fresh, "select count(*) > 0 from staged.person") == [(True,)]
    assert enter_once("nightly", "--site", fresh, "--json").found["steps"]["stage"]["skipped"]


def test_a_login_page_costs_its_platform_one_night_and_the_others_nothing(towns, fresh, enter_once):
    file = next((fresh / "inbox").rglob("持卡人.csv"))
    whole = file.read_bytes()
    file.write_text(LOGIN_PAGE, encoding="utf-8")
    ran = enter_once("nightly", "--site", fresh)
    assert ran.status == 1
    assert "持卡人.csv" in ran.out
    found = json.loads((fresh / "reports" / "2026-11-19.json").read_text())
    assert found["status"] == "partial"
    assert {slug: found["platforms"][slug]["status"] for slug in towns.FILES} == {
        "grid": "staged",
        "resident_points": "staged",
        "social_card": found["platforms"]["social_card"]["status"],
    }
    assert found["platforms"]["social_card"]["status"] in ("refused", "unreadable")
    file.write_bytes(whole)
    mended = enter_once("nightly", "--site", fresh, "--json")
    assert (mended.status, mended.found["platforms"]["social_card"]["status"]) == (0, "staged")


def test_a_register_of_addresses_makes_dwellings_and_nobody(towns, first_night, fresh, enter_once):
    doors = {"A1": "近江路12号1幢1单元1层101室", "A2": "近江路12号9幢1单元1层101室", "A3": ""}
    file = fresh / "inbox" / towns.NIGHTS[0].isoformat() / "standard_addresses" / "地址.csv"
    file.parent.mkdir(parents=True)
    listed = [{"地址编码": code, "标准地址": address} for code, address in doors.items()]
    write_export(read_platform(PLATFORMS / "standard_addresses.toml"), listed, file)
    ran, without = enter_once("nightly", "--site", fresh, "--json"), first_night[1].found
    assert ran.status == 0
    register = {"rows_in": 3, "staged": 2, "quarantined": 1, "changes": 0}
    assert (
        ran.found["platforms"]["standard_addresses"] | register
        == ran.found["platforms"]["standard_addresses"]
    )
    for same in ("residents", "living", "published_cells", "conflicts"):
        assert ran.found[same] == without[same]
    assert ran.found["dwellings"] == without["dwellings"] + 1
    assert rows(fresh, "select code, residents from golden.dwelling where code is not null order by 1") == [
        ("A1", 1),
        ("A2", 0),
    ]
    again = enter_once("nightly", "--site", fresh, "--json").found
    assert all(again["steps"][name]["skipped"] for name in ("stage", "match", "resolve", "golden"))


def test_an_export_of_half_its_size_is_refused_and_the_last_good_one_stays(
    towns, first_night, enter_once, tmp_path
):
    root = shutil.copytree(first_night[0], tmp_path / "site", symlinks=True)
    towns.deliver(towns.read_site(root), "grid", towns.NIGHTS[1], range(25))
    ran = enter_once("nightly", "--site", root, "--json")
    assert ran.status == 1
    grid = ran.found["platforms"]["grid"]
    assert (grid["status"], grid["changes"]) == ("refused", 0)
    assert "人员.xlsx" in grid["message"]
    assert rows(root, "select count(*) from staged.record where platform = 'grid' and present") == [(60,)]
    assert ran.found["residents"] == 60
