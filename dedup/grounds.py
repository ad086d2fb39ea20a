"""Why two clusterings of the same records differ: the pairs that decided it, with their points in both files of pairs.

Belongs here: finding the decisive pairs of a cluster that one side has whole and the other in parts, and what kept them
apart there. Lives elsewhere: which clusters these are (`difference.py`), writing pairs (`tables.py`, by `link --pairs`).

A file of pairs tells the pairs that were linked, wait for a person, or were put apart by a rule, and the points and
thresholds of its model. So any other pair can be given its points, too: enough to tell too few points from a pair that no
blocking key brought together. Nothing here quotes a value of a record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.records import RecordsError
from dedup.tables import MODEL

Kept = Literal["points", "threshold", "rule", "refused", "too_few", "not_met", "not_told"]
MOST_OF_A_CLUSTER = 3
_SAME = 0.05  # points: what one decimal does not show


@dataclass(frozen=True, slots=True)
class Ground:
    """A pair that one side links, across parts that the other keeps apart; `kept` says by what.

    `points`: fewer than its link threshold; `threshold`: the same points, another threshold; `rule`: a cap or a veto, in
    words in `said`; `refused`: linked as a pair, refused between clusters, in words in `said`; `too_few`: not even enough
    to ask a person; `not_met`: enough, but no blocking key brought the two together; `not_told`: either of these, where
    the two sides do not compare by the same levels.

    `first` and `second` are points (log2 odds) by either side, None where not known; `threshold` what the side that keeps
    apart asks for a link; `changed` the comparisons that give other points; `reason` all points in words, by the side that
    links.
    """

    left: str
    right: str
    kept: Kept
    first: float | None
    second: float | None
    threshold: float
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
    names, scale = list(_scale(joining).points), _scale(keeping)
    whole, part = columns
    query = _DECISIVE.format(whole=whole, part=part, most=MOST_OF_A_CLUSTER)
    asked = {"joining": str(joining), "keeping": str(keeping), "clusters": list(clusters)}
    found: dict[str, list[Ground]] = {cluster: [] for cluster in clusters}
    for row in con.sql(query, params=asked).to_arrow_table().to_pylist():
        levels = {name: (row[name], row[f"{name}_points"]) for name in names}
        found[row["cluster"]].append(_ground(row, levels, scale, second_keeps=whole == "one"))
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


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the model behind a file of pairs gives for levels, and its thresholds."""

    prior: float
    link: float
    review: float
    points: Mapping[str, Mapping[str, float]]

    def of(self, levels: Mapping[str, str]) -> Mapping[str, float] | None:
        """The points of each comparison; None when some level is not known here."""
        given = {
            name: known[levels[name]] for name, known in self.points.items() if levels.get(name) in known
        }
        return given if len(given) == len(self.points) else None


def _scale(pairs: Path) -> _Scale:
    try:
        stated = (pq.read_schema(pairs).metadata or {}).get(MODEL)
    except (OSError, pa.ArrowInvalid):
        stated = None
    if stated is None:
        raise RecordsError(f"{pairs}：应为 enter-once link --pairs 写出的 parquet。请用它重新写一份")
    return _Scale(**json.loads(stated))


def _ground(
    row: Mapping[str, Any], levels: Mapping[str, tuple[str, float]], scale: _Scale, *, second_keeps: bool
) -> Ground:
    given = scale.of({name: level for name, (level, _) in levels.items()}) or {}
    points = row["kept_points"]
    if points is None and given:
        points = scale.prior + sum(given.values())
    changed = {
        name: (was, given[name])
        for name, (_, was) in levels.items()
        if name in given and abs(given[name] - was) >= _SAME
    }
    both = (row["points"], points)
    return Ground(
        row["left"],
        row["right"],
        _kept(row, points, scale),
        *(both if second_keeps else both[::-1]),
        scale.link,
        changed if second_keeps else {name: (after, before) for name, (before, after) in changed.items()},
        row["kept_cap"] or row["kept_refused"] or "",
        row["reason"],
    )


def _kept(row: Mapping[str, Any], points: float | None, scale: _Scale) -> Kept:
    if row["kept_band"] == "link":
        return "refused"
    if row["kept_cap"]:
        return "rule"
    if row["kept_band"] is not None:
        return "threshold" if abs(row["kept_points"] - row["points"]) < _SAME else "points"
    if points is None:
        return "not_told"
    return "not_met" if points >= scale.review else "too_few"
