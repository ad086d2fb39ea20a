"""Precision and recall against the link threshold, as pictures: cities that no weight was set on, and the estimate beside.

Run by `make bench`. Writes docs/pictures/matching-*.svg and benchmarks/results/curves.json; docs/matching.md shows them.
Lives elsewhere: the estimate (`dedup/estimates.py`), accuracy in full and against peers (`matching.py`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import matplotlib as mpl
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.accuracy import Truth, codes, measure
from benchmarks.night import machine
from benchmarks.records import write_records
from dedup.estimates import estimates
from dedup.link import KEYS
from dedup.match import match
from dedup.model import Model, built_in
from dedup.records import read_records
from dedup.train import train_on_file

RESULTS = Path(__file__).parent / "results" / "curves.json"
PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
TRAINED_ON = 901  # the seed of the city that the trained model learns from, at noise 1
NOISES = (1.0, 4.0)
THRESHOLDS = (-6.0, -3.0, 0.0, 3.0, 6.0, 9.0, 12.0, 16.0, 20.0)
COLOURS = {"built-in": "#b5482a", "trained": "#2a6fb5"}
PRECISION_WANTED = 0.998

mpl.rcParams |= {"svg.hashsalt": "enter-once", "svg.fonttype": "none", "font.size": 9}


def city(folder: Path, residents: int, seed: int, noise: float) -> Path:
    """The records of a city as a file."""
    path = folder / f"{seed}-{noise:g}.parquet"
    write_records(path, residents=residents, seed=seed, noise=noise)
    return path


def curve(path: Path, model: Model) -> Iterator[dict[str, float]]:
    """Truth and estimate at each threshold."""
    keys = KEYS[model.reads](read_records(path, model), model)
    person = codes(pq.read_table(path, columns=["record_id", "person_id"]).sort_by("record_id")["person_id"])
    truth = Truth(person, person * 0 - 1)
    for threshold in sorted({*THRESHOLDS, model.link}):
        moved = replace(model, link=threshold, review=min(model.review, threshold - 1.0))
        matched = match(keys, moved)
        found, expected = measure(matched.record_label, truth), estimates(matched, keys, moved)
        yield {
            "threshold": threshold,
            "precision": round(found.precision, 5),
            "recall": round(found.recall, 5),
            "f1": round(found.f1, 5),
            "precision_estimate": round(expected.precision, 5),
            "recall_estimate": round(expected.recall or 0.0, 5),
        }


def averaged(curves: Sequence[list[dict[str, float]]]) -> list[dict[str, float]]:
    """The same thresholds over several cities: the mean of each figure."""
    return [
        {name: round(mean(one[name] for one in points), 5) for name in points[0]}
        for points in zip(*curves, strict=True)
    ]


def against_threshold(
    axes: Sequence[Axes], by_model: dict[str, list[dict[str, float]]], links: dict[str, float]
) -> None:
    """Precision above, recall below; full lines are the truth, dashed ones the estimate, dots the default."""
    for axis, figure in zip(axes, ("precision", "recall"), strict=True):
        for name, points in by_model.items():
            at = [one["threshold"] for one in points]
            axis.plot(at, [one[figure] for one in points], color=COLOURS[name], label=name)
            axis.plot(
                at, [one[f"{figure}_estimate"] for one in points], "--", color=COLOURS[name], linewidth=1
            )
            default = next(one for one in points if one["threshold"] == links[name])
            axis.plot(links[name], default[figure], "o", color=COLOURS[name])
        axis.set_ylabel(figure)
        axis.grid(alpha=0.3)
    axes[0].axhline(PRECISION_WANTED, color="grey", linewidth=0.8, linestyle=":")
    axes[1].set_xlabel("link threshold, points (log2 odds)")


def against_each_other(
    axis: Axes, by_model: dict[str, list[dict[str, float]]], links: dict[str, float]
) -> None:
    """The precision-recall curve."""
    for name, points in by_model.items():
        axis.plot(
            [one["recall"] for one in points], [one["precision"] for one in points], ".-",
            color=COLOURS[name], label=name,
        )  # fmt: skip
        default = next(one for one in points if one["threshold"] == links[name])
        axis.plot(default["recall"], default["precision"], "o", color=COLOURS[name])
    axis.axhline(PRECISION_WANTED, color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlabel("recall")
    axis.set_ylabel("precision")
    axis.grid(alpha=0.3)


def draw(found: dict[str, Any]) -> None:
    """Both pictures, one column for each noise; the same figures give the same bytes."""
    links, curves = found["link"], found["mean"]
    threshold = Figure(figsize=(8, 5), layout="constrained")
    grid = threshold.subplots(2, len(NOISES), sharex=True)
    each_other = Figure(figsize=(8, 3.2), layout="constrained")
    row = each_other.subplots(1, len(NOISES))
    for column, noise in enumerate(NOISES):
        by_model = curves[f"{noise:g}"]
        against_threshold(grid[:, column], by_model, links)
        against_each_other(row[column], by_model, links)
        for axis in (grid[0, column], row[column]):
            axis.set_title(f"typing errors ×{noise:g}")
            axis.legend()
    PICTURES.mkdir(exist_ok=True)
    for name, figure in (("thresholds", threshold), ("precision-recall", each_other)):
        figure.savefig(PICTURES / f"matching-{name}.svg", metadata={"Date": None})


def measured(residents: int, seeds: Sequence[int], folder: Path) -> dict[str, Any]:
    """Every curve of every city, and their means."""
    models = {
        "built-in": built_in("resident"),
        "trained": train_on_file(city(folder, residents, TRAINED_ON, 1.0), built_in("resident")),
    }
    cities = {(noise, seed): city(folder, residents, seed, noise) for noise in NOISES for seed in seeds}
    curves = {
        f"{noise:g}": {
            name: {str(seed): list(curve(cities[noise, seed], model)) for seed in seeds}
            for name, model in models.items()
        }
        for noise in NOISES
    }
    return {
        "link": {name: model.link for name, model in models.items()},
        "mean": {
            noise: {name: averaged(list(by_seed.values())) for name, by_seed in by_model.items()}
            for noise, by_model in curves.items()
        },
        "cities": curves,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=3000)
    parser.add_argument("--seeds", default="911,912,913")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        found = measured(asked.residents, seeds, Path(folder))
    command = f"python -m benchmarks.curves --residents {asked.residents} --seeds {asked.seeds}"
    about = {
        "machine": machine(),
        "command": command,
        "residents": asked.residents,
        "seeds": seeds,
        "trained_on": TRAINED_ON,
    }
    about["machine"]["versions"]["matplotlib"] = mpl.__version__
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(about | found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draw(found)


if __name__ == "__main__":
    main()
