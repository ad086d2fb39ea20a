"""`approve notices`: a platform that keeps somebody twice is told so in a sheet of its own, when a person agreed."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from connectors.platform import PLATFORMS, PlatformFileError, read_platform, read_platforms
from connectors.write import CannotWrite
from connectors.write.notice import write_notices
from pipelines.outbound import give_notices
from warehouse.facts import write_facts
from warehouse.ledger import open_ledger
from warehouse.notices import Notice
from warehouse.site import Site
from warehouse.snapshot import publish_snapshot
from warehouse.store import open_store, read_store, rebuild

NIGHT = date(2026, 11, 19)
GOVERNANCE = read_platform(PLATFORMS / "governance.toml")


@pytest.fixture
def site(towns: Any, tmp_path: Path) -> Site:
    """Somebody whom one platform keeps twice."""
    made: Site = towns.town(tmp_path / "site")
    with open_store(made) as con:
        write_facts(con, read_platforms()[0].values())
        for record in ("r1", "r2"):
            con.execute(
                "insert into staged.record by name select ? as record_id, 'governance' as platform, ? as source_key,"
                " true as present, ?::date as first_night",
                [record, f"RK-{record}", NIGHT],
            )
            con.execute(
                "insert into resolved.record by name select 'governance' as platform, ? as record_id, 'R1' as resident_id",
                [record],
            )
        con.execute(
            "insert into golden.value by name select 'R1' as resident_id, 'name' as field, '欧阳娜娜' as value, 'r1' as taken_from"
        )
        rebuild(con, "golden.resident")
    publish_snapshot(made, NIGHT)
    return made


def _night(site: Site, night: date) -> list[list[Any]]:
    """What a night does about notices; the rows of its sheet."""
    with read_store(site.warehouse) as con, open_ledger(site) as ledger:
        platforms = {"governance": GOVERNANCE}
        told = SimpleNamespace(
            con=con, date=night, site=site, platforms=platforms, stopped=frozenset(), outcomes={}
        )
        give_notices(told, ledger)
    sheets = list((site.outbox / night.isoformat()).glob("governance/governance-notices.xlsx"))
    rows = [openpyxl.load_workbook(one)["重复人口处理"].iter_rows(values_only=True) for one in sheets]
    return [list(row) for one in rows for row in one]


def test_nothing_is_told_without_a_word_nor_in_shadow_and_then_once(site: Site, enter_once: Any) -> None:
    where = ("--site", site.root)
    listed = enter_once("approve", "notices", *where, "--json").found["notices"]
    assert [(one["platform"], one["kind"], one["kept"], one["other"], one["live"]) for one in listed] == [
        ("governance", "merged", "r1", "r2", False)
    ]
    shown = enter_once("approve", "notices", *where, "--lang", "zh").out
    assert (
        "两条记录是一个人" in shown
        and "影子模式" in shown
        and "欧阳娜娜" not in shown
        and "RK-r1" not in shown
    )
    assert _night(site, NIGHT) == []
    because = ("--because", "上门核实", *where)
    assert enter_once("approve", "notice", "yes", "governance", "r2", "r1", *because).status == 0
    assert _night(site, NIGHT) == []  # in shadow
    assert enter_once("approve", "live", "governance", *because).status == 0
    told = [["保留人口编号", "重复人口编号", "处理原因"], ["RK-r1", "RK-r2", "01"]]
    assert _night(site, NIGHT) == told
    assert _night(site, NIGHT) == told  # the same night again: the same sheet
    assert _night(site, date(2026, 11, 20)) == []
    assert enter_once("approve", "notices", *where, "--json").found["notices"] == []
    [log] = enter_once("told", "R1", *where, "--json").found["notices"]
    assert log == {
        "night": NIGHT.isoformat(), "platform": "governance", "title": GOVERNANCE.title, "kind": "merged",
        "kept": "r1", "other": "r2", "by": getpass.getuser(), "because": "上门核实",
    }  # fmt: skip
    shown = enter_once("told", "R1", *where, "--lang", "zh").out
    assert "两条记录是一个人，r1、r2" in shown and "理由：上门核实" in shown and "RK-r1" not in shown
    refused = enter_once("approve", "notice", "yes", "governance", "r1", "r2", *because)
    assert refused.status == 2 and "没有这样一条等着的通知" in refused.err


def test_the_sheet_is_for_its_owner_only(site: Site, enter_once: Any) -> None:
    because = ("--because", "上门核实", "--site", site.root)
    enter_once("approve", "notice", "yes", "governance", "r1", "r2", *because)
    enter_once("approve", "live", "governance", *because)
    assert _night(site, NIGHT)
    [file] = site.outbox.rglob("*-notices.xlsx")
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_a_platform_that_there_is_not_is_wrong_use_and_those_that_there_are_are_named(
    site: Site, enter_once: Any
) -> None:
    for asked in ("notices", "list", "cells"):
        ran = enter_once("approve", asked, "--platform", "governence", "--site", site.root, "--lang", "zh")
        assert ran.status == 2 and "没有名为 governence 的平台。可用：" in ran.err and "governance" in ran.err


def test_a_sheet_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    notices = [
        Notice("governance", "merged", "r1", "r2", "RK-1", key, "approved") for key in ("RK-2", "RK\x07")
    ]
    with pytest.raises(CannotWrite, match="重复人口编号"):
        write_notices(GOVERNANCE, notices, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('other = "重复人口编号"', 'other = "保留人口编号"', "三个不同的列名"),
        ('split = "02"', 'split = "01"', "与 split 不同"),
        ('kept = "保留人口编号"', "", "缺少必需的键 kept"),
    ],
)
def test_a_page_says_how_it_takes_notices_or_is_refused(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    page = (PLATFORMS / "governance.toml").read_text(encoding="utf-8").replace(right, wrong)
    (tmp_path / "governance.toml").write_text(page, encoding="utf-8")
    with pytest.raises(PlatformFileError, match=said):
        read_platform(tmp_path / "governance.toml")
