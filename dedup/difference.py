"""What a new model or threshold would change: two clusterings of the same records, held against each other.

Belongs here: which clusters are split and which are joined. Lives elsewhere: making clusterings (`link.py`), the pairs
that decided it (`grounds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dedup.grounds import Ground, grounds
from dedup.records import RecordsError


@dataclass(frozen=True, slots=True)
class Difference:
    """Counts over the records that both clusterings hold, and examples by cluster name.

    `split`: clusters of the first whose records the second keeps apart, with the second's clusters.
    `joined`: clusters of the second that hold records of several of the first, with those.
    `why_split`, `why_joined`: the pairs that decided it; empty without files of pairs.
    """

    records: int
    only_in_first: int
    only_in_second: int
    same_clusters: int
    pairs_lost: int
    pairs_won: int
    split: Mapping[str, list[str]]
    joined: Mapping[str, list[str]]
    why_split: Mapping[str, list[Ground]]
    why_joined: Mapping[str, list[Ground]]


_BOTH = """
    create temp table pairing as
    select a.record_id, a.cluster_id as one, b.cluster_id as other
    from read_parquet($first) as a
    join read_parquet($second) as b on b.record_id = a.record_id
"""

_COUNTS = """
    with crossed as (select one, other, count(*) as n from pairing group by one, other),
    first as (select one, sum(n) as n, count(*) as parts from crossed group by one),
    second as (select other, sum(n) as n, count(*) as parts from crossed group by other)
    select
        (select count(*) from pairing),
        (select count(*) from crossed join first using (one) join second using (other) where first.parts = 1 and second.parts = 1),
        (select coalesce(sum(n * (n - 1) // 2), 0) from first) - (select coalesce(sum(n * (n - 1) // 2), 0) from crossed),
        (select coalesce(sum(n * (n - 1) // 2), 0) from second) - (select coalesce(sum(n * (n - 1) // 2), 0) from crossed)
"""

_EXAMPLES = """
    select {whole}, list(distinct {part} order by {part}) as parts
    from pairing group by {whole} having count(distinct {part}) > 1
    order by {whole} limit {most}
"""


def difference(
    first: Path, second: Path, pairs: tuple[Path, Path] | None = None, most: int = 20
) -> Difference:
    """Hold two files of clusters (record_id, cluster_id) against each other.

    Args:
        first, second: clusters, as `link` writes them.
        pairs: the pairs that `link` wrote beside each; without them nothing is said of why.
        most: so many clusters that are split, and that are joined, are named.

    Raises:
        RecordsError: a file is missing or has other columns.
    """
    for path in (first, second, *(pairs or ())):
        if not path.is_file():
            raise RecordsError(f"{path}：找不到文件")
    with duckdb.connect() as con:
        try:
            con.execute(_BOTH, {"first": str(first), "second": str(second)})
        except duckdb.Error as error:
            raise RecordsError(f"{first}、{second}：应为含 record_id、cluster_id 两列的 parquet") from error
        records, same, lost, won = con.execute(_COUNTS).fetchall()[0]
        sizes = [
            con.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()[0][0]
            for path in (first, second)
        ]
        split, joined = (
            dict(con.execute(_EXAMPLES.format(whole=whole, part=part, most=most)).fetchall())
            for whole, part in (("one", "other"), ("other", "one"))
        )
        why_split, why_joined = (
            (
                grounds(con, pairs[0], pairs[1], ("one", "other"), list(split)),
                grounds(con, pairs[1], pairs[0], ("other", "one"), list(joined)),
            )
            if pairs
            else ({}, {})
        )
    return Difference(
        records,
        sizes[0] - records,
        sizes[1] - records,
        int(same),
        int(lost),
        int(won),
        split,
        joined,
        why_split,
        why_joined,
    )


def pairs_beside(clusters: Path) -> Path:
    """Where the pairs of a file of clusters are looked for: `new.parquet` has its pairs in `new.pairs.parquet`."""
    return clusters.with_name(f"{clusters.stem}.pairs.parquet")
