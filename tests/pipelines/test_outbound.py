"""The files of a night: read again by each platform's own reader, and what could not stand in one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import openpyxl
import pytest

from connectors.land.cells import keep_cells
from connectors.platform import PLATFORMS, Platform, read_platform, read_platforms
from connectors.read import read_export
from connectors.stage import stage
from connectors.write import write_export
from connectors.write.blank import write_blank
from connectors.write.shared import household_columns
from pipelines.night import open_night
from pipelines.steps import run_step
from synthetic_city.records import TWELVE
from warehouse.site import Site, read_site

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

# The twelve, one that takes an archive, and one that takes no file.
CITY = (*TWELVE, "party_members", "floating_members")
ALL = {slug: platform for slug, platform in read_platforms()[0].items() if slug in CITY}
RECEIVERS = sorted(slug for slug, platform in ALL.items() if platform.receive.fields)
BY_FILE = [slug for slug in RECEIVERS if ALL[slug].receive.returns == "template"]


def rows(root: Path, query: str, *given: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query, list(given)).fetchall()


def manifest(root: Path, night: str, slug: str) -> dict[str, Any]:
    return json.loads((root / "outbox" / night / slug / "manifest.json").read_text(encoding="utf-8"))


class Cell(NamedTuple):
    record_id: str
    field: str
    key: str


def read_again(site: Site, platform: Platform, file: Path, night: date, work: Path) -> list[Cell]:
    """Every cell of a written file, as a night would stage it."""
    small = replace(platform, export=replace(platform.export, rows=(1, 100_000)))
    cells = work / f"{platform.slug}.cells.parquet"
    keep_cells(file, small, cells)
    staged = stage(small, cells, area=site.area, key=site.key, source=file.name, night=night)
    assert staged.quarantined == 0
    return [
        Cell(claim["record_id"], claim["field"], claim["key"])
        for claim in staged.claims.to_pylist()
        if claim["stated"]
    ]


@pytest.fixture(scope="module")
def city(enter_once, tmp_path_factory):
    """A small city after its first night: its folder, and what the night said."""
    root = tmp_path_factory.mktemp("city") / "site"
    asked = ("--residents", 500, "--seed", 4, "--platforms", ",".join(CITY))
    assert enter_once("city", root, *asked, "--json").status == 0
    ran = enter_once("nightly", "--site", root, "--json")
    assert ran.status == 0
    return root, ran.found


def test_every_platform_that_receives_anything_received_a_file(city):
    root, found = city
    filled = [slug for slug in RECEIVERS if found["platforms"][slug]["changes"]]
    assert len(filled) >= 7
    for slug in filled:
        assert manifest(root, found["night"], slug)["file"]


def test_a_platform_that_takes_no_file_received_a_sheet_with_a_box_for_each_cell(city):
    root, found = city
    told = rows(root, "select told from outbox.change where platform = 'floating_members'")
    said = manifest(root, found["night"], "floating_members")
    assert said["file"] == "floating_members.html" and said["cells"] == len(told) > 0
    page = (root / "outbox" / found["night"] / "floating_members" / said["file"]).read_text(encoding="utf-8")
    assert page.count("☐") == len(told)


@pytest.mark.parametrize("slug", BY_FILE)
def test_a_platforms_own_reader_finds_the_golden_values_and_nothing_else_in_its_file(city, slug, tmp_path):
    root, found = city
    told = rows(
        root, "select record_id, field, told, value, resident_id from outbox.change where platform = ?", slug
    )
    folder = root / "outbox" / found["night"] / slug
    assert len(told) == found["platforms"][slug]["changes"]
    if not told:
        assert not list(folder.glob(f"{slug}.*"))
        pytest.skip("this city has nothing to tell it")
    said = manifest(root, found["night"], slug)
    assert (said["mode"], said["cells"]) == ("shadow", len(told))
    platform = ALL[slug]
    cells = read_again(
        read_site(root), platform, folder / said["file"], date.fromisoformat(found["night"]), tmp_path
    )
    stated = {(cell.record_id, cell.field): cell.key for cell in cells}
    golden = {
        (resident, field): value
        for resident, field, value in rows(root, "select resident_id, field, value from golden.value")
    }
    for record_id, field, words, value, resident_id in told:
        assert stated[record_id, field] == words
        assert golden[resident_id, field] == value
        assert field in platform.receive.fields
    beside = {name for name, column in platform.fields.items() if column.required} | {"name"}
    changed = {row[:2] for row in told}
    whole_household = household_columns(platform)
    shared = {name for name in platform.receive.fields if platform.fields[name].column in whole_household}
    for cell in cells:
        place = (cell.record_id, cell.field)
        assert place in changed or cell.field in beside | shared
    own = {
        row[0]
        for row in rows(root, "select record_id from staged.record where platform = ? and present", slug)
    }
    assert {cell.record_id for cell in cells} <= own


def test_a_cell_that_is_left_out_is_counted_and_not_noted_as_prepared(city):
    root, found = city
    left = rows(root, "select platform, record_id, field from outbox.left_out")
    assert left
    for slug in RECEIVERS:
        mine = [row for row in left if row[0] == slug]
        assert found["platforms"][slug]["left_out"] == len(mine)
        if mine or found["platforms"][slug]["changes"]:
            said = manifest(root, found["night"], slug)
            assert {(out["record_id"], out["field"]) for out in said["left_out"]} == {row[1:] for row in mine}
    prepared = set(rows(root, "select platform, record_id, field from outbox.told"))
    assert prepared.isdisjoint(left)
    assert len(prepared) == found["published_cells"]


def everything(root: Path) -> tuple[list[tuple[Any, ...]], dict[str, bytes]]:
    files = {str(f.relative_to(root)): f.read_bytes() for f in (root / "outbox").rglob("*") if f.is_file()}
    return rows(root, "select * from outbox.change order by all"), files


def test_without_its_warehouse_the_night_writes_the_same_changes_and_the_same_bytes(
    city, enter_once, tmp_path
):
    root = shutil.copytree(city[0], tmp_path / "site")
    before = everything(root)
    (root / "warehouse.duckdb").unlink()
    shutil.rmtree(root / "outbox")
    again = enter_once("nightly", "--site", root, "--json").found
    assert (again["published_cells"], again["golden_checksum"]) == (0, city[1]["golden_checksum"])
    assert everything(root) == before


def deliver(site: Site, slug: str, night: date, people: list[dict[str, Any]], file: str) -> None:
    path = site.inbox / night.isoformat() / slug / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_export(read_platform(PLATFORMS / f"{slug}.toml"), people, path)


def receiving(towns, number: int, household: str, **other: Any) -> dict[str, Any]:
    """A person of the town in the list of households in receipt."""
    one = towns.person(number)
    return {
        "低保证号": household,
        "户主姓名": "王建国",
        "户主身份证号": towns.person(50)["id_number"],
        "家庭住址": "近江家园9幢9单元901室",
        "成员编号": f"M{number:03d}",
        "姓名": one["name"],
        "身份证号": one["id_number"],
        "联系电话": one["phone"],
        **other,
    }


def test_a_household_moves_only_together_and_a_number_cut_by_a_spreadsheet_is_never_written_back(
    towns, enter_once, tmp_path
):
    root, (first, second) = tmp_path / "site", towns.NIGHTS
    site = towns.town(root)
    home = "近江家园2幢1单元702室"
    grid = towns.rows("grid", range(60))
    for number in (10, 11, 20):
        grid[number]["门牌地址"] = home
    deliver(site, "grid", first, grid, "人员.xlsx")
    card = towns.rows("social_card", range(60))
    for number in (10, 11, 20):
        card[number]["通讯地址"] = home
    deliver(site, "social_card", first, card, "持卡人.csv")
    stranger = {"姓名": "司马无名", "身份证号": "330102196001010014", "联系电话": "13900000000"}
    cut = {"身份证号": float(towns.person(30)["id_number"]), "联系电话": "", "家庭住址": ""}
    people = [
        receiving(towns, 10, "D1"),
        receiving(towns, 11, "D1"),
        receiving(towns, 20, "D2"),
        receiving(towns, 21, "D2", **stranger),
        receiving(towns, 30, "D3", **cut),
    ]
    deliver(site, "minimum_living", first, people, "低保.xls")
    found = enter_once("nightly", "--site", root, "--json").found["platforms"]["minimum_living"]
    named = dict(
        rows(root, "select record_id, source_key from staged.record where platform = 'minimum_living'")
    )
    said = manifest(root, first.isoformat(), "minimum_living")
    told = {named[one["record_id"]]: set(one["fill"] + one["correct"]) for one in said["records"]}
    left = {(named[out["record_id"]], out["field"]): out["reason"] for out in said["left_out"]}
    assert "address" in told["M010"] & told["M011"]
    assert "整户" in left["M020", "address"]
    assert "必填项「身份证号」" in left["M030", "phone"]
    assert "M030" not in told
    assert found["left_out"] == len(left)

    people[3] = receiving(towns, 21, "D2", **stranger, 家庭住址="")
    people[2] = receiving(towns, 20, "D4")
    people[4] = receiving(towns, 30, "D3", 联系电话="", 家庭住址="")
    deliver(site, "minimum_living", second, people, "低保.xls")
    mended = enter_once("nightly", "--site", root, "--json").found["platforms"]["minimum_living"]
    said = manifest(root, second.isoformat(), "minimum_living")
    told = {named[one["record_id"]]: set(one["fill"] + one["correct"]) for one in said["records"]}
    assert "address" in told["M020"]
    assert "phone" in told["M030"]
    assert "M010" not in told
    assert mended["changes"] == said["cells"]


def test_a_platform_that_knows_only_married_is_told_of_a_first_marriage_in_its_own_word(
    towns, enter_once, tmp_path
):
    root, first = tmp_path / "site", towns.NIGHTS[0]
    site = towns.town(root)
    grid = towns.rows("grid", range(60))
    grid[1]["婚姻状况"], grid[2]["婚姻状况"], grid[3]["婚姻状况"] = "已婚", "未婚", ""
    deliver(site, "grid", first, grid, "人员.xlsx")
    forms = [
        {"hbh": f"H{number}", "members.ryid": f"Y{number}", "members.xm": one["name"], "members.hyzk": "21"}
        | {"members.sfzh": one["id_number"], "members.gxrq": "2026-11-18"}
        for number, one in ((n, towns.person(n)) for n in (1, 2, 3))
    ]
    deliver(site, "one_table", first, forms, "一表通.json")
    assert enter_once("nightly", "--site", root, "--json").found["status"] == "done"
    told = rows(
        root,
        "select source_key, kind, held_key, value, told from outbox.change"
        " where platform = 'grid' and field = 'marital' order by 1",
    )
    assert told == [("G00002", "correct", "10", "21", "20"), ("G00003", "fill", None, "21", "20")]
    file = root / "outbox" / first.isoformat() / "grid" / "grid.xlsx"
    cells = read_again(site, ALL["grid"], file, first, tmp_path)
    assert [cell.key for cell in cells if cell.field == "marital"] == ["20", "20"]


def test_a_template_whose_columns_changed_costs_one_platform_one_night_and_the_real_one_is_filled(
    city, enter_once, tmp_path
):
    root = tmp_path / "site"
    shutil.copytree(city[0], root)
    shutil.rmtree(root / "outbox")
    own = root / "templates" / "grid.xlsx"
    own.parent.mkdir()
    write_blank(ALL["grid"], own)
    book = openpyxl.load_workbook(own)
    book.active["AE1"] = "重点人员等级"
    book.save(own)

    def publish() -> tuple[str, str]:
        with open_night(root) as night:
            for step in ("land", "stage", "match", "resolve", "golden", "publish"):
                run_step(night, step)
            return night.status, night.outcomes["grid"].message

    status, message = publish()
    written = {file.parent.name for file in (root / "outbox").rglob("manifest.json")}
    assert status == "partial"
    assert message.startswith(
        "grid：文件 templates/grid.xlsx，工作表「人员信息」，AE1：模板多出不认识的列「重点人员等级」"
    )
    assert "grid" not in written and len(written) >= 6
    checked = enter_once("platform", "check", "grid", "--site", root, "--json")
    assert checked.status == 1 and [one["reason"] for one in checked.found["failed"]] == [message]

    book.active["AE1"] = None
    book.create_sheet("填报须知")["A1"] = "以户籍为准"
    book.save(own)
    assert publish() == ("done", "")
    assert {file.parent.name for file in (root / "outbox").rglob("manifest.json")} == {*written, "grid"}
    [file] = (root / "outbox").rglob("grid.xlsx")
    assert openpyxl.load_workbook(file)["填报须知"]["A1"].value == "以户籍为准"
    assert (
        len(read_export(file, ALL["grid"].export).sheets[0].rows)
        == 2 + manifest(root, city[1]["night"], "grid")["rows"]
    )
