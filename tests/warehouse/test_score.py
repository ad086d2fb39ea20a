"""The score against truth, on a city small enough to count by hand and against plain enumeration."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.golden import build_golden, choose_values
from warehouse.score import score
from warehouse.site import Site, SiteError
from warehouse.store import open_store

TRUTH = (
    "night",
    "platform",
    "source_key",
    "record_id",
    "resident",
    "household_living",
    "household_registered",
    "dwelling",
)


def write_truth(folder: Path, rows: Sequence[tuple[Any, ...]], residents: dict[str, list[Any]]) -> None:
    pq.write_table(
        pa.table({name: [row[n] for row in rows] for n, name in enumerate(TRUTH)}), folder / "records.parquet"
    )
    pq.write_table(pa.table(residents), folder / "residents.parquet")


def test_a_site_without_truth_says_so(site: Site) -> None:
    with pytest.raises(SiteError, match="enter-once city"):
        score(site)


def test_five_records_counted_by_hand(open_world: Callable[[], AbstractContextManager[Any]]) -> None:
    """张伟 on three platforms, one of them apart; 李娜 glued to 张伟; 王五 never staged."""
    with open_world() as world:
        world.platforms(world.platform("grid"), world.platform("civil"), world.platform("health"))
        world.states("grid", {"g1": {"name": "张伟", "phone": "1"}, "g2": {"name": "李娜"}})
        world.states("civil", {"c1": {"name": "张伟"}})
        world.states("health", {"h1": {"name": "张炜"}})
        world.people(
            RA={"records": ["g1", "c1", "g2"], "living": "HA", "registered": "HA"},
            RB={"records": ["h1"], "living": "HA", "registered": "HB"},
        )
        choose_values(world.con)
        build_golden(world.con)
    old = ("2026-02-01", "grid", "OLD", "x", "T9", "L9", "K9", "D9")
    truth = [
        ("2026-03-01", platform, record.upper(), record, person, living, book, "D")
        for platform, record, person, living, book in (
            ("grid", "g1", "T1", "L1", "K1"),
            ("civil", "c1", "T1", "L1", "K1"),
            ("health", "h1", "T1", "L1", "K1"),
            ("grid", "g2", "T2", "L1", "K2"),
            ("health", "w5", "T3", None, "K3"),
        )
    ]
    write_truth(
        world.site.truth,
        [old, *truth],
        {"resident": ["T1", "T2", "T3"], "name": ["张伟", "李娜", "王五"], "phone": ["1", "2", None]},
    )
    found = score(world.site)
    assert found["records"] == 5
    assert found["not_resolved"] == 1
    assert found["pairs"] == {
        "precision": 1 / 3,
        "recall": 1 / 3,
        "f1": 1 / 3,
        "false_merges": 2,
        "false_merge_records": [["c1", "g2"]],
    }
    assert found["clusters"] == {"exact": 1 / 3}
    assert found["households"] == {"living": {"exact": 1.0}, "registered": {"exact": 0.0}}
    assert found["cells"] == {"name": 0.5, "phone": 1.0}
    assert found["cells_known"] == {"name": 1 / 3, "phone": 0.5}


@pytest.mark.parametrize("seed", range(3))
def test_counting_by_group_sizes_is_counting_every_pair(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    rows = [
        ("2026-03-01", "grid", f"K{n}", f"r{n}", f"T{dice.randrange(25)}", f"L{dice.randrange(9)}", None, "D")
        for n in range(80)
    ]
    ours = {
        row[3]: f"R{dice.randrange(25)}" if dice.random() < 0.5 else f"R{row[4]}"
        for row in rows
        if dice.random() < 0.9
    }
    with open_store(site) as con:
        for _, platform, source_key, record, *_ in rows:
            if record in ours:
                con.execute(
                    "insert into resolved.record values (?, ?, ?, ?, null, null, null)",
                    [platform, source_key, record, ours[record]],
                )
    write_truth(site.truth, rows, {"resident": [f"T{n}" for n in range(25)]})
    true = {frozenset(pair) for pair in combinations(rows, 2) if pair[0][4] == pair[1][4]}
    joined = {
        frozenset(pair) for pair in combinations(rows, 2)
        if ours.get(pair[0][3]) is not None and ours.get(pair[0][3]) == ours.get(pair[1][3])
    }  # fmt: skip
    groups = {frozenset(row[3] for row in rows if row[4] == person) for person in {row[4] for row in rows}}
    clusters = {frozenset(r for r, c in ours.items() if c == name) for name in set(ours.values())} | {
        frozenset([row[3]]) for row in rows if row[3] not in ours
    }
    found = score(site)
    assert found["pairs"]["precision"] == pytest.approx(len(true & joined) / len(joined))
    assert found["pairs"]["recall"] == pytest.approx(len(true & joined) / len(true))
    assert found["pairs"]["false_merges"] == len(joined - true)
    assert found["clusters"]["exact"] == pytest.approx(len(groups & clusters) / len(groups))
    assert found["households"] == {"living": {"exact": 0.0}, "registered": {"exact": None}}
    merged = {frozenset(pair) for pair in found["pairs"]["false_merge_records"]}
    assert merged <= {frozenset(row[3] for row in pair) for pair in joined - true}
