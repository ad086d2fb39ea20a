"""XML packages as they are written: records in records, attributes, and the same again when read."""

from __future__ import annotations

from pathlib import Path

from connectors.platform import PLATFORMS, Platform, read_platform
from connectors.read import read_export
from connectors.write import write_export

FORM = """
id = "P900"
title = "样例数据包"
department = "民政"
level = "区"
tier = "T2"
entities = ["person"]
cadence = "日"
transport = "inbox"
basis = "modelled"
trust = 50

[export]
format = "xml"
file = "*.xml"
encoding = "gb18030"
records = ["DATA.ROWS.HU", "CY.RY"]
columns = ["@BH", "ZZ.DZ", "CY.RY.@ID", "CY.RY.XM"]
key = "CY.RY.@ID"

[fields]
name = "CY.RY.XM"
address = "ZZ.DZ"

[ignore]
"@BH" = "户的编号，与人无关"
"""


def _form(folder: Path) -> Platform:
    path = folder / "sample.toml"
    path.write_text(FORM, encoding="utf-8")
    return read_platform(path)


def test_neighbours_with_the_same_outer_values_are_members_of_one_record(tmp_path: Path) -> None:
    rows = [
        {"@BH": "H1", "ZZ.DZ": "近江路<12>号", "CY.RY.@ID": "1", "CY.RY.XM": "𬱖伟"},
        {"@BH": "H1", "ZZ.DZ": "近江路<12>号", "CY.RY.@ID": "2", "CY.RY.XM": "李娜"},
        {"@BH": "H2", "CY.RY.@ID": "3", "CY.RY.XM": "=1+1"},
    ]
    platform, path = _form(tmp_path), tmp_path / "package.xml"
    write_export(platform, rows, path)
    text = path.read_text(encoding="gb18030")
    assert (text.count("<HU "), text.count("<CY>"), text.count("<RY ")) == (2, 2, 3)
    (sheet,) = read_export(path, platform.export).sheets
    header, *body = (row.cells for row in sheet.rows)
    found = [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in body]
    assert found == rows


def test_the_real_package_has_the_flat_once_and_its_people_inside(tmp_path: Path) -> None:
    platform = read_platform(PLATFORMS / "floating_registration.toml")
    people = [{"xxdzmc": "近江路12号", "hbh": "1", "RY.rybh": key, "RY.xm": "张伟"} for key in ("1", "2")]
    write_export(platform, people, tmp_path / "package.xml")
    text = (tmp_path / "package.xml").read_text(encoding="gb18030")
    assert (text.count("<FW>"), text.count("<RY>")) == (1, 2)
