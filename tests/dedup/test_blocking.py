"""Candidate pairs against an obvious slow oracle, and budgets."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.blocking import candidate_pairs
from dedup.model import Model, parse_model
from dedup.variants import collapse

MODEL = """
version = "1"
reads = "text"
prior = -3.0
link = 100.0
review = 0.0
columns = { a = "text", b = "text" }
[[comparison]]
name = "a"
compares = "equal"
columns = ["a"]
levels = { equal = { points = 1.0, zh = "同" }, differ = { points = -1.0, zh = "异" } }
[[block]]
columns = ["a"]
budget = %d
[[block]]
columns = ["b", "a_head"]
budget = 1000
"""


def model(budget: int = 1000) -> Model:
    return parse_model("test", MODEL % budget)


words = st.sampled_from(["ann", "anna", "bob", "eve", None])


@settings(max_examples=150)
@given(st.lists(st.tuples(words, words), max_size=12), st.sampled_from([0, 1, 3, 1000]))
def test_nodes_meet_when_and_only_when_they_agree_on_a_whole_key_within_its_budget(rows, budget):
    records = pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate("ab")})
    # Nobody is linked under this model, so each record is a node of its own.
    found = candidate_pairs(collapse(records, model(budget)), model(budget))
    stated = [one[0] for one in rows]

    def meet(one, other):
        many = stated.count(one[0])
        same_a = one[0] is not None and one[0] == other[0] and many * (many - 1) // 2 <= budget
        heads = one[0] is not None and other[0] is not None and one[0][:4] == other[0][:4]
        return same_a or (heads and one[1] is not None and one[1] == other[1])

    expected = [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows)) if meet(rows[i], rows[j])]
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected


def test_a_block_over_its_budget_is_cut_and_told():
    records = pa.table({"a": ["ann"] * 5 + ["bob"] * 2, "b": pa.nulls(7, pa.string())})
    found = candidate_pairs(collapse(records, model(budget=9)), model(budget=9))
    assert np.stack([found.left, found.right]).T.tolist() == [[5, 6]]
    assert (found.cuts.key.tolist(), found.cuts.pairs.tolist()) == ([0], [10])
