"""Laws of joining: the veto holds on every path, order does not matter, and a slow oracle agrees."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.cluster import Clusters, Evidence, cluster


def evidence(edges: list[tuple[int, int, float]]) -> Evidence:
    return Evidence(
        left=np.array([a for a, _, _ in edges], dtype=np.int64),
        right=np.array([b for _, b, _ in edges], dtype=np.int64),
        weight=np.array([w for _, _, w in edges], dtype=np.float64),
    )


def run(
    size: int, edges: list[tuple[int, int, float]], trusted: dict[int, int] | None = None, **said: object
) -> Clusters:
    numbers = np.full(size, -1, dtype=np.int64)
    for node, number in (trusted or {}).items():
        numbers[node] = number
    return cluster(size, evidence(edges), numbers, **said)  # type: ignore[arg-type]


@st.composite
def towns(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, float]], dict[int, int], list[tuple[int, int]]]:
    size = draw(st.integers(2, 12))
    node = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(node, node).filter(lambda p: p[0] < p[1]), unique=True, max_size=25))
    weights = st.integers(-15, 20).map(float).filter(bool)
    edges = [(a, b, draw(weights)) for a, b in pairs]
    trusted = draw(st.dictionaries(node, st.integers(0, 3), max_size=6))
    different = draw(st.lists(st.tuples(node, node).filter(lambda p: p[0] < p[1]), max_size=3))
    return size, edges, trusted, different


@settings(max_examples=300)
@given(towns())
def test_two_trustworthy_numbers_never_share_a_cluster_on_any_path(town):
    size, edges, trusted, different = town
    label = run(size, edges, trusted, different=different).label
    for a, number in trusted.items():
        for b, other in trusted.items():
            assert number == other or label[a] != label[b]


DECLARED = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda p: p[0] != p[1]), max_size=3
)
SAME = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=3)


@settings(max_examples=300)
@given(towns(), DECLARED, SAME)
def test_only_two_numbers_that_were_declared_to_be_one_persons_share_a_cluster_and_no_third_with_either(
    town, declared, said
):
    size, edges, trusted, different = town
    same = [(a, b) for a, b in said if a < size and b < size and a != b]
    label = run(size, edges, trusted, same=same, different=different, one_person=declared).label
    pairs = {frozenset(pair) for pair in declared}
    for a, number in trusted.items():
        for b, other in trusted.items():
            assert number == other or label[a] != label[b] or frozenset((number, other)) in pairs
    assert all(label[a] != label[b] for a, b in different)


@settings(max_examples=200)
@given(towns(), DECLARED)
def test_a_declaration_of_numbers_that_nobody_here_bears_changes_nothing(town, declared):
    size, edges, trusted, different = town
    strangers = [(a + 10, b + 20) for a, b in declared]
    with_them = run(size, edges, trusted, different=different, one_person=strangers)
    without = run(size, edges, trusted, different=different)
    assert with_them.label.tolist() == without.label.tolist() and with_them.refused == without.refused


def test_of_three_numbers_each_two_that_are_one_persons_have_to_be_declared():
    edges, trusted = [(0, 1, 18.0), (1, 2, 7.0)], {0: 100, 1: 200, 2: 300}
    assert run(3, edges, trusted).label.tolist() == [0, 1, 2]
    assert run(3, edges, trusted, one_person=[(100, 200)]).label.tolist() == [0, 0, 2]
    assert run(3, edges, trusted, one_person=[(100, 200), (300, 200)]).label.tolist() == [0, 0, 2]
    assert run(3, edges, trusted, one_person=[(100, 200), (300, 200), (100, 300)]).label.tolist() == [0] * 3


@settings(max_examples=300)
@given(towns())
def test_what_a_steward_keeps_apart_stays_apart_also_through_third_records(town):
    size, edges, trusted, different = town
    label = run(size, edges, trusted, different=different).label
    assert all(label[a] != label[b] for a, b in different)


@settings(max_examples=200)
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(town, random):
    size, edges, trusted, different = town
    shuffled = list(edges)
    random.shuffle(shuffled)
    turned = [(b, a, w) if random.random() < 0.5 else (a, b, w) for a, b, w in shuffled]
    one = run(size, edges, trusted, different=different)
    other = run(size, turned, trusted, different=list(reversed(different)))
    assert one.label.tolist() == other.label.tolist()
    assert one.refused == other.refused


@settings(max_examples=200)
@given(towns())
def test_without_contradiction_clusters_are_the_connected_components(town):
    size, edges, _, _ = town
    agreeing = [(a, b, abs(w)) for a, b, w in edges]
    leader = list(range(size))

    def find(node: int) -> int:
        return node if leader[node] == node else find(leader[node])

    for a, b, _ in agreeing:
        low, high = sorted((find(a), find(b)))
        leader[high] = low
    assert run(size, agreeing).label.tolist() == [find(node) for node in range(size)]


@settings(max_examples=200)
@given(towns())
def test_every_cluster_hangs_together_by_links(town):
    size, edges, trusted, different = town
    label = run(size, edges, trusted, different=different).label
    for name in set(label.tolist()):
        members = {node for node in range(size) if label[node] == name}
        reached = {name}
        while more := {
            b if a in reached else a
            for a, b, w in edges
            if w > 0 and {a, b} <= members and len({a, b} & reached) == 1
        }:
            reached |= more
        assert reached == members


def test_a_bridge_between_two_numbers_joins_neither_when_it_fits_both_alike():
    # A masked record 张* born the same day in the same room as twins 张甲 and 张乙: a person must say which.
    found = run(3, [(0, 2, 12.0), (1, 2, 11.0)], {0: 100, 1: 200})
    assert len(set(found.label.tolist())) == 3
    assert {r.reason for r in found.refused} == {"near_tie"}


def test_a_bridge_goes_to_the_clearly_better_side_and_the_other_join_is_recorded():
    found = run(3, [(0, 2, 18.0), (1, 2, 7.0)], {0: 100, 1: 200})
    assert found.label.tolist() == [0, 1, 0]
    assert [(r.left, r.right, r.reason) for r in found.refused] == [(0, 1, "id_conflict")]


def test_evidence_against_counts_when_two_groups_are_joined():
    # One weak link between two families of records that contradict each other twice.
    edges = [(0, 1, 15.0), (2, 3, 15.0), (1, 2, 7.0), (0, 2, -8.0), (0, 3, -8.0)]
    found = run(4, edges)
    assert found.label.tolist() == [0, 0, 2, 2]
    assert [r.reason for r in found.refused] == ["evidence_against"]


def test_a_verdict_joins_what_points_would_keep_apart():
    assert run(2, [(0, 1, -10.0)], same=[(0, 1)]).label.tolist() == [0, 0]


def test_a_mistaken_word_on_two_numbers_tears_neither_of_the_two_people_apart():
    found = run(4, [(0, 1, 15.0), (2, 3, 15.0)], {0: 100, 1: 100, 2: 200, 3: 200}, same=[(0, 2)])
    assert found.label.tolist() == [0, 0, 2, 2]
    assert [(r.left, r.right, r.reason) for r in found.refused] == [(0, 2, "id_conflict")]
