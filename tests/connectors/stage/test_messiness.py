"""The listed defects that reading and staging deal with, each taken from its story to its end."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable
from datetime import date as Day
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from connectors.errors import ExportRefused, Unreadable
from connectors.land.cells import write_cells
from connectors.platform import Platform
from connectors.read import read_export
from connectors.read.sheet import Reading
from connectors.stage import Staged, stage
from connectors.stage.people import split_names
from dedup.normalise.area import Area

CASES = {
    case["id"]: case
    for case in tomllib.loads(
        (Path(__file__).parents[2] / "cases/messiness.toml").read_text(encoding="utf-8")
    )["case"]
    if case["handled_by"].startswith("connectors")
}
Make = Callable[..., Platform]
AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
NIGHT = Day(2026, 11, 1)


class Desk:
    """Where a test puts a file and sees what becomes of it."""

    def __init__(self, folder: Path, platform: Make) -> None:
        self._folder, self._platform = folder, platform

    def read(self, data: bytes, export: str) -> tuple[Platform, Reading]:
        (self._folder / "export").write_bytes(data)
        platform = self._platform(f'[export]\nfile = "*"\n{export}')
        return platform, read_export(self._folder / "export", platform.export)

    def stage(self, data: bytes, export: str) -> Staged:
        platform, reading = self.read(data, export)
        write_cells(reading, self._folder / "cells.parquet")
        return stage(
            platform, self._folder / "cells.parquet", area=AREA, key=b"k", source="export", night=NIGHT
        )


NAME_SEX = '\ncolumns = ["姓名", "性别"]\n[fields]\nname = "姓名"\nsex = "性别"\n'
NAME = '\ncolumns = ["姓名"]\n[fields]\nname = "姓名"\n'


def names(staged: Staged) -> list[str]:
    return [c["stated"] for c in staged.claims.to_pylist() if c["field"] == "name"]


def book(
    *rows: list[str], sheets: tuple[str, ...] = ("Sheet",), hidden: tuple[str, ...] = (), merge: str = ""
) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name in sheets:
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def encoded(desk: Desk, row: dict[str, Any]) -> None:
    found = desk.stage(row["text"].encode(row["encoding"]), f'format = "csv"{NAME_SEX}')
    assert names(found) == [row["text"].split("\n")[1].replace("\t", ",").split(",")[0]]


def garbled(desk: Desk, row: dict[str, Any]) -> None:
    found = desk.stage(row["text"].encode(), f'format = "csv"{NAME}')
    assert found.quarantine["reason"].to_pylist() == ["mojibake"] and found.staged == 0


def disguised(desk: Desk, row: dict[str, Any]) -> None:
    # Each is read as what it is; one that holds nothing is refused with a reason, not with a parser's complaint.
    try:
        _, reading = desk.read(row["starts"].encode(), f'format = "xls"{NAME_SEX}')
        assert reading.sheets[0].rows[0].cells[0] == "姓名"
    except Unreadable as refused:
        assert "Workbook" in row["starts"] and refused.next_move


def locked(desk: Desk, row: dict[str, Any]) -> None:
    made = xlwt.Workbook()
    made.add_sheet("x").write(0, 0, "x")
    out = io.BytesIO()
    made.save(out)
    stream = {"EncryptedPackage": "EncryptedPackage", "et": "WpsStuff"}[row["container"]]
    data = out.getvalue().replace("Workbook".encode("utf-16-le"), stream[:8].encode("utf-16-le"))
    data += stream.encode("utf-16-le")
    with pytest.raises(Unreadable, match=r"密码|没有工作簿") as refused:
        desk.read(data, f'format = "xls"{NAME}')
    assert refused.value.next_move.startswith("请")


def titled(desk: Desk, row: dict[str, Any]) -> None:
    people = ["王伟", "男", "近江家园5幢2单元301室"]
    columns = "\n".join(
        (f"columns = {row['header']}", "header_rows = 2", "[fields]", f'name = "{row["header"][0]}"')
    )
    rest = f'\n[ignore]\n"{row["header"][1]}" = "x"\n"{row["header"][2]}" = "x"'
    found = desk.stage(book(*row["cells"], people, merge="A2:B2"), f'format = "xlsx"\n{columns}{rest}')
    assert names(found) == ["王伟"]


def instructed(desk: Desk, row: dict[str, Any]) -> None:
    export = 'format = "xlsx"\ncolumns = ["姓名", "a", "b", "c"]\n[fields]\nname = "姓名"\n[ignore]\na = "x"\nb = "x"\nc = "x"'
    assert names(desk.stage(book(["姓名", "a", "b", "c"], row["cells"], ["王伟"]), export)) == ["王伟"]


def closing(desk: Desk, row: dict[str, Any]) -> None:
    found = desk.stage(book(["姓名", "性别"], ["王伟", "男"], [row["first"]]), f'format = "xlsx"{NAME_SEX}')
    assert (names(found), found.rows_in) == (["王伟"], 1)


def merged(desk: Desk, row: dict[str, Any]) -> None:
    export = 'format = "xlsx"\ncolumns = ["户号", "姓名"]\n[fields]\nhousehold_number = "户号"\nname = "姓名"'
    first, last = row["merged"]
    data = book(["户号", "姓名"], *row["cells"], ["", "李静"], merge=f"A{first + 2}:A{last + 2}")
    filled = [
        c["stated"] for c in desk.stage(data, export).claims.to_pylist() if c["field"] == "household_number"
    ]
    assert filled == row["filled"]


def numbered(desk: Desk, row: dict[str, Any]) -> None:
    # Nothing describes such columns, so nothing is guessed: the export is refused naming them.
    data = book(list(row["row"]), list(row["row"].values()))
    with pytest.raises(ExportRefused, match="「成员1姓名」、「成员2姓名」"):
        desk.stage(
            data,
            'format = "xlsx"\ncolumns = ["户号", "姓名"]\n[fields]\nhousehold_number = "户号"\nname = "姓名"',
        )


def together(desk: Desk, row: dict[str, Any]) -> None:
    assert split_names(row["stated"]) == row["people"]
    found = desk.stage(book(["姓名"], [row["stated"]]), f'format = "xlsx"\nsplit_people = "姓名"{NAME}')
    assert (names(found), found.rows_in, found.staged) == (row["people"], 1, 1)


def by_building(desk: Desk, row: dict[str, Any]) -> None:
    data = book(["姓名"], ["王伟"], sheets=tuple(row["sheets"]), hidden=tuple(row["hidden"]))
    _, reading = desk.read(data, f'format = "xlsx"{NAME}')
    assert all(f"「{name}」已隐藏" in reading.notes for name in row["hidden"])
    visible = [name for name in row["sheets"] if name not in row["hidden"]]
    found = desk.stage(data, f'format = "xlsx"{NAME}')
    assert found.records["sheet"].to_pylist() == visible


HANDLED = {
    "M01": encoded,
    "M02": encoded,
    "M03": garbled,
    "M04": disguised,
    "M05": locked,
    "M06": titled,
    "M07": instructed,
    "M08": closing,
    "M09": merged,
    "M10": numbered,
    "M11": together,
    "M12": by_building,
}


def test_every_defect_left_to_the_connectors_is_dealt_with_here() -> None:
    assert CASES.keys() == HANDLED.keys()


@pytest.mark.parametrize(
    ("number", "row"), [(number, row) for number, case in CASES.items() for row in case["rows"]], ids=str
)
def test_a_listed_defect_is_handled_or_put_aside(
    tmp_path: Path, platform: Make, number: str, row: dict[str, Any]
) -> None:
    HANDLED[number](Desk(tmp_path, platform), row)
