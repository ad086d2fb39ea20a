"""Memory is bounded by a batch: four times the rows take no more of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pages import HEAD

from connectors.read.batch import BATCH_ROWS, MEMORY_MB

COLUMNS = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
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
format = "csv"
file = "*.csv"
key = "编号"
columns = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
[fields]
name = "姓名"
id_number = "身份证号"
birth_date = "出生日期"
phone = "联系电话"
address = "地址"
"""
)
MARGIN_MB = 100  # what allocators keep once a few batches went by; held as a whole, the rows would take 170


def take_in(folder: Path, rows: int) -> dict[str, int]:
    """One csv, taken in by a process of its own; its rows and the most memory it held."""
    file = folder / f"{rows}.csv"
    with file.open("w", encoding="gb18030") as out:
        out.write(",".join(COLUMNS) + "\n")
        for at in range(rows):
            day = f"{1940 + at % 70}-{at % 12 + 1:02}-{at % 28 + 1:02}"
            out.write(f"P{at},王{chr(0x4E00 + at % 5000)},,{day},138{at:08},近江路{at % 900}号{at % 40}室\n")
    run = [sys.executable, "-c", TAKE_IN, str(file), str(folder)]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_four_times_the_rows_take_no_more_memory(tmp_path) -> None:
    (tmp_path / "trial.toml").write_text(PLATFORM, encoding="utf-8")
    small, large = (take_in(tmp_path, rows) for rows in (BATCH_ROWS + 1000, 4 * (BATCH_ROWS + 1000)))
    assert large["staged"] == 4 * small["staged"] == 4 * (BATCH_ROWS + 1000)
    assert large["claims"] > 3 * small["claims"]
    assert large["peak"] < small["peak"] + MARGIN_MB
    assert large["peak"] < MEMORY_MB
