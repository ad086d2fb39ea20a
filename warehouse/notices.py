"""Telling a platform that two of its records are one person, or, of two it was told so, that they are two after all.

Belongs here: which notices there are to give, a person's word on each, and that it was told: lines of the ledger.
Lives elsewhere: who is who (`dedup`), which platforms take notices (`[receive.notices]` of their files), the file
(`connectors/write/notice.py`), the commands (`pipelines/noticing.py`).

No notice goes without a person's word on these very two records; it is told once.

    notice_approved, notice_declined   a person's word on a pair
    notice_told                        it stands in the file of that night; the file is written after the line
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

import duckdb

from warehouse.approvals import Said, Word
from warehouse.ledger import Ledger, Line
from warehouse.store import select

Kind = Literal["merged", "split"]
_WORDS: dict[str, Word] = {"notice_approved": "approved", "notice_declined": "declined"}
_TOLD = "notice_told"


@dataclass(frozen=True, slots=True)
class Notice:
    """Two records of one platform. `kept`: the one that was there first; the platform may keep the other."""

    platform: str
    kind: Kind
    kept: str
    other: str
    kept_key: str
    other_key: str
    word: Word | None = None  # what a person said of it since it was last told


@dataclass(frozen=True, slots=True)
class Given:
    """A notice that was told: on which night, and on whose word. because: empty once it was erased."""

    night: date
    notice: Notice
    by: str
    because: str


class NoticesFacts(Protocol):
    """What has to be known of how a platform takes notices."""

    @property
    def split(self) -> str: ...


class ReceiveFacts(Protocol):
    """What has to be known of what a platform receives."""

    @property
    def notices(self) -> NoticesFacts | None: ...


class Taker(Protocol):
    """A platform as far as notices go; `connectors.platform.Platform` is one."""

    @property
    def slug(self) -> str: ...
    @property
    def receive(self) -> ReceiveFacts: ...


def open_notices(con: duckdb.DuckDBPyConnection, ledger: Ledger, takers: Iterable[Taker]) -> list[Notice]:
    """The notices that these platforms take and have not been given."""
    facts = {one.slug: one.receive.notices for one in takers if one.receive.notices is not None}
    platforms = list(facts)
    last = _last_told(ledger)
    rows = con.execute(select("outbox.doubled"), {"platforms": sorted(platforms)}).fetchall()
    merged = [
        Notice(platform, "merged", *pair)
        for platform, *pair in rows
        if last.get((platform, frozenset(pair[:2])), ("split", 0))[0] == "split"
    ]
    split = list(_fallen_apart(con, ledger, last, [slug for slug, one in facts.items() if one.split]))
    words = _words(ledger, last)
    return [
        replace(one, word=words.get((one.platform, one.kind, frozenset((one.kept, one.other)))))
        for one in (*merged, *split)
    ]


def say_of_notice(ledger: Ledger, word: Word, notice: Notice, said: Said) -> int:
    """Note a person's word on a notice; the number of the line."""
    return ledger.append(f"notice_{word}", _body(notice) | dict(said.body(ledger)))


def note_told(ledger: Ledger, night: date, notices: Iterable[Notice]) -> None:
    """Note that these notices stand in the night's file, before it is written."""
    for one in notices:
        keys = {"kept_key": ledger.remember(one.kept_key), "other_key": ledger.remember(one.other_key)}
        ledger.append(_TOLD, _body(one) | keys | {"night": night.isoformat()})


def told_on(ledger: Ledger, night: date) -> list[Notice]:
    """The notices of a night, as they were told: a night that was killed still owes its file."""
    lines = ledger.lines(_TOLD)
    return [_of(ledger, line) for line in lines if line.body["night"] == night.isoformat()]


def given_about(ledger: Ledger, records: Collection[str]) -> list[Given]:
    """Every notice that was told of one of these records, oldest first."""
    words: dict[tuple[str, str, frozenset[str]], Line] = {}
    found: list[Given] = []
    for line in ledger.lines(*_WORDS, _TOLD):
        pair = frozenset((line.body["kept"], line.body["other"]))
        notice = (line.body["platform"], line.body["kind"], pair)
        if line.kind != _TOLD:
            words[notice] = line
        elif not pair.isdisjoint(records):
            said = words[notice].body
            because = ledger.recall(said["because"]) or ""
            night = date.fromisoformat(line.body["night"])
            found.append(Given(night, _of(ledger, line), said["by"], because))
    return found


Pair = tuple[str, frozenset[str]]  # platform, its two records


def _last_told(ledger: Ledger) -> dict[Pair, tuple[Kind, int]]:
    """Of every pair that was told: what it was told last, and in which line."""
    return {
        (line.body["platform"], frozenset((line.body["kept"], line.body["other"]))): (
            "merged" if line.body["kind"] == "merged" else "split",
            line.seq,
        )
        for line in ledger.lines(_TOLD)
    }


def _words(ledger: Ledger, last: dict[Pair, tuple[Kind, int]]) -> dict[tuple[str, str, frozenset[str]], Word]:
    """The last word on each notice. One that was said before the pair was last told has been used."""
    found: dict[tuple[str, str, frozenset[str]], Word] = {}
    for line in ledger.lines(*_WORDS):
        pair = (line.body["platform"], frozenset((line.body["kept"], line.body["other"])))
        if line.seq > last.get(pair, ("merged", 0))[1]:
            found[pair[0], line.body["kind"], pair[1]] = _WORDS[line.kind]
    return found


def _fallen_apart(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    last: dict[Pair, tuple[Kind, int]],
    platforms: Collection[str],
) -> Iterable[Notice]:
    """Pairs that a platform was told are one, and that are two residents today."""
    one_person = {seq for kind, seq in last.values() if kind == "merged"}
    lines = [
        line for line in ledger.lines(_TOLD) if line.seq in one_person and line.body["platform"] in platforms
    ]
    rows = con.execute(
        "select record_id, resident_id from resolved.record where list_contains($records, record_id)",
        {"records": [line.body[side] for line in lines for side in ("kept", "other")]},
    ).fetchall()
    whose = dict(rows)
    for line in lines:
        residents = [whose.get(line.body[side]) for side in ("kept", "other")]
        if None not in residents and residents[0] != residents[1]:
            yield replace(_of(ledger, line), kind="split")


def _of(ledger: Ledger, line: Line) -> Notice:
    """A notice as it was told."""
    body = line.body
    kept_key, other_key = (ledger.recall(body[key]) or "" for key in ("kept_key", "other_key"))
    return Notice(body["platform"], body["kind"], body["kept"], body["other"], kept_key, other_key)


def _body(one: Notice) -> dict[str, str]:
    return {"platform": one.platform, "kind": one.kind, "kept": one.kept, "other": one.other}
