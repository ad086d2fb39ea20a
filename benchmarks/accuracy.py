"""How good a clustering is, against the truth.

Belongs here: connected components, pairwise and B-cubed figures, impossible clusters, the best threshold in hindsight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """Per record: its person, and its trustworthy ID number (-1: none), as numbers."""

    person: Ints
    number: Ints


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pairwise over all true pairs; exact: share of people who are one cluster and nobody else is in it."""

    precision: float
    recall: float
    f1: float
    false_pairs: int
    missed_pairs: int
    b3_precision: float
    b3_recall: float
    b3_f1: float
    exact: float
    clusters: int
    largest: int
    two_numbers: int  # clusters that hold two different trustworthy ID numbers

    def rounded(self) -> dict[str, Any]:
        return {
            name: round(value, 5) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def read_truth(path: Path) -> Truth:
    """The truth of a data set, in the order of its records."""
    table = pq.read_table(path, columns=["person_id", "trusted"])
    return Truth(codes(table["person_id"]), codes(table["trusted"]))


def codes(column: pa.ChunkedArray) -> Ints:
    """A column of strings as numbers; -1 for null."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    return np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def components(rows: int, left: Ints, right: Ints) -> Ints:
    """A label for each row: rows joined by any path of edges share it."""
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(rows, rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def measure(cluster: Ints, truth: Truth) -> Accuracy:
    """Compare a clustering (one label per record) with the truth."""
    cell_cluster, cell_person, together = _cells(cluster, truth.person)
    of_cluster, of_person = np.bincount(cluster), np.bincount(truth.person)
    both, said, true = _pairs(together), _pairs(of_cluster), _pairs(of_person)
    precision, recall = both / max(said, 1), both / max(true, 1)
    squared = together.astype(np.float64) ** 2
    b3_precision = float((squared / of_cluster[cell_cluster]).sum()) / len(cluster)
    b3_recall = float((squared / of_person[cell_person]).sum()) / len(cluster)
    whole = (together == of_cluster[cell_cluster]) & (together == of_person[cell_person])
    return Accuracy(
        precision=precision,
        recall=recall,
        f1=_mean(precision, recall),
        false_pairs=said - both,
        missed_pairs=true - both,
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=_mean(b3_precision, b3_recall),
        exact=float(whole.sum()) / int((of_person > 0).sum()),
        clusters=int((of_cluster > 0).sum()),
        largest=int(of_cluster.max()),
        two_numbers=_with_two_numbers(cluster, truth.number),
    )


def best_threshold(
    truth: Truth, left: Ints, right: Ints, weight: npt.NDArray[np.float64], thresholds: Iterable[float]
) -> tuple[float, Accuracy]:
    """The threshold whose clusters have the best pairwise F1: a ceiling, chosen on the truth."""
    tried = []
    for threshold in thresholds:
        kept = weight >= threshold
        found = measure(components(len(truth.person), left[kept], right[kept]), truth)
        tried.append((threshold, found))
    return max(tried, key=lambda one: one[1].f1)


def write_clusters(path: Path, label: Ints) -> None:
    """One cluster label per row, in row order."""
    pq.write_table(pa.table({"row": np.arange(len(label)), "cluster": label}), path)


def _cells(cluster: Ints, person: Ints) -> tuple[Ints, Ints, Ints]:
    """Each (cluster, person) that occurs, and how many records it has."""
    people = int(person.max()) + 1
    packed, count = np.unique(cluster * people + person, return_counts=True)
    return packed // people, packed % people, count


def _pairs(sizes: Ints) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())


def _mean(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _with_two_numbers(cluster: Ints, number: Ints) -> int:
    known = number >= 0
    if not known.any():
        return 0
    holder, _, _ = _cells(cluster[known], number[known])
    return int((np.bincount(holder) > 1).sum())
