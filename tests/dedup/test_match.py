"""Settled pairs as cases with a story, and the laws of scoring."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.match import match
from dedup.model import built_in
from dedup.normalise.id_numbers import check_character
from dedup.prepare.resident import STATED
from dedup.score import Band, patterns, score_pairs
from dedup.variants import collapse

MODEL = built_in("resident")
PAIRS = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "resident_pairs.toml").read_text(encoding="utf-8")
)["pair"]


def sound(number: str) -> bool:
    return len(number) == 18 and check_character(number[:17]) == number[17]


def persons(rows: list[dict[str, str]]) -> pa.Table:
    filled: list[dict[str, Any]] = []
    for row in rows:
        stated: dict[str, Any] = {name: row.get(name) for name in STATED}
        if row.get("name") and not row.get("name_quality"):
            stated["name_quality"] = "ok"
        number = row.get("id_number")
        if number and not row.get("id_quality"):
            stated["id_quality"] = "ok" if sound(number) else "checksum_fail"
        filled.append(stated)
    return pa.Table.from_pylist(filled, schema=pa.schema([(name, pa.string()) for name in STATED]))


def with_check(number: str) -> str:
    return number[:17] + check_character(number[:17])


@pytest.mark.parametrize("case", PAIRS, ids=lambda case: case["story"])
def test_settled_pairs(case):
    rows = [dict(case["left"]), dict(case["right"])]
    for row in rows:
        if "id_number" in row and "id_quality" not in row and "wrong digit" not in case["story"]:
            row["id_number"] = with_check(row["id_number"])
    if "wrong digit" in case["story"]:
        rows[0]["id_number"] = with_check(rows[0]["id_number"])
    if case["story"].startswith("The mask"):
        rows[1]["id_number"] = with_check(rows[1]["id_number"])
        rows[0]["id_number"] = rows[1]["id_number"][:6] + "********" + rows[1]["id_number"][-4:]
    nodes = collapse(persons(rows), MODEL)
    if len(nodes) == 1:
        assert case["band"] == "link"
        return
    pair = (np.array([0]), np.array([1]))
    found = score_pairs(nodes, *pair, MODEL)
    assert Band(int(found.band[0])).name.lower() == case["band"], found


names = st.sampled_from(
    ["王伟", "王炜", "王玮珺", "李静", "李净", "欧阳明", "张*", "买买提·艾力", "陈晓东", "陈小东"]
)
dates = st.sampled_from(["1985-03-07", "1985-07-03", "1985-03", "1956-11-20", "2015-06-01", "1985-03-08"])
homes = st.sampled_from(
    [
        "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301",
        "上城区|望江街道|近江社区|近江路|12|近江家园||5|||301",
        "上城区|望江街道|近江社区|近江路|12|近江家园||6|1||502",
        "上城区|望江街道|近江社区|近江路|12|近江家园||||||".removesuffix("||") + "|",
    ]
).map(lambda key: "|".join((key.split("|") + [""] * 11)[:11]))
numbers = st.sampled_from(
    ["33010219850307122", "33010219850307124", "33010219561120453", "33010220150601381"]
).map(lambda head: head + check_character(head))


@st.composite
def people(draw: st.DrawFn) -> list[dict[str, str]]:
    fields = {
        "name": names,
        "id_number": numbers,
        "birth_date": dates,
        "sex": st.sampled_from(["1", "2"]),
        "phone": st.sampled_from(["13812345601", "13812345602", "13812345601;13812345602"]),
        "address": homes,
    }
    rows = []
    for _ in range(draw(st.integers(2, 8))):
        chosen = draw(st.sets(st.sampled_from(sorted(fields)), min_size=2))
        row = {name: draw(fields[name]) for name in sorted(chosen)}
        if "*" in row.get("name", ""):
            row["name_quality"] = "masked"
        rows.append(row)
    return rows


@settings(max_examples=150)
@given(people())
def test_a_pair_scores_the_same_from_both_sides(rows):
    nodes = collapse(persons(rows), MODEL)
    left, right = np.triu_indices(len(nodes), k=1)
    one = patterns(nodes, left, right, MODEL)
    other = patterns(nodes, right, left, MODEL)
    assert all((one[name] == other[name]).all() for name in one)


@settings(max_examples=100)
@given(people(), st.data())
def test_some_nodes_by_themselves_compare_as_they_do_among_all(rows, data):
    for row in rows[::2]:
        row["former_name"] = data.draw(names.filter(lambda name: "*" not in name))
    nodes = collapse(persons(rows), MODEL)
    some = np.array(data.draw(st.permutations(range(len(nodes)))))[: data.draw(st.integers(1, len(nodes)))]
    left, right = np.triu_indices(len(some), k=1)
    alone, among = (
        patterns(nodes.take(some).take(np.arange(len(some))), left, right, MODEL),
        patterns(nodes, some[left], some[right], MODEL),
    )
    assert all((alone[name] == among[name]).all() for name in alone)


@settings(max_examples=150)
@given(people(), st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_change_who_is_with_whom(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    label = match(persons(rows), MODEL).record_label
    shuffled = match(persons([rows[place] for place in order]), MODEL).record_label
    together = {(a, b) for a in range(len(rows)) for b in range(len(rows)) if label[a] == label[b]}
    again = {
        (order[a], order[b]) for a in range(len(rows)) for b in range(len(rows)) if shuffled[a] == shuffled[b]
    }
    assert together == again


@settings(max_examples=150)
@given(people(), st.data())
def test_whom_a_steward_keeps_apart_are_apart_in_any_order_also_when_they_state_the_same(rows, data):
    rows = [*rows, rows[0], rows[0]]
    place = st.integers(0, len(rows) - 1)
    different = [(len(rows) - 1, len(rows) - 2), *data.draw(st.lists(st.tuples(place, place), max_size=2))]
    order = data.draw(st.permutations(range(len(rows))))
    where = {row: at for at, row in enumerate(order)}
    label = match(persons(rows), MODEL, different=different).record_label
    shuffled = match(
        persons([rows[at] for at in order]), MODEL, different=[(where[a], where[b]) for a, b in different]
    ).record_label
    assert all(label[a] != label[b] for a, b in different if a != b)
    assert all(shuffled[where[a]] != shuffled[where[b]] for a, b in different if a != b)


@settings(max_examples=150)
@given(people())
def test_no_two_trustworthy_numbers_in_one_cluster(rows):
    matched = match(persons(rows), MODEL)
    held: dict[int, set[str]] = {}
    for row, label, node in zip(rows, matched.record_label, matched.nodes.record_node, strict=True):
        if matched.nodes.facts["id_trusted"][node]:
            held.setdefault(int(label), set()).add(row["id_number"])
    assert all(len(found) == 1 for found in held.values())


@settings(max_examples=100)
@given(people())
def test_a_value_that_is_missing_neither_helps_nor_harms(rows):
    bare = [
        {"name": row.get("name", "王玮珺"), "name_quality": row.get("name_quality", "ok")} for row in rows
    ]
    nodes = collapse(persons(bare), MODEL)
    left, right = np.triu_indices(len(nodes), k=1)
    levels = patterns(nodes, left, right, MODEL)
    assert all((levels[name] == 0).all() for name in ("id_number", "birth_date", "sex", "contact"))
