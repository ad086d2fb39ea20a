"""How fast an export is taken in: parsed into cells, and staged into records and claims; csv in two encodings, xlsx with one
sheet and with two, and xls.

Run by `make bench-staging`. The files are made here: the grid platform's twenty used columns, one row a person, most
values repeated from row to row as they are in an export (few codes and dates, a phone and an address a household). Each
file is taken in by a process of its own, at two sizes, so that the difference tells what a row costs in memory; several
times: others may use the machine, and how much they did is noted. Of one process alone the run that needed least CPU counts,
its wall seconds as well; of two at once the one that ended first.
Writes benchmarks/results/staging.json with machine, versions, command and seed; docs quote that file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.night import RESULTS, machine
from benchmarks.processes import Stages, module, run
from connectors.durable import copy_file
from connectors.land.parse import parse
from connectors.platform import Format, Platform, TwoSheets, read_platforms
from connectors.read.batch import MEMORY_MB
from connectors.stage import Staged, stage
from connectors.write import Cell, write_export
from dedup.normalise.area import Area
from dedup.normalise.id_numbers import check_character

FILES: dict[str, tuple[Format, str]] = {
    "csv-gb18030": ("csv", "gb18030"),
    "csv-utf-8": ("csv", "utf-8"),
    "xlsx": ("xlsx", "utf-8"),
    "xlsx-two-sheets": ("xlsx", "utf-8"),
    "xls": ("xls", "utf-8"),
}
MOST_ROWS = {"xls": 65_000}  # the format holds 65,536
TWO = TwoSheets("家庭", "成员", "户编号")
OF_THE_HOUSEHOLD = ("门牌地址", "所属网格", "户籍地址", "联系电话")  # what stands on its sheet
NIGHT = date(2026, 11, 23)
AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
CORES = 2
REPEATS = 3
_FIRST = 200  # rows
A_HOUSEHOLD = 3  # people on average
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国晓东志红"


def twenty_columns(name: str) -> Platform:
    """The grid platform with only the columns that are used, as a file of this format and encoding."""
    form, encoding = FILES[name]
    grid = read_platforms()[0]["grid"]
    columns = (str(grid.export.key), *(field.column for field in grid.fields.values()))
    export = replace(
        grid.export, format=form, encoding=encoding, columns=columns, instructions={}, rows=(1, 10_000_000)
    )
    platform = replace(grid, export=export, ignore={})
    return on_two_sheets(platform) if name == "xlsx-two-sheets" else platform


def on_two_sheets(platform: Platform) -> Platform:
    """The same platform with its households on a sheet of their own."""
    export, link = platform.export, f"{TWO.household}/{TWO.link}"
    columns = (link, *map(sheet_and_column, export.columns))
    fields = {
        name: replace(field, column=sheet_and_column(field.column)) for name, field in platform.fields.items()
    }
    key = sheet_and_column(str(export.key))
    return replace(
        platform,
        fields=fields,
        ignore={link: "stands on the members' sheet"},
        export=replace(export, key=key, columns=columns, two_sheets=TWO, sheet=None),
    )


def sheet_and_column(column: str) -> str:
    """Where a column of the one sheet stands on the two.

    >>> sheet_and_column("姓名"), sheet_and_column("门牌地址")
    ('成员/姓名', '家庭/门牌地址')
    """
    return f"{TWO.household if column in OF_THE_HOUSEHOLD else TWO.members}/{column}"


def rows_for(platform: Platform, rows: int, seed: int) -> list[dict[str, Cell]]:
    """People as the platform writes them."""
    if platform.export.two_sheets is None:
        return list(people(rows, seed))
    link = f"{TWO.household}/{TWO.link}"
    return [
        {link: person[TWO.link]} | {sheet_and_column(name): cell for name, cell in person.items()}
        for person in people(rows, seed)
    ]


def people(rows: int, seed: int) -> Iterator[dict[str, Cell]]:
    """One row a person; who lives together shares address, phone and household number."""
    dice = Random(seed)
    for at in range(rows):
        home = at // A_HOUSEHOLD
        born = date(1935 + dice.randrange(80), 1 + dice.randrange(12), 1 + dice.randrange(28))
        first17 = f"330102{born:%Y%m%d}{at % 1000:03}"
        yield {
            "人员编号": f"P{at:08}",
            "姓名": dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(GIVEN),
            "身份证号": first17 + check_character(first17),
            "性别": "男" if at % 1000 % 2 else "女",
            "出生日期": f"{born:%Y%m%d}",
            "联系电话": f"138{home:08}",
            "门牌地址": f"近江路{home % 90 + 1}号近江家园{home % 40 + 1}幢{home % 4 + 1}单元{home % 18 + 1}0{home % 4 + 1}室",
            "所属网格": f"近江社区第{home % 12 + 1}网格",
            "户籍地址": f"上城区望江街道近江社区近江路{home % 90 + 1}号",
            "户编号": f"H{home:07}",
            "是否人户分离": dice.choice("001"),
            "是否已迁出": "0",
            "是否已死亡": "0",
            "民族": dice.choice(("汉族", "汉族", "汉族", "回族")),
            "政治面貌": dice.choice(("群众", "群众", "中共党员")),
            "婚姻状况": dice.choice(("未婚", "已婚", "已婚", "离异")),
            "文化程度": dice.choice(("小学", "初中", "高中", "大学本科")),
            "更新日期": f"2026{at % 12 + 1:02}15",
        }


def take_in(name: str, file: Path, folder: Path) -> None:
    """Parse and stage one file in this process, and report."""
    platform, first = twenty_columns(name), folder / f"first{file.suffix}"
    write_export(platform, rows_for(platform, _FIRST, 0), first)
    _taken(platform, first, folder, Stages())
    measured = Stages()
    staged = _taken(platform, file, folder, measured)
    measured.report(rows=staged.staged, claims=staged.claims.num_rows)


def _taken(platform: Platform, file: Path, folder: Path, measured: Stages) -> Staged:
    cells, sha256 = folder / "cells.parquet", copy_file(file, None)
    with measured("parse"):
        parsed = parse(file, sha256, platform, folder / f"original{file.suffix}", cells)
    if "problem" in parsed:
        raise RuntimeError(str(parsed["problem"]))
    with measured("stage"):
        return stage(
            platform, cells, area=AREA, key=b"benchmark", source=file.name, night=NIGHT, scratch=folder
        )


def measure(name: str, rows: int, seed: int) -> dict[str, Any]:
    """One file of one size: taken in alone, and by two processes at once as the workers of a night do."""
    platform = twenty_columns(name)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(CORES) as pool:
        file = Path(folder) / f"export.{platform.export.format}"
        write_export(platform, rows_for(platform, rows, seed), file)
        size = file.stat().st_size
        load = os.getloadavg()[0]
        runs = [_taken_in(name, file) for _ in range(REPEATS)]
        together = [list(pool.map(partial(_taken_in, name), [file] * CORES)) for _ in range(REPEATS)]
    alone = min(runs, key=lambda run: sum(run["cpu"].values()))
    seconds, cpu = alone["seconds"], alone["cpu"]
    slowest = min(max(sum(one["seconds"].values()) for one in pair) for pair in together)
    return {
        "file": name,
        "rows": alone["rows"],
        "file_mb": round(size / 1e6, 1),
        "claims": alone["claims"],
        "seconds": seconds,
        "cpu": cpu,
        "load_before": round(load, 1),
        "rows_per_second_alone": round(rows / sum(seconds.values())),
        "rows_per_second_on_two_cores": round(CORES * rows / slowest),
        "rows_per_cpu_second": round(rows / sum(cpu.values())),
        "cpu_us_a_row": round(sum(cpu.values()) / rows * 1e6, 1),
        "peak_mb": max(run["peak_mb"] for run in runs),
    }


def _taken_in(name: str, file: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=file.parent) as own:
        answer: dict[str, Any] = run(module("staging", "--take-in", name, file, own))["answer"]
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=240_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--take-in", nargs=3, metavar=("NAME", "FILE", "FOLDER"))
    asked = parser.parse_args()
    if asked.take_in:
        name, file, folder = asked.take_in
        take_in(name, Path(file), Path(folder))
        return
    files = [
        measure(name, rows, asked.seed)
        for name in FILES
        for most in (min(asked.rows, MOST_ROWS.get(name, asked.rows)),)
        for rows in (most // 2, most)
    ]
    for small, large in zip(files[::2], files[1::2], strict=True):
        more = large["rows"] - small["rows"]
        large["bytes_a_further_row"] = round((large["peak_mb"] - small["peak_mb"]) * 2**20 / more)
    result = {
        "machine": machine(),
        "seed": asked.seed,
        "memory_bound_mb": MEMORY_MB,
        "files": files,
        "command": f"python -m benchmarks.staging --rows {asked.rows} --seed {asked.seed}",
    }
    path = RESULTS / "staging.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
