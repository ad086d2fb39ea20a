"""Whether the figures of the loop notice: the same city with one safeguard off, and with all of them on.

Run by `make bench-loop`, after the loop itself, or `python -m benchmarks.sabotage echo veto`. A safeguard that shows in any
town at once is tried in a small one; what needs rare accidents (a slip that was put right, two people who could be taken for
one) in a larger one where more happens and more is mistyped. Writes benchmarks/results/sabotage.json; docs/loop.md quotes
that file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.night import RESULTS, machine, run


@dataclass(frozen=True, slots=True)
class Town:
    """How large, how long, and how many times as much happens, and is mistyped, as in an ordinary city."""

    residents: int
    nights: int
    pace: float = 1.0
    noise: float = 1.0

    def command(self, safeguard: str | None) -> tuple[str, ...]:
        """The loop in this town, with one safeguard off or none."""
        asked = {"residents": self.residents, "nights": self.nights, "pace": self.pace, "noise": self.noise}
        words = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
        return ("live", *words, *(("--sabotage", safeguard) if safeguard else ()))


# The town that shows each safeguard, and the figures in which it shows.
TOWNS: Mapping[str, Town] = {
    "allow-list": Town(300, 2),
    "double-send": Town(300, 2),
    "echo": Town(1500, 8, pace=4.0, noise=4.0),
    "veto": Town(2500, 3, noise=4.0),
}
FIGURES: Mapping[str, tuple[str, ...]] = {
    "allow-list": ("outside_allow_list",),
    "double-send": ("duplicate_batches",),
    "echo": ("wrong_introduced", "wrong_carried_not_gone"),
    "veto": ("wrong_introduced",),
}


def figures(town: Town, safeguard: str | None) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        answer = run(*town.command(safeguard), "--site", str(Path(folder) / "site"))["answer"]
    answer.pop("nights")
    return dict(answer)


def main() -> None:
    """Measure, write the results file, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("safeguards", nargs="*", default=[*TOWNS], metavar="SAFEGUARD")
    asked = parser.parse_args()
    path = RESULTS / "sabotage.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    whole: dict[Town, dict[str, Any]] = {}
    for name in asked.safeguards:
        town = TOWNS[name]
        if town not in whole:
            whole[town] = figures(town, None)
        on, off = whole[town], figures(town, name)
        known[name] = {
            "command": " ".join(("enter-once", *town.command(name))),
            "machine": machine(),
            "shows_in": {figure: {"on": on[figure], "off": off[figure]} for figure in FIGURES[name]},
            "on": on,
            "off": off,
        }
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: one["shows_in"] for name, one in known.items()}, indent=1))


if __name__ == "__main__":
    main()
