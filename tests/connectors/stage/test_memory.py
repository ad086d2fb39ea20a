"""Memory is bounded by a batch: four times the rows take no more of it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import HEAD

from connectors.read.batch import BATCH_ROWS, MEMORY_MB

COLUMNS = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址", "备注"]
TAKE_IN = """
import json, sys
from datetime import date
from pathlib import Path
from connectors.land.parse import parse
from connectors.platform import read_platform
from connectors.stage import stage
from connectors.durable import copy_file
from dedup.normalise.area import Area

file, folder = Path(sys.argv[1]), Path(sys.argv[2])
platform, cells = read_platform(folder / "trial.toml"), folder / "cells.parquet"
told = parse(file, copy_file(file, None), platform, folder / "original", cells)
area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
staged = stage(platform, cells, area=area, key=b"k", source="a", night=date(2026, 11, 1), scratch=folder)
# Not ru_maxrss: a process begins with the one of whoever started it.
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
print(json.dumps({"rows": told["rows"], "staged": staged.staged, "claims": staged.claims.num_rows, "peak": peak}))
"""
PLATFORM = (
    HEAD
    + """\
[export]
format = "{format}"
file = "*.{format}"
key = "编号"
columns = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址", "备注"]
[fields]
name = "姓名"
id_number = "身份证号"
birth_date = "出生日期"
phone = "联系电话"
address = "地址"
[ignore]
"备注" = "与人无关"
"""
)
NOTE = "近" * 700  # in every row of a workbook: held as a whole, these alone take more than the margin
MARGIN_MB = 100  # what allocators keep once a few batches went by; held as a whole, the rows would take 170


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
WORKBOOK = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
SHEET = f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'


def lines(rows: int, note: str) -> Iterator[list[str]]:
    yield COLUMNS
    for at in range(rows):
        day = f"{1940 + at % 70}-{at % 12 + 1:02}-{at % 28 + 1:02}"
        name, address = f"王{chr(0x4E00 + at % 5000)}", f"近江路{at % 900}号{at % 40}室"
        yield [f"P{at}", name, "", day, f"138{at:08}", address, f"{at}{note}"]


def write_csv(file: Path, rows: int) -> None:
    with file.open("w", encoding="gb18030") as out:
        out.writelines(",".join(cells) + "\n" for cells in lines(rows, note=""))


def write_xlsx(file: Path, rows: int) -> None:
    """As a spreadsheet program writes it: its key among the texts that cells share, all others in place."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", TYPES)
        book.writestr("_rels/.rels", f"<Relationships>{WORKBOOK}</Relationships>")
        book.writestr("xl/workbook.xml", BOOK)
        book.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{SHEET}</Relationships>")
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for number, cells in enumerate(lines(rows, NOTE), start=1):
                key = f'<c r="A{number}" s="1" t="s"><v>{number - 1}</v></c>'
                others = "".join(
                    f'<c r="{column}{number}" s="1" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
                    for column, cell in zip("BCDEFG", cells[1:], strict=True)
                )
                sheet.write(f'<row r="{number}" spans="1:7">{key}{others}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        keys = "".join(f"<si><t>{cells[0]}</t></si>" for cells in lines(rows, NOTE))
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{keys}</sst>')


WRITE = {"csv": write_csv, "xlsx": write_xlsx}


def take_in(folder: Path, form: str, rows: int) -> dict[str, int]:
    """One export, taken in by a process of its own; its rows and the most memory it held."""
    file = folder / f"{rows}.{form}"
    WRITE[form](file, rows)
    run = [sys.executable, "-c", TAKE_IN, str(file), str(folder)]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    told: dict[str, int] = json.loads(done.stdout)
    return told


# Of text more than one batch, of a workbook more than one block (8 MB of its XML).
@pytest.mark.parametrize(("form", "rows"), [("csv", BATCH_ROWS + 1000), ("xlsx", 8_000)])
def test_four_times_the_rows_take_no_more_memory(tmp_path: Path, form: str, rows: int) -> None:
    (tmp_path / "trial.toml").write_text(PLATFORM.replace("{format}", form), encoding="utf-8")
    small, large = (take_in(tmp_path, form, times * rows) for times in (1, 4))
    assert large["staged"] == 4 * small["staged"] == 4 * rows
    assert large["claims"] > 3 * small["claims"]
    assert large["peak"] < small["peak"] + MARGIN_MB
    assert large["peak"] < MEMORY_MB
