"""The figures of `matching.py` as a page to read.

Lives elsewhere: measuring (`matching.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEAD = """# Matching, side by side

Written by `make bench-matching` from matching.json; medians over the seeds named there, each seed another city.
Accuracy is that of the clusters, pairwise over all true pairs, also those never compared. "At best" is the threshold
with the best F1 in hindsight, chosen on the truth: a ceiling that no user has. *Two numbers*: clusters that hold two
different trustworthy ID numbers. *Match* is block, score, cluster and, for Splink, training, on normalised
records; *all CPU* is raw values to clusters: of ours the whole process, which also estimates how good they are and writes
them (until it has them: `cpu_to_clusters_s` of each run in matching.json); of the peers the process until it has them, and
normalising, measured once.
"""
COLUMNS = (
    "contender",
    "precision",
    "recall",
    "F1",
    "worst precision",
    "B-cubed F1",
    "exact",
    "largest",
    "two numbers",
    "pairs",
    "match wall s",
    "match CPU s",
    "all CPU s",
    "peak MB",
)


def table(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = [HEAD]
    for name, found in results.items():
        machine = found["machine"]
        versions = ", ".join(f"{package} {number}" for package, number in machine["versions"].items())
        parts.append(
            f"\n## {name}: {found['records']:,} records, {_facts(found['data'])}\n\n"
            f"Seeds {', '.join(map(str, found['seeds']))}; `{found['command']}`; {machine['cores']} cores, "
            f"{machine['memory_gib']} GiB, Python {machine['python']}, {versions}.\n\n"
            + "\n".join(_lines(found))
            + "\n"
        )
    return "".join(parts)


def _facts(data: dict[str, Any]) -> str:
    if "number" in data:
        return f"FEBRL {data['number']}"
    return f"{data['residents']:,} residents, {data['sources']} sources, noise ×{data['noise']:g}"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" * len(COLUMNS) + "|"
    for contender, one in found["contenders"].items():
        ours = contender == "enter-once"
        everything = one["cpu_s"] + (0 if ours else found["normalise_cpu_s"])
        cost = [
            f"{one['pairs']:,.0f}",
            f"{one['match_wall_s']:.1f}",
            f"{one['match_cpu_s']:.1f}",
            f"{everything:.1f}",
            f"{one['peak_mb']:,.0f}",
        ]
        yield _row([contender, *_accuracy(one["fixed"], one["worst_precision"]), *cost])
        if "best" in one:
            yield _row([f"{contender}, at best", *_accuracy(one["best"], None), *[""] * len(cost)])


def _accuracy(figures: dict[str, Any], worst: float | None) -> list[str]:
    return [
        *(f"{figures[name]:.4f}" for name in ("precision", "recall", "f1")),
        "" if worst is None else f"{worst:.4f}",
        f"{figures['b3_f1']:.4f}",
        f"{figures['exact']:.4f}",
        f"{figures['largest']:.0f}",
        f"{figures['two_numbers']:.0f}",
    ]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
