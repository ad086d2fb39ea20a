"""What waits for a person: the cases of one snapshot, each whole.

Belongs here: what a case is, what is shown of it, finding all cases of a snapshot, and how they are ordered.
Lives elsewhere: keeping them for the desk (`casebook.py`), who works on which (`queue.py`), what was said of them
(`standing.py`), matching itself (`dedup`).

A case is two records of which a person has to say whether they are one person, and why a person has to:

    possible_match      the points are in the band that a person decides, or a rule says that a person has to
    near_tie            one of the two is as much like somebody else, whom this one contradicts
    refused_join        two reliable ID numbers, or all evidence together, stand against a join that a pair asks for
    one_id_two_people   the same ID number under two names
    changed_contact     until lately one record said the name and phone that a record of somebody else says
    stale_verdict       what was seen when somebody judged has changed since

An id of a case is a keyed digest of its kind and records: it stays from night to night, and cannot be guessed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import duckdb
import pyarrow as pa

from dedup.explain import UnknownId, Why, why
from dedup.model import Model
from dedup.tables import REFUSED_ZH, in_parts
from stewardship.sentences import say
from stewardship.sql import select
from warehouse.ledger import Verdict
from warehouse.store import given

Kind = Literal[
    "possible_match", "near_tie", "refused_join", "one_id_two_people", "changed_contact", "stale_verdict"
]
Side = Literal["left", "right"]

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_SHOWN = 6  # records side by side
FIELDS = (
    "name", "former_name", "id_number", "birth_date", "sex", "ethnic", "phone", "address", "registered_address",
    "relation", "head_name", "guardian", "employer",
)  # fmt: skip
_LATELY = 30  # nights in which a phone changed, for a person to be asked whose it was
_IDENTITY = ("name", "id_number", "birth_date", "sex")


@dataclass(frozen=True, slots=True)
class Case:
    """One question to a person.

    left, right: record ids, the smaller first. residents: who they belong to in this snapshot. seen: the fingerprint of
    both records' identity values. stakes: trust (0 to 100) of the most trusted sensitive platform that holds either.
    cells: how many cells at most would be told differently if the two became one.
    """

    id: str
    kind: Kind
    left: str
    right: str
    residents: tuple[str, str]
    reason: str
    points: float
    probability: float
    seen: str
    stakes: int
    cells: int
    platforms: tuple[str, ...]
    judged: int  # of a stale verdict, its line in the ledger; 0 of others
    areas: tuple[str, ...]  # the communities and grids in which either resident lives
    pattern: str = ""  # the same of cases that are the same question (`patterns.py`); '' of one that is always asked by itself

    @property
    def priority(self) -> float:
        """What matters first: who could lose a benefit, then how much would be told, then how open the question is."""
        open_question = 1.0 - abs(2.0 * self.probability - 1.0)
        return 2.0 * self.stakes / 100.0 + min(self.cells, 40) / 40.0 + open_question


class Stated(NamedTuple):
    """What a record states of one field, since or as of when."""

    stated: str | None
    key: str | None
    quality: str
    on: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a case, with what it states by field. `states`: a number; records with the same one state the same."""

    record_id: str
    platform: str
    side: Side
    states: int
    first_night: str
    last_night: str
    present: bool
    claims: Mapping[str, Stated]


class Ground(NamedTuple):
    """What one comparison says: its level, in words, and points (log2 odds)."""

    comparison: str
    level: str
    words: str
    points: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a case shows: its records, the two that are judged first on each side, and what speaks for and against.

    held: how many records either resident has.
    """

    records: Sequence[Record]
    held: tuple[int, int]
    grounds: Sequence[Ground]


def case_id(key: bytes, kind: Kind, left: str, right: str) -> str:
    """The name of a case: 24 hexadecimal characters.

    >>> case_id(b"k", "near_tie", "a", "b") == case_id(b"k", "near_tie", "b", "a")
    True
    """
    low, high = sorted((left, right))
    return hmac.digest(key, f"case\x1f{kind}\x1f{low}\x1f{high}".encode(), "sha256").hex()[:24]


def fingerprint(key: bytes, identities: Mapping[str, Sequence[str | None]]) -> str:
    """A keyed digest of the identity values of some records: another value gives another digest.

    >>> fingerprint(b"k", {"a": ["王伟", None]}) == fingerprint(b"k", {"a": ["王炜", None]})
    False
    """
    told = "\x1e".join(
        "\x1f".join([record, *(value or "" for value in identities[record])]) for record in sorted(identities)
    )
    return hmac.digest(key, f"seen\x1f{told}".encode(), "sha256").hex()[:24]


def find_cases(
    con: duckdb.DuckDBPyConnection, key: bytes, said: Iterable[Verdict], model: Model
) -> list[tuple[Case, Sheet]]:
    """Every case of a snapshot with what it shows, the most pressing first.

    Args:
        said: the standing verdicts; those whose records have changed since come back as cases.
        model: what pairs are scored by that never met.
    """
    verdicts = [one for one in said if one.verdict != "unsure"]
    asked = _asked(con) + _stale(con, key, verdicts, model)
    asked += _changed(con, [*asked, *verdicts], model)
    _make_sitting(con, key, asked)
    sheets, weights = _sheets(con, {_id(key, one): one for one in asked}), _weights(con)
    seen = fingerprints(con, key, [(one.left, one.right) for one in asked])
    residents, areas = _residents(con), _areas(con)
    found = [
        (
            Case(
                _id(key, one),
                one.kind,
                one.left,
                one.right,
                (residents[one.left], residents[one.right]),
                one.reason,
                one.points,
                one.probability,
                seen[one.left, one.right],
                *weights[_id(key, one)],
                one.judged,
                tuple(sorted(areas.get(residents[one.left], set()) | areas.get(residents[one.right], set()))),
            ),
            sheets[_id(key, one)],
        )
        for one in asked
    ]
    return sorted(found, key=lambda pair: (-pair[0].priority, pair[0].id))


class _Asked(NamedTuple):
    kind: Kind
    left: str
    right: str
    reason: str
    points: float
    probability: float
    grounds: Sequence[Ground]
    judged: int = 0


def _id(key: bytes, asked: _Asked) -> str:
    return case_id(key, asked.kind, asked.left, asked.right)


def _asked(con: duckdb.DuckDBPyConnection) -> list[_Asked]:
    """What matching leaves to a person."""
    if not _matched(con):
        return []
    rows = con.execute(select("asked"), {"kept_apart": REFUSED_ZH["verdict_different"]})
    names = [column[0] for column in rows.description or ()]
    return [_of_matching(dict(zip(names, row, strict=True))) for row in rows.fetchall()]


def _matched(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was ever matched."""
    return bool(
        con.execute("select 1 from information_schema.tables where table_name = 'pattern'").fetchall()
    )


def _of_matching(row: Mapping[str, Any]) -> _Asked:
    comparisons = [name.removesuffix("_points") for name in row if name.endswith("_points")]
    levels = [(name, row[name], row[f"{name}_points"]) for name in comparisons if row[name] != "missing"]
    return _Asked(
        _kind(row["kind"], row["asked_because"]),
        row["left"],
        row["right"],
        row["asked_because"],
        row["points"],
        row["probability"],
        _grounds(row["reason"], levels),
    )


def _kind(kind: str, reason: str) -> Kind:
    if kind == "refused_join":
        return "near_tie" if reason == REFUSED_ZH["near_tie"] else "refused_join"
    return "one_id_two_people" if kind == "one_id_two_people" else "possible_match"


def _grounds(reason: str, levels: Sequence[tuple[str, str, float]]) -> list[Ground]:
    """Levels and points beside the words that the model had for them."""
    said = in_parts(reason)
    return [
        Ground(name, level, words, points)
        for (name, level, points), (words, _) in zip(levels, said, strict=True)
    ]


def _stale(
    con: duckdb.DuckDBPyConnection, key: bytes, verdicts: Sequence[Verdict], model: Model
) -> list[_Asked]:
    """Standing verdicts on records that no longer state what was seen."""
    now = fingerprints(con, key, [(one.left, one.right) for one in verdicts])
    return [
        _scored("stale_verdict", told, "", one.seq)
        for one in verdicts
        if now.get((one.left, one.right), one.seen) != one.seen
        and (told := _why(con, one.left, one.right, model)) is not None
    ]


def _changed(
    con: duckdb.DuckDBPyConnection, already: Sequence[_Asked | Verdict], model: Model
) -> list[_Asked]:
    """Records that matching let go of because a new phone was entered there; not those that `already` speaks of."""
    if not _matched(con):
        return []
    columns = {"left": [one.left for one in already], "right": [one.right for one in already]}
    rows = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    with given(con, "already", rows):
        found = con.execute(select("changed"), {"nights": _LATELY}).fetchall()
    return [
        _scored(
            "changed_contact", told, say("changed_contact", "zh", platform=platform, until=until)
        )  # the model's reasons are Chinese, too
        for left, right, until, platform in found
        if (told := _why(con, left, right, model)) is not None
    ]


def _scored(kind: Kind, told: Why, reason: str, judged: int = 0) -> _Asked:
    """A question about two records of which matching asks nothing today, with what it says of them."""
    grounds = [Ground("", "", words, points) for words, points in in_parts(told.reason)]
    return _Asked(kind, told.left, told.right, reason, told.points, told.probability, grounds, judged)


def _why(con: duckdb.DuckDBPyConnection, left: str, right: str, model: Model) -> Why | None:
    try:
        return why(con, left, right, model)
    except UnknownId:  # a record that is no more: nothing is left to judge
        return None


def _make_sitting(con: duckdb.DuckDBPyConnection, key: bytes, asked: Sequence[_Asked]) -> None:
    """Leave `sitting`: of each case the two residents, by the records that are judged."""
    rows = pa.table(
        {
            "case_id": pa.array([_id(key, one) for one in asked], pa.string()),
            "left": pa.array([one.left for one in asked], pa.string()),
            "right": pa.array([one.right for one in asked], pa.string()),
        }
    )
    with given(con, "asked", rows):
        con.execute(
            """
            create or replace temp table sitting as
            select
                a.case_id, one.side, one.record_id, r.resident_id,
                one.side = 'right' and r.resident_id = l.resident_id as alone,
                case when one.side = 'left' then a."right" end as leave_out
            from asked as a
            cross join lateral (values ('left', a."left"), ('right', a."right")) as one (side, record_id)
            join resolved.record as r on r.record_id = one.record_id
            join resolved.record as l on l.record_id = a."left"
            """
        )


def _sheets(con: duckdb.DuckDBPyConnection, asked: Mapping[str, _Asked]) -> dict[str, Sheet]:
    con.execute("create or replace temp table looked_at as " + select("looked_at"), {"most": MOST_SHOWN - 1})
    claims: dict[str, dict[str, Stated]] = {}
    for record, field, stated, value, quality, on in con.execute(
        select("stated"), {"fields": list(FIELDS)}
    ).fetchall():
        claims.setdefault(record, {})[field] = Stated(stated, value, quality, str(on))
    shown: dict[str, list[Record]] = {case: [] for case in asked}
    held: dict[str, dict[Side, int]] = {case: {"left": 0, "right": 0} for case in asked}
    for case, side, record, platform, node, of_side, first, last, present in con.execute(
        "select case_id, side, record_id, platform, node, of_side, first_night, last_night, present from looked_at"
    ).fetchall():
        held[case][side] = of_side
        shown[case].append(
            Record(record, platform, side, node, str(first), str(last), bool(present), claims.get(record, {}))
        )
    return {
        case: Sheet(_at_most(shown[case]), (held[case]["left"], held[case]["right"]), one.grounds)
        for case, one in asked.items()
    }


def _at_most(records: Sequence[Record]) -> list[Record]:
    """As many of either side as find room, the judged ones first; what one side does not need the other gets."""
    left = [one for one in records if one.side == "left"]
    right = [one for one in records if one.side == "right"]
    room = max(MOST_SHOWN // 2, MOST_SHOWN - len(right))
    left = left[:room]
    return left + right[: MOST_SHOWN - len(left)]


def _weights(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    rows = con.execute(select("weight")).fetchall()
    return {case: (int(stakes), int(cells), tuple(platforms)) for case, stakes, platforms, cells in rows}


def _residents(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(con.execute("select distinct record_id, resident_id from sitting").fetchall())


def _areas(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The community and the grid of each resident whom a case is about, where they are known."""
    query = "select distinct resident_id, community, grid from golden.resident semi join sitting using (resident_id)"
    return {resident: {*known} - {None} for resident, *known in con.execute(query).fetchall()}


def fingerprints(
    con: duckdb.DuckDBPyConnection, key: bytes, pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Of each pair whose records both are there, the fingerprint of what they state now."""
    wanted = pa.table(
        {"record_id": pa.array(sorted({record for pair in pairs for record in pair}), pa.string())}
    )
    with given(con, "wanted", wanted):
        rows = con.execute(
            f"select record_id, {', '.join(_IDENTITY)} from staged.person semi join wanted using (record_id)"
        ).fetchall()
    stated = {row[0]: row[1:] for row in rows}
    return {
        pair: fingerprint(key, {record: stated[record] for record in pair})
        for pair in pairs
        if all(record in stated for record in pair)
    }
