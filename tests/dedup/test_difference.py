"""Two clusterings held against each other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.difference import difference
from dedup.records import RecordsError


def clusters(path: Path, members: dict[str, str]) -> Path:
    table = pa.table({"record_id": list(members), "cluster_id": list(members.values())})
    pq.write_table(table, path)
    return path


def test_a_split_and_a_join_are_counted_in_pairs_and_named(tmp_path: Path) -> None:
    first = clusters(
        tmp_path / "a.parquet", {"1": "1", "2": "1", "3": "1", "4": "4", "5": "5", "6": "6", "7": "6"}
    )
    second = clusters(
        tmp_path / "b.parquet", {"1": "1", "2": "1", "3": "3", "4": "4", "5": "4", "6": "6", "7": "6"}
    )
    found = difference(first, second)
    assert (found.records, found.same_clusters, found.pairs_lost, found.pairs_won) == (7, 1, 2, 1)
    assert found.split == {"1": ["1", "3"]}
    assert found.joined == {"4": ["4", "5"]}


def test_records_of_one_side_only_are_told(tmp_path: Path) -> None:
    first = clusters(tmp_path / "a.parquet", {"1": "1", "2": "1"})
    second = clusters(tmp_path / "b.parquet", {"2": "2", "3": "2", "4": "2"})
    found = difference(first, second)
    assert (found.records, found.only_in_first, found.only_in_second) == (1, 1, 2)


def test_a_file_without_clusters_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    with pytest.raises(RecordsError, match="cluster_id"):
        difference(tmp_path / "a.parquet", tmp_path / "a.parquet")
