"""How fast a night's changes become a platform's file: 100,000 changed rows put into one blank workbook of the platform's own.

Run by `make bench-publishing`. The workbook is made here as platforms make theirs: a frame around the cells of prepared
rows, drop-downs from a hidden sheet of codes, a hidden column; each row changes one to all of the fields that the grid
platform may be told. A process of its own drafts the file from the changes (values in the platform's words, what would be
refused, what stands beside a change) and writes it with its manifest and note. `--open` has LibreOffice open the file and
save it as another one, and holds rows and drop-downs against what was written; it is not needed for the figures.
Writes benchmarks/results/publishing.json with machine, versions, command and seed; docs quote that file.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
from openpyxl.styles import Border, Side
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import CalamineWorkbook

from benchmarks.night import RESULTS, machine
from benchmarks.processes import Stages, module, run
from benchmarks.staging import GIVEN, SURNAMES
from connectors.platform import PLATFORMS, read_platform
from connectors.write.blank import write_blank
from connectors.write.draft import Draft, Held, draft
from connectors.write.manifest import Change
from connectors.write.outbox import write_outbox
from connectors.write.template import read_blank

GRID = read_platform(PLATFORMS / "grid.toml")
NIGHT = date(2026, 11, 23)
PREPARED = 200  # rows in the blank workbook
BAR = {"seconds": 10.0, "peak_mb": 500}
_VALUES = {
    "sex": ("1", "2"),
    "ethnic": ("01", "01", "03"),
    "marital": ("10", "20", "30"),
    "education": ("20", "60", "70"),
}


def changes(rows: int, seed: int) -> Iterator[Change]:
    """One to all of the fields that the platform may be told, of as many records."""
    dice = Random(seed)
    for at in range(rows):
        record, key = f"r{at:06}", f"P{at:08}"
        for field in dice.sample(GRID.receive.fields, dice.randint(1, len(GRID.receive.fields))):
            yield Change(record, key, field, _value(field, at, dice), "correct")


def held(rows: int, seed: int) -> Held:
    """What the platform states in the columns that have to stand beside a change."""
    dice = Random(seed + 1)
    return {
        f"r{at:06}": {
            "name": dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(GIVEN),
            "address": f"近江家园{at % 40 + 1}幢{at % 4 + 1}单元{at % 18 + 1}0{at % 4 + 1}室",
        }
        for at in range(rows)
    }


def _value(field: str, at: int, dice: Random) -> str:
    if field in _VALUES:
        return dice.choice(_VALUES[field])
    if field == "name":
        return dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(GIVEN)
    if field == "birth_date":
        return f"{1940 + at % 80}-{at % 12 + 1:02}-{at % 28 + 1:02}"
    return f"138{at % 10**8:08}"


def blank_workbook(path: Path) -> None:
    """A blank workbook of the platform's own."""
    write_blank(GRID, path)
    book = openpyxl.load_workbook(path)
    sheet = book[GRID.export.sheet]
    codes = book.create_sheet("代码")
    codes.sheet_state = "hidden"
    for row, word in enumerate(("未婚", "已婚", "丧偶", "离异"), start=1):
        codes.cell(row, 1, word)
    marital = GRID.export.columns.index(GRID.fields["marital"].column) + 1
    rule = DataValidation(type="list", formula1="代码!$A$1:$A$4", allow_blank=True)
    rule.add(f"{sheet.cell(3, marital).coordinate}:{sheet.cell(2 + PREPARED, marital).coordinate}")
    sheet.data_validations.dataValidation = [rule]
    first = sheet.column_dimensions["A"]
    first.min, first.max, first.hidden = 1, 1, True
    thin = Side(style="thin")
    frame = Border(left=thin, right=thin, top=thin, bottom=thin)
    for cells in sheet.iter_rows(3, 2 + PREPARED, 1, len(GRID.export.columns)):
        for cell in cells:
            cell.border = frame
    book.save(path)


def publish(rows: int, seed: int, folder: Path) -> None:
    """Draft and write one file in this process, and report."""
    asked, beside = list(changes(rows, seed)), held(rows, seed)
    measured = Stages()
    with measured("draft"):
        drafted: Draft = draft(GRID, asked, beside)
    with measured("write"):
        own = read_blank(GRID, folder / "blank" / "grid.xlsx")
        told = write_outbox(folder, drafted, NIGHT, batch="b", live=True, own=own)
    assert told is not None and told.rows == rows, "a row was left out"
    measured.report(rows=told.rows, cells=told.cells)


def opened(file: Path, rows: int) -> dict[str, Any]:
    """What LibreOffice makes of the file: the rows it finds, and how many of them offer the drop-down."""
    office = shutil.which("soffice")
    if office is None:
        raise SystemExit("install libreoffice-calc-nogui to open the file, or leave --open out")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        words = [office, profile, "--headless", "--convert-to", "ods", "--outdir", folder, str(file)]
        subprocess.run(words, check=True, capture_output=True, timeout=600)
        saved = Path(folder) / f"{file.stem}.ods"
        with CalamineWorkbook.from_path(saved) as book:
            found = book.get_sheet_by_name(GRID.export.sheet).to_python()[2:]
        with zipfile.ZipFile(saved) as archive:
            content = archive.read("content.xml").decode("utf-8")
    version = subprocess.run([office, "--version"], capture_output=True, text=True, check=True).stdout
    kept, offered = sum(bool(row[0]) for row in found), content.count("table:content-validation-name=")
    return {
        "program": " ".join(version.split()[:2]),
        "rows": kept,
        "rows_with_the_drop_down": offered,
        "entries": "代码.$A$1:.$A$4" in content,
        "intact": kept == offered == rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--publish", metavar="FOLDER")
    asked = parser.parse_args()
    if asked.publish:
        publish(asked.rows, asked.seed, Path(asked.publish))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "blank").mkdir()
        blank_workbook(folder / "blank" / "grid.xlsx")
        told = run(
            module("publishing", "--rows", str(asked.rows), "--seed", str(asked.seed), "--publish", name)
        )
        answer, file = told["answer"], folder / "grid.xlsx"
        seconds = round(sum(answer["seconds"].values()), 2)
        result = {
            "machine": machine(),
            "load": round(os.getloadavg()[0], 1),  # of other work too: on a busy machine look at cpu
            "seed": asked.seed,
            "rows": answer["rows"],
            "cells": answer["cells"],
            "seconds": answer["seconds"] | {"total": seconds},
            "cpu": answer["cpu"],
            "peak_mb": answer["peak_mb"],
            "file_mb": round(file.stat().st_size / 1e6, 1),
            "bar": BAR,
            "met": seconds < BAR["seconds"] and answer["peak_mb"] < BAR["peak_mb"],
            "opened": opened(file, asked.rows) if asked.open else None,
            "command": f"python -m benchmarks.publishing --rows {asked.rows} --seed {asked.seed}"
            + (" --open" if asked.open else ""),
        }
    path = RESULTS / "publishing.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
