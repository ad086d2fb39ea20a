"""Agreement by chance: counted by hand where it can be, and the same where pairs are drawn instead."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dedup.chance import chosen_by, level_chances
from dedup.compare import COMPARERS
from dedup.model import Model, built_in, parse_model
from dedup.nodes import Nodes
from dedup.prepare import PREPARERS
from dedup.variants import collapse

OWN = parse_model(
    "own",
    """
version = "1"
reads = "text"
prior = -3.0
link = 1.0
review = 0.0
[columns]
town = "text"
[[comparison]]
name = "town"
compares = "equal"
columns = ["town"]
[comparison.levels]
equal = { points = 5.0, zh = "一致" }
differ = { points = -5.0, zh = "不同" }
[[block]]
columns = ["town"]
budget = 10
""",
)


def towns(random: np.random.Generator, records: int) -> Nodes:
    said: list[Any] = [["a", "b", "c", None][code] for code in random.integers(0, 4, records)]
    return collapse(pa.table({"town": pa.array(said, pa.string())}), OWN)


def spread(nodes: Nodes, model: Model, place: int) -> list[float]:
    """Every pair of records of different nodes, one by one."""
    one = model.comparisons[place]
    counts = [0.0] * len(one.level_names)
    for a, b in combinations(range(len(nodes.record_node)), 2):
        left, right = nodes.record_node[[a, b]]
        if left != right:
            pair = np.array([left]), np.array([right])
            counts[int(COMPARERS[one.compares](nodes, *pair, one.columns, one.options)[0])] += 1
    return counts


def test_the_collision_shares_are_those_counted_by_hand() -> None:
    each = collapse(pa.table({"town": pa.array(["a", "b", "c", None])}), OWN)
    apart = each.take(np.array([0, 0, 0, 1, 1, 2, 3, 3]))  # eight nodes, also where two state the same
    found = level_chances(apart, OWN.comparisons[0], OWN)
    # equal: 3 pairs of a and 1 of b; six records are known, so 15 pairs are; 13 pairs miss one.
    assert found.pairs.tolist() == [13.0, 4.0, 11.0]


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_of_records_counts_once(seed: int) -> None:
    nodes = towns(np.random.default_rng(seed), 40)
    assert level_chances(nodes, OWN.comparisons[0], OWN).pairs.tolist() == spread(nodes, OWN, 0)


def test_rare_agreement_is_found_though_few_pairs_are_drawn() -> None:
    """600 records of which ten pairs share an ID number: no random sample of 2,000 pairs would see them well."""
    model = built_in("resident")
    numbers = [f"33010219{50 + n % 40}010{n % 9 + 1}{n:03d}X" for n in range(590)]
    table = {name: pa.nulls(600, pa.string()) for name in PREPARERS["resident"].stated({})}
    table["id_number"] = pa.array(numbers + numbers[:10])
    table["id_quality"] = pa.array(["checksum_fail"] * 600)
    table["name"] = pa.array([f"王{chr(0x4E00 + n)}{chr(0x5E00 + n)}" for n in range(600)])
    table["name_quality"] = pa.array(["ok"] * 600)
    nodes = collapse(pa.table(table), model)
    one = model.comparison("id_number")
    equal = one.level_names.index("equal_bad")
    drawn = level_chances(nodes, one, model, drawn=2_000)
    assert drawn.pairs[equal] == pytest.approx(10.0, rel=0.05)
    assert drawn.pairs.sum() == pytest.approx(600 * 599 / 2, rel=0.02)


def test_drawn_counts_are_those_of_all_pairs_on_average() -> None:
    model = built_in("resident")
    random = np.random.default_rng(5)
    names = [a + b for a in "王李张陈" for b in ("伟", "芳", "玮珺", "晓东", "小东")]
    table = {name: pa.nulls(300, pa.string()) for name in PREPARERS["resident"].stated({})}
    table["name"] = pa.array([names[n] for n in random.integers(0, len(names), 300)])
    table["name_quality"] = pa.array(["ok"] * 300)
    nodes = collapse(pa.table(table), model)
    whole = level_chances(nodes, model.comparison("name"), model).pairs
    drawn = level_chances(nodes, model.comparison("name"), model, drawn=5_000).pairs
    assert whole.sum() == 300 * 299 / 2
    for level in np.flatnonzero(whole > 300):
        assert drawn[level] == pytest.approx(whole[level], rel=0.15)


@pytest.mark.parametrize(
    ("columns", "held_out"),
    [
        (("name", "birth"), {"name", "birth_date"}),
        (
            ("id_number",),
            {"id_number", "birth_date", "sex"},
        ),  # both are read from the number where not stated
        (("surname", "phone"), {"name", "contact"}),
        (("pinyin", "home"), {"name", "contact"}),
        (("name", "birth_year"), {"name", "birth_date"}),
    ],
)
def test_what_pairs_were_chosen_by_is_no_evidence_about_them(
    columns: tuple[str, ...], held_out: set[str]
) -> None:
    model = built_in("resident")
    known = PREPARERS["resident"].columns({})
    assert {one.name for one in model.comparisons if chosen_by(columns, one, known)} == held_out


def test_a_sound_made_of_a_column_chooses_by_that_column() -> None:
    model = built_in("person")
    known = PREPARERS["text"].columns(model.columns)
    chosen = {
        one.name for one in model.comparisons if chosen_by(("surname_sound", "suburb_sound"), one, known)
    }
    assert chosen == {"given_name", "surname", "suburb"}
