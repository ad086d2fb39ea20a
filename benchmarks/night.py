"""How long a night takes and how much memory it needs: a synthetic city, two nights' commands, in their own processes.

Run by `make bench`. Writes benchmarks/results/night.json with machine, versions, command and seed; docs quote that file.
Timings belong here and never in a test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from synthetic_city.records import TWELVE

RESULTS = Path(__file__).parent / "results"
COMMAND = Path(sys.executable).parent / "enter-once"
PACKAGES = ("duckdb", "pyarrow", "pandas", "rapidfuzz", "dagster", "great-expectations")


def run(*arguments: str) -> dict[str, Any]:
    """Run one command of the product in its own process: its JSON answer, wall and CPU seconds.

    Raises:
        RuntimeError: it could not do what it was asked, and what it says.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([COMMAND, *arguments, "--json"], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer = json.loads(done.stdout) if done.stdout.strip() else {}
    if "error" in answer or done.returncode > 1:
        raise RuntimeError(f"{' '.join(arguments)}: {answer.get('error', done.stderr[-3000:])}")
    return {
        "command": " ".join(arguments),
        "exit": done.returncode,
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
    } | {"answer": answer}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def measure(residents: int, seed: int, platforms: str) -> dict[str, Any]:
    """A city, its night, the same night again, and the score against the truth."""
    with tempfile.TemporaryDirectory() as folder:
        site = f"{folder}/site"
        asked = ("--residents", str(residents), "--seed", str(seed), "--platforms", platforms)
        city = run("city", site, *asked)
        first = run("nightly", "--site", site)
        second = run("nightly", "--site", site)
        score = run("score", "--site", site)
    night = first["answer"]
    return {
        "residents": residents,
        "platforms": sum(row["rows_in"] > 0 for row in night["platforms"].values()),
        "rows": sum(row["rows_in"] for row in night["platforms"].values()),
        "quarantined": sum(row["quarantined"] for row in night["platforms"].values()),
        "city": {"wall_s": city["wall_s"], "cpu_s": city["cpu_s"]},
        "night": {
            "wall_s": first["wall_s"],
            "cpu_s": first["cpu_s"],
            "peak_mb": night["peak_mb"],
            "steps": night["steps"],
            "published_cells": night["published_cells"],
        },
        "same_night_again": {
            "wall_s": second["wall_s"],
            "cpu_s": second["cpu_s"],
            "published_cells": sum(row["changes"] for row in second["answer"]["platforms"].values()),
        },
        "score": score["answer"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    result = {
        "machine": machine(),
        "command": f"python -m benchmarks.night --residents {asked.residents} --seed {asked.seed}",
        "seed": asked.seed,
        # The city that figures have always been measured on, and one of every platform there is.
        "twelve_platforms": measure(asked.residents, asked.seed, ",".join(TWELVE)),
        "all_platforms": measure(asked.residents // 4, asked.seed, "all"),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "night.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
