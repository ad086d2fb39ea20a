"""A platform's empty template, which for the office's own form is what a clerk fills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl

from connectors.platform import PLATFORMS, Platform, read_platform, read_platforms
from connectors.read import read_export
from connectors.write.blank import write_blank

ReadBack = Callable[[Platform, Path], list[dict[str, tuple[str, str]]]]
DESK = read_platform(PLATFORMS / "desk.toml")


def test_a_clerk_is_told_how_to_fill_each_column_and_offered_its_codes(tmp_path: Path) -> None:
    write_blank(DESK, tmp_path / "desk.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "desk.xlsx")["采集表"]
    columns = DESK.export.columns
    assert [cell.value for cell in sheet[1]] == list(columns)
    assert sheet.cell(2, columns.index("姓名") + 1).value == "必填，与证件一致"
    lists = {str(one.sqref).split("3:")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    assert lists["D"] == '"男,女"'
    assert len(lists) == sum(bool(column.codes) for column in DESK.fields.values())


def test_what_a_clerk_types_into_it_is_read_like_any_export(tmp_path: Path, read_back: ReadBack) -> None:
    path = tmp_path / "desk.xlsx"
    write_blank(DESK, path)
    book = openpyxl.load_workbook(path)
    typed = {"姓名": "王伟", "性别": "男", "现住址": "近江家园5幢2单元301室", "填表日期": "2026-11-20"}
    for header, cell in typed.items():
        book["采集表"].cell(3, DESK.export.columns.index(header) + 1).value = cell
    book.save(path)
    [person] = read_back(DESK, path)
    assert {name: stated for name, (stated, _) in person.items() if name} == {
        DESK.by_column[header].field: cell for header, cell in typed.items()
    }


def test_every_platform_has_an_empty_template(tmp_path: Path) -> None:
    for slug, platform in read_platforms()[0].items():
        path = tmp_path / f"{slug}{Path(platform.export.file).suffix}"
        write_blank(platform, path)
        if platform.export.format not in ("json", "xml"):
            assert read_export(path, platform.export).rows >= 1
