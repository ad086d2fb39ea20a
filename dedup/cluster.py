"""From linked pairs to clusters that hold no contradiction: the one place where records are joined.

Belongs here: joining, the veto at every join, and every refused join with its reason. Lives elsewhere: points
(`score.py`), names of clusters (`resolve.py`), what stewards said (`stewardship`, handed in as pairs).

Components without a contradiction are taken as they are. In the others clusters are joined greedily, the strongest
total evidence first (evidence against counts too); a join that would bring two trustworthy ID numbers (unless exactly
these two were declared to be one person's) or two records that a steward keeps apart under one roof is refused. The
result does not depend on the order of the input: ties fall to the smaller node number, and nodes are numbered by record
id.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from dedup.columns import Ints, distinct

Reason = Literal["id_conflict", "verdict_different", "near_tie", "evidence_against"]

NEAR_TIE = (
    4.0  # points: a runner-up that close, and in contradiction with the best, leaves the choice to a person
)
STRONGEST = 20.0  # no single pair outvotes more than this
VERDICT = 1000.0


@dataclass(frozen=True, slots=True)
class Refused:
    """A join that the points asked for and that was not made."""

    left: int
    right: int
    reason: Reason
    points: float


@dataclass(frozen=True, slots=True)
class Clusters:
    """`label[node]` is the smallest node of the node's cluster; `component[node]`, of all that links reach from it."""

    label: Ints
    component: Ints
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Pairs of nodes with what they weigh: positive joins, negative keeps apart."""

    left: Ints
    right: Ints
    weight: npt.NDArray[np.float64]


def cluster(
    size: int,
    evidence: Evidence,
    trusted: Ints,
    same: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
    one_person: Iterable[tuple[int, int]] = (),
) -> Clusters:
    """Join nodes.

    Args:
        size: number of nodes.
        evidence: scored pairs; a pair not listed weighs nothing.
        trusted: per node the code of its trustworthy ID number, -1 for none. Two codes never share a cluster, but for
            those of one_person.
        same: pairs of nodes a steward declared to be one person.
        different: pairs of nodes a steward keeps apart, on every path.
        one_person: pairs of codes that were declared to be one person's. Each speaks for itself: from a and b, and b
            and c, nothing follows for a and c.
    """
    left = np.concatenate([evidence.left, np.array([a for a, _ in same], dtype=np.int64)])
    right = np.concatenate([evidence.right, np.array([b for _, b in same], dtype=np.int64)])
    weight = np.concatenate(
        [np.clip(evidence.weight, -STRONGEST, STRONGEST), np.full(len(left) - len(evidence.left), VERDICT)]
    )
    apart = frozenset((min(a, b), max(a, b)) for a, b in different)
    declared = frozenset((min(a, b), max(a, b)) for a, b in one_person)
    component = _components(size, left[weight > 0], right[weight > 0])
    contested = _contested(component, left, right, weight, trusted, apart)
    reached = _smallest(component)
    label = reached.copy()
    refused: list[Refused] = []
    for nodes, edges in _members(component, contested, left, right, weight):
        joined, not_joined = _join(nodes, edges, trusted, apart, declared)
        label[nodes] = [joined[node] for node in nodes]
        refused.extend(not_joined)
    return Clusters(
        label=label, component=reached, refused=tuple(sorted(refused, key=lambda r: (r.left, r.right)))
    )


def _components(size: int, left: Ints, right: Ints) -> Ints:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _smallest(component: Ints) -> Ints:
    first = np.full(int(component.max()) + 1 if len(component) else 0, len(component), dtype=np.int64)
    np.minimum.at(first, component, np.arange(len(component)))
    return first[component]


def _contested(
    component: Ints,
    left: Ints,
    right: Ints,
    weight: npt.NDArray[np.float64],
    trusted: Ints,
    apart: frozenset[tuple[int, int]],
) -> Ints:
    """Components with two trustworthy numbers, evidence against, or a verdict that keeps two of their nodes apart."""
    has = trusted >= 0
    base = int(trusted.max(initial=0)) + 1
    numbers = (
        distinct(component[has] * base + trusted[has]) // base
    )  # each component as often as it has numbers
    several = np.flatnonzero(np.bincount(numbers) > 1)
    inside = (weight < 0) & (component[left] == component[right])
    kept_apart = [component[a] for a, b in apart if component[a] == component[b]]
    return distinct(np.concatenate([several, component[left[inside]], np.array(kept_apart, dtype=np.int64)]))


Edge = tuple[int, int, float]


def _members(
    component: Ints, contested: Ints, left: Ints, right: Ints, weight: npt.NDArray[np.float64]
) -> Iterable[tuple[Ints, list[Edge]]]:
    """The nodes and the edges inside each contested component."""
    wanted = np.zeros(int(component.max()) + 1 if len(component) else 0, dtype=bool)
    wanted[contested] = True
    nodes = np.flatnonzero(wanted[component])
    nodes = nodes[np.argsort(component[nodes], kind="stable")]
    inside = np.flatnonzero(wanted[component[left]] & (component[left] == component[right]))
    inside = inside[np.argsort(component[left[inside]], kind="stable")]
    node_ends = np.searchsorted(component[nodes], contested, side="right")
    edge_ends = np.searchsorted(component[left[inside]], contested, side="right")
    node_start = edge_start = 0
    for node_end, edge_end in zip(node_ends, edge_ends, strict=True):
        rows = inside[edge_start:edge_end]
        edges = zip(left[rows].tolist(), right[rows].tolist(), weight[rows].tolist(), strict=True)
        yield nodes[node_start:node_end], list(edges)
        node_start, edge_start = node_end, edge_end


@dataclass(slots=True)
class _Joining:
    """The state of one contested component while its clusters are joined; a cluster is named by its smallest node."""

    members: dict[int, set[int]]
    numbers: dict[int, set[int]]
    near: dict[int, dict[int, float]]  # all evidence between two clusters
    best: dict[int, dict[int, float]]  # the strongest single pair between them
    apart: frozenset[tuple[int, int]]
    declared: frozenset[tuple[int, int]]  # codes of numbers that are one person's
    dropped: set[tuple[int, int]] = field(default_factory=set)

    def veto(self, a: int, b: int) -> Reason | None:
        numbers = sorted(self.numbers[a] | self.numbers[b])
        if any(pair not in self.declared for pair in combinations(numbers, 2)):
            return "id_conflict"
        if self.apart and any(
            (min(x, y), max(x, y)) in self.apart for x in self.members[a] for y in self.members[b]
        ):
            return "verdict_different"
        return None

    def contradict(self, a: int, b: int) -> bool:
        return self.veto(a, b) is not None or self.near[a].get(b, 0.0) < 0

    def runner_up(self, a: int, b: int, weight: float) -> bool:
        """Could `a` as well belong to another cluster that contradicts `b`? Not to one that it may never join.

        Pair by pair: a twin of whom more is known does not win the records of the other by numbers.
        """
        if weight >= VERDICT:
            return False
        least = min(self.best[a][b], weight) - NEAR_TIE
        return any(
            other != b
            and rival > 0
            and self.near[a][other] > 0
            and rival >= least
            and self.contradict(b, other)
            and self.veto(a, other) is None
            for other, rival in self.best[a].items()
        )

    def join(self, a: int, b: int) -> None:
        """Make `b` part of `a` (a < b), adding up what each neighbour weighs against both."""
        self.members[a] |= self.members.pop(b)
        self.numbers[a] |= self.numbers.pop(b)
        strongest = self.best.pop(b)
        for other, weight in self.near.pop(b).items():
            del self.near[other][b], self.best[other][b]
            if other != a:
                total = self.near[a].get(other, 0.0) + weight
                self.near[a][other] = self.near[other][a] = total
                best = max(self.best[a].get(other, strongest[other]), strongest[other])
                self.best[a][other] = self.best[other][a] = best


def _join(
    nodes: Ints,
    edges: list[Edge],
    trusted: Ints,
    apart: frozenset[tuple[int, int]],
    declared: frozenset[tuple[int, int]],
) -> tuple[dict[int, int], list[Refused]]:
    state = _start(nodes, edges, trusted, apart, declared)
    queue = [
        (-weight, a, b) for a in state.near for b, weight in state.near[a].items() if a < b and weight > 0
    ]
    heapq.heapify(queue)
    refused: dict[tuple[int, int], Refused] = {}  # as it was refused last: a cluster that grew is asked again
    while queue:
        negative, a, b = heapq.heappop(queue)
        weight = state.near.get(a, {}).get(b)
        if weight is None or weight != -negative or (a, b) in state.dropped:
            continue  # one of the two was joined elsewhere meanwhile: the pair was queued again with its new weight
        reason = state.veto(a, b)
        if reason is None and (state.runner_up(a, b, weight) or state.runner_up(b, a, weight)):
            reason = "near_tie"
        if reason is not None:
            refused[a, b] = Refused(a, b, reason, weight)
            state.dropped.add((a, b))
            continue
        state.join(a, b)
        for other, total in state.near[a].items():
            state.dropped.discard((min(a, other), max(a, other)))
            if total > 0:
                heapq.heappush(queue, (-total, min(a, other), max(a, other)))
    labels = {node: name for name, members in state.members.items() for node in members}
    said = [*refused.values(), *_outvoted(edges, state)]
    return labels, [r for r in said if labels[r.left] != labels[r.right]]


def _start(
    nodes: Ints,
    edges: list[Edge],
    trusted: Ints,
    apart: frozenset[tuple[int, int]],
    declared: frozenset[tuple[int, int]],
) -> _Joining:
    near: dict[int, dict[int, float]] = {int(node): {} for node in nodes}
    best: dict[int, dict[int, float]] = {int(node): {} for node in nodes}
    for a, b, weight in edges:
        near[a][b] = near[b][a] = near[a].get(b, 0.0) + weight
        best[a][b] = best[b][a] = max(best[a].get(b, weight), weight)
    numbers: Mapping[int, set[int]] = {
        int(node): {int(trusted[node])} if trusted[node] >= 0 else set() for node in nodes
    }
    return _Joining(
        members={node: {node} for node in near},
        numbers=dict(numbers),
        near=near,
        best=best,
        apart=apart,
        declared=declared,
    )


def _outvoted(edges: list[Edge], state: _Joining) -> list[Refused]:
    """Pairs that agreed by themselves but whose clusters together did not."""
    label = {node: name for name, members in state.members.items() for node in members}
    found: dict[tuple[int, int], float] = {}
    for a, b, weight in edges:
        one, other = sorted((label[a], label[b]))
        if weight > 0 and one != other and state.near[one].get(other, 1.0) <= 0:
            found[one, other] = max(weight, found.get((one, other), 0.0))
    return [Refused(a, b, "evidence_against", weight) for (a, b), weight in found.items()]
