"""How the records of one or two residents hang together: which links hold them, which were refused, what people said.

Belongs here: reading that off a snapshot, and leaving out what would only make a picture black. Lives elsewhere: where each record
stands in the picture (`desk/drawing.py`), the links themselves (`dedup`).

No value of a record is read: a link is its points and its reason in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from stewardship.sql import select
from stewardship.standing import Said
from warehouse.store import read_store

Kind = Literal["alike", "joins", "doubtful", "against", "refused", "same", "different", "unsure"]

MOST_SPOTS = 24  # records; of more, those that state the same are one spot
MOST_TIES = 60


class Pair(NamedTuple):
    """What matching says of two nodes, each named by its first record."""

    left: str
    right: str
    together: bool
    points: float
    band: str
    because: str
    reason: str


class Held(NamedTuple):
    """A record of these residents, and the node it is of."""

    record_id: str
    platform: str
    person: int  # which of the residents, in the order in which they were asked for
    node: int
    hub: str  # the first record of its node


@dataclass(frozen=True, slots=True)
class Links:
    """What a snapshot holds of some residents."""

    records: Sequence[Held]
    pairs: Sequence[Pair]


class Spot(NamedTuple):
    """A record, or all that state the same as it; `hub`: whether links between nodes end here."""

    record_id: str
    platform: str
    person: int
    records: int


class Tie(NamedTuple):
    """A line between two spots, named by their places. points: none of what people said, and of records that state the same.
    because: why a join was refused or left to a person; reason: the points in words; by: whose word it is."""

    left: int
    right: int
    kind: Kind
    points: float | None = None
    because: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """The picture: spots in an order in which strong links are short, and ties. left_out: ties that found no room."""

    spots: Sequence[Spot]
    ties: Sequence[Tie]
    left_out: int


def read_links(snapshot: Path, residents: Sequence[str]) -> Links:
    """Everything that matching keeps of the links among the records of these residents."""
    order = {resident: place for place, resident in enumerate(residents)}
    query = """
        select r.record_id, r.platform, r.resident_id, m.node, n.first_record
        from resolved.record as r
        join matched.record as m using (record_id)
        join matched.node as n using (node)
        where list_contains($residents, r.resident_id)
        order by n.first_record, r.record_id <> n.first_record, r.record_id
    """
    asked = {"residents": list(residents)}
    with read_store(snapshot) as con:
        records = con.execute(query, asked).fetchall()
        pairs = con.execute(select("links"), asked).fetchall()
    return Links(
        [Held(record, platform, order[resident], *node) for record, platform, resident, *node in records],
        [Pair(*row) for row in pairs],
    )


def weave(links: Links, said: Iterable[Said]) -> Web:
    """The picture of these links, and of what stands of what people said of their records."""
    spots, place = _spots(links)
    hubs = {one.hub: place[one.hub] for one in links.records}
    ties = [_tie(pair, hubs) for pair in links.pairs]
    holding = [*_tree(ties), *_alike(links, place)]
    order = _walk(spots, holding)
    fixed = [*holding, *_words(said, place), *(one for one in ties if one.kind == "refused")]
    rest = sorted({*ties} - {*fixed}, key=lambda one: (-abs(one.points or 0.0), one))
    room = max(0, MOST_TIES - len(fixed))
    at = {old: new for new, old in enumerate(order)}
    shown = [one._replace(left=at[one.left], right=at[one.right]) for one in [*fixed, *rest[:room]]]
    return Web([spots[old] for old in order], shown, len(rest[room:]))


def _spots(links: Links) -> tuple[list[Spot], dict[str, int]]:
    """Who is a spot, and at which spot each record is found."""
    if len(links.records) <= MOST_SPOTS:
        spots = [Spot(one.record_id, one.platform, one.person, 1) for one in links.records]
        return spots, {one.record_id: at for at, one in enumerate(spots)}
    grouped: list[Spot] = []
    place: dict[str, int] = {}
    for _, group in groupby(links.records, key=lambda one: one.node):
        members = list(group)
        place |= {one.record_id: len(grouped) for one in members}
        first = members[0]
        grouped.append(Spot(first.record_id, first.platform, first.person, len(members)))
    return grouped, place


def _tie(pair: Pair, hubs: Mapping[str, int]) -> Tie:
    kind = _kind(pair)
    because = "" if kind == "joins" else pair.because
    return Tie(hubs[pair.left], hubs[pair.right], kind, pair.points, because, pair.reason)


def _kind(pair: Pair) -> Kind:
    if pair.band == "link":
        return "joins" if pair.together else "refused"
    return "doubtful" if pair.band == "review" else "against"


def _alike(links: Links, place: Mapping[str, int]) -> list[Tie]:
    """Records that state the same, each tied to the first of them."""
    found = ((place[one.hub], place[one.record_id]) for one in links.records)
    return [Tie(hub, own, "alike") for hub, own in found if hub != own]


def _words(said: Iterable[Said], place: Mapping[str, int]) -> list[Tie]:
    """What people said of two of these records."""
    about = (one for one in said if one.left in place and one.right in place)
    return [
        Tie(place[one.left], place[one.right], one.verdict, by=one.by)
        for one in about
        if place[one.left] != place[one.right]
    ]


def _tree(ties: Sequence[Tie]) -> list[Tie]:
    """The strongest links that are enough to hold together what links hold together."""
    leader: dict[int, int] = {}

    def find(spot: int) -> int:
        while leader.get(spot, spot) != spot:
            spot = leader[spot]
        return spot

    holding = []
    for tie in sorted(
        (one for one in ties if one.kind == "joins"), key=lambda one: (-(one.points or 0.0), one)
    ):
        one, other = find(tie.left), find(tie.right)
        if one != other:
            leader[max(one, other)] = min(one, other)
            holding.append(tie)
    return holding


def _walk(spots: Sequence[Spot], ties: Sequence[Tie]) -> list[int]:
    """The spots person by person, each next to what it hangs on most: along the ties, the strongest first."""
    near: dict[int, list[tuple[float, int]]] = {at: [] for at in range(len(spots))}
    for tie in ties:
        strength = float("inf") if tie.points is None else tie.points
        near[tie.left].append((-strength, tie.right))
        near[tie.right].append((-strength, tie.left))
    walked: dict[int, None] = {}
    for start in sorted(near, key=lambda at: (spots[at].person, at)):
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here not in walked:
                walked[here] = None
                waiting += [other for _, other in sorted(near[here], reverse=True)]
    return list(walked)
