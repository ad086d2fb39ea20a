"""The whole match step: person rows in, clusters and reasons out. A pure function; nothing here knows a database.

Reads like the description of the job: collapse to variants, find candidate pairs, compare, score, cluster.
Lives elsewhere: each step in its own module, and reading and writing tables (`night.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.blocking import Candidates, candidate_pairs
from dedup.cluster import Clusters, Evidence, cluster
from dedup.columns import Ints
from dedup.model import Model
from dedup.nodes import Nodes
from dedup.score import Scored, score_pairs, weights
from dedup.stopwatch import Stopwatch
from dedup.variants import collapse, kept_apart


@dataclass(frozen=True, slots=True)
class Matched:
    """Everything the match step found. Row numbers of `persons` and node numbers, never names."""

    nodes: Nodes
    pairs: Candidates
    scored: Scored
    clusters: Clusters
    clock: Stopwatch

    @property
    def record_label(self) -> Ints:
        """For each input record the smallest node of its cluster."""
        label: Ints = self.clusters.label[self.nodes.record_node]
        return label


def match(
    persons: pa.Table,
    model: Model,
    same: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
) -> Matched:
    """Resolve person rows into clusters.

    Args:
        persons: one row per record with the columns that the model's preparer names, ordered by record id.
        model: weights, thresholds and blocking keys.
        same: pairs of row numbers that a steward declared to be one person.
        different: pairs of row numbers that a steward keeps apart.
    """
    clock = Stopwatch()
    apart = [(a, b) for a, b in different if a != b]
    with clock("normalise"):
        nodes = collapse(persons, model, alone=kept_apart(persons, apart, model))
    with clock("block"):
        pairs = candidate_pairs(nodes, model)
    with clock("score"):
        scored = score_pairs(nodes, pairs.left, pairs.right, model)
    with clock("cluster"):
        node = nodes.record_node
        clusters = cluster(
            len(nodes),
            evidence(pairs.left, pairs.right, weights(scored, model)[scored.pattern]),
            trusted(nodes),
            [(int(node[a]), int(node[b])) for a, b in same if node[a] != node[b]],
            [(int(node[a]), int(node[b])) for a, b in apart],
        )
    return Matched(nodes, pairs, scored, clusters, clock)


def trusted(nodes: Nodes) -> Ints:
    """Per node the code of its trustworthy number, -1 for none; kinds of records without numbers have none."""
    if "id_trusted" not in nodes.facts:
        return np.full(len(nodes), -1, dtype=np.int64)
    return np.where(nodes.facts["id_trusted"], nodes["id_number"].codes, -1)


def evidence(left: Ints, right: Ints, weight: npt.NDArray[np.float64]) -> Evidence:
    """The pairs that weigh anything."""
    counts = weight != 0
    return Evidence(left=left[counts], right=right[counts], weight=weight[counts])
