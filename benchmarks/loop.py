"""The closed loop at the size of its bar: a city of 5,000, every platform, fourteen nights; every figure of `enter-once live`.

Run by `make bench-loop` (twenty minutes on two cores). `load` says how busy the machine was with other work before it began.
Writes benchmarks/results/loop.json; docs/loop.md quotes that file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks.night import RESULTS, machine, run


def main() -> None:
    """Measure, write the results file, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", default="5000")
    parser.add_argument("--nights", default="14")
    parser.add_argument("--seed", default="7")
    asked = parser.parse_args()
    command = ("live", "--residents", asked.residents, "--nights", asked.nights, "--seed", asked.seed)
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as folder:
        ran = run(*command, "--site", str(Path(folder) / "site"))
    found = {
        "command": " ".join(("enter-once", *command)),
        "machine": machine(),
        "load": load,
        **ran["answer"],
    }
    (RESULTS / "loop.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
