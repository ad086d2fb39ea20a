"""Why two clusterings of the same records differ: the pairs that decided it, with their points in both files of pairs.

Belongs here: finding the decisive pairs of a cluster that one side has whole and the other in parts, and what kept them
apart there. Lives elsewhere: which clusters these are (`difference.py`), writing pairs (`tables.py`, by `link --pairs`).

A file of pairs tells the pairs that were linked, wait for a person, or were put apart by a rule. Of any other pair it
still says what its levels are worth, when they stand in other pairs: enough to tell too few points from a pair that no
blocking key brought together. Nothing here quotes a value of a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.records import RecordsError

Kept = Literal["points", "threshold", "rule", "refused", "too_few", "not_met", "not_told"]
NEEDED = {"left", "right", "band", "points", "cap", "refused", "reason"}
MOST_OF_A_CLUSTER = 3
_SAME = 0.05  # points: what one decimal does not show


@dataclass(frozen=True, slots=True)
class Ground:
    """A pair that one side links, across parts that the other keeps apart; `kept` says by what.

    `points`: fewer than its link threshold; `threshold`: the same points, another threshold; `rule`: a cap or a veto, in
    words in `said`; `refused`: linked as a pair, refused between clusters, in words in `said`; `too_few`: not even enough
    to ask a person; `not_met`: enough, but no blocking key brought the two together; `not_told`: either of these.

    `first` and `second` are points (log2 odds) by either side, None where not known; `changed` the comparisons that give
    other points; `reason` all points in words, by the side that links.
    """

    left: str
    right: str
    kept: Kept
    first: float | None
    second: float | None
    changed: Mapping[str, tuple[float, float]]
    said: str
    reason: str


def grounds(
    con: duckdb.DuckDBPyConnection,
    joining: Path,
    keeping: Path,
    columns: tuple[str, str],
    clusters: Sequence[str],
) -> dict[str, list[Ground]]:
    """The decisive pairs of some clusters, the strongest first, one for each two parts.

    Args:
        con: has the table `pairing`: record_id, and the clusters of both sides.
        joining: pairs of the side that has the clusters whole.
        keeping: pairs of the side that has them in parts.
        columns: the columns of `pairing` with the clusters of the joining and of the keeping side.
        clusters: names of clusters of the joining side.

    Raises:
        RecordsError: a file is no file of pairs.
    """
    names = comparisons(joining)
    worth = _worth(con, keeping)
    whole, part = columns
    query = _DECISIVE.format(whole=whole, part=part, most=MOST_OF_A_CLUSTER)
    asked = {"joining": str(joining), "keeping": str(keeping), "clusters": list(clusters)}
    found: dict[str, list[Ground]] = {cluster: [] for cluster in clusters}
    for row in con.sql(query, params=asked).to_arrow_table().to_pylist():
        levels = {name: (row[name], row[f"{name}_points"]) for name in names}
        found[row["cluster"]].append(_ground(row, levels, worth, second_keeps=whole == "one"))
    return found


_DECISIVE = """
    with crossing as (
        select j.*, l.{whole} as cluster
        from read_parquet($joining) as j
        join pairing as l on l.record_id = j."left"
        join pairing as r on r.record_id = j."right"
        where j.band = 'link' and l.{whole} = r.{whole} and l.{part} <> r.{part} and list_contains($clusters::varchar[], l.{whole})
        qualify row_number() over (
            partition by l.{whole}, least(l.{part}, r.{part}), greatest(l.{part}, r.{part})
            order by j.points desc, j."left", j."right"
        ) = 1
    )
    select c.*, k.band as kept_band, k.points as kept_points, k.cap as kept_cap, k.refused as kept_refused
    from crossing as c
    left join read_parquet($keeping) as k
        on least(k."left", k."right") = least(c."left", c."right")
        and greatest(k."left", k."right") = greatest(c."left", c."right")
    qualify row_number() over (partition by cluster order by c.points desc, c."left", c."right") <= {most}
    order by cluster, c.points desc, c."left", c."right"
"""


def comparisons(pairs: Path) -> list[str]:
    """The comparisons that a file of pairs tells levels and points of.

    Raises:
        RecordsError: it is no file of pairs.
    """
    try:
        names = pq.read_schema(pairs).names
    except (OSError, pa.ArrowInvalid) as error:
        raise RecordsError(f"{pairs}：读不出来，应为 enter-once link --pairs 写出的 parquet") from error
    if missing := NEEDED - set(names):
        raise RecordsError(
            f"{pairs}：没有列 {'、'.join(sorted(missing))}。应为 enter-once link --pairs 写出的 parquet，请重新运行"
        )
    return [name for name in names if f"{name}_points" in names]


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a side gives for levels, as far as its pairs show; `asks_from` is the fewest points it tells of."""

    prior: float
    points: Mapping[str, Mapping[str, float]]
    asks_from: float

    def of(self, levels: Mapping[str, str]) -> Mapping[str, float] | None:
        """The points of each comparison; None when some level is not known here."""
        given = {name: known.get(levels.get(name, "")) for name, known in self.points.items()}
        return (
            {name: one for name, one in given.items() if one is not None}
            if None not in given.values()
            else None
        )


def _worth(con: duckdb.DuckDBPyConnection, pairs: Path) -> _Worth | None:
    """None when there are no pairs."""
    names = comparisons(pairs)
    asked = {"pairs": str(pairs)}
    points = {
        name: dict(
            con.execute(
                f'select distinct "{name}", "{name}_points" from read_parquet($pairs)', asked
            ).fetchall()
        )
        for name in names
    }
    total = " + ".join(f'"{name}_points"' for name in names) or "0"
    query = f"select any_value(points - ({total})), min(points) filter (cap = '') from read_parquet($pairs)"
    prior, asks_from = con.execute(query, asked).fetchall()[0]
    return _Worth(prior, points, asks_from) if asks_from is not None else None


def _ground(
    row: Mapping[str, Any],
    levels: Mapping[str, tuple[str, float]],
    worth: _Worth | None,
    *,
    second_keeps: bool,
) -> Ground:
    given = worth.of({name: level for name, (level, _) in levels.items()}) if worth else None
    points = row["kept_points"]
    if points is None and worth and given is not None:
        points = worth.prior + sum(given.values())
    changed = {
        name: (was, given[name])
        for name, (_, was) in levels.items()
        if given is not None and name in given and abs(given[name] - was) >= _SAME
    }
    both = (row["points"], points)
    return Ground(
        row["left"],
        row["right"],
        _kept(row, points, worth),
        *(both if second_keeps else both[::-1]),
        changed if second_keeps else {name: (after, before) for name, (before, after) in changed.items()},
        row["kept_cap"] or row["kept_refused"] or "",
        row["reason"],
    )


def _kept(row: Mapping[str, Any], points: float | None, worth: _Worth | None) -> Kept:
    if row["kept_band"] == "link":
        return "refused"
    if row["kept_cap"]:
        return "rule"
    if row["kept_band"] is not None:
        return "threshold" if abs(row["kept_points"] - row["points"]) < _SAME else "points"
    if points is None or worth is None:
        return "not_told"
    return "not_met" if points >= worth.asks_from else "too_few"
